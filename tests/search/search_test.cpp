#include "autoprune/search/search.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

/// All that a search is made of; the defaults make a short one.
struct Setup {
  nn::Network network = test::trained();
  OuSelection selection = OuSelection::best;
  hardware::WeightCode mapping;
  Constraints constraints = test::target(3.0);
  Metric metric = Metric::top1;
  double alpha = 1.0;
  Index threads = 1;
  SearchConfig search;

  Setup() {
    search.episodes = 12;
    search.candidates = 10;
    search.imitation_steps = 12;
    search.anchor_steps = 3;
    search.agent.shape.hidden = {24, 16};
    search.agent.batch = 8;
    search.seed = 5;
  }
};

/// A search with what it stands on.
struct SmallRun {
  explicit SmallRun(const Setup& s)
      : pool(s.threads),
        environment(s.network, test::small_compressor(s.selection, s.mapping),
                    test::environment_images(pool), s.constraints, pool, s.metric,
                    CompressionReward{s.alpha}),
        search(environment, s.search) {}

  void run() {
    while (!search.done()) search.run_episode();
  }

  ThreadPool pool;
  PruningEnvironment<> environment;
  Search<> search;
};

/// A user's own: walks up and down between two policies. Told is the sum of rewards.
struct Pendulum {
  std::size_t layers;
  double reward = 0.0;
  Index asked = 0;

  std::vector<Proposal> ask(Index n) {
    std::vector<Proposal> all;
    for (; std::ssize(all) < n && asked < 7; ++asked)
      all.push_back({.policy = Policy(layers, asked % 2 == 0 ? 0.2 : 0.4)});
    return all;
  }
  void tell(std::span<const Outcome> outcomes) {
    for (const Outcome& o : outcomes) reward += o.reward;
  }
  void describe(auto& archive) {
    archive("reward", reward);
    visit_integer(archive, "asked", asked, 7);
  }
};

/// The bytes of a search after each of its episodes, before the first included.
std::vector<std::string> saves_of(const Setup& setup) {
  SmallRun run(setup);
  std::vector<std::string> saves = {run.search.save()};
  while (!run.search.done()) {
    run.search.run_episode();
    saves.push_back(run.search.save());
  }
  return saves;
}

ErrorId id_of_restore(const Setup& setup, const std::string& bytes) {
  SmallRun run(setup);
  return error_of([&] { run.search.restore(bytes); });
}

}  // namespace

TEST_CASE("a search that is stopped after any episode ends in the same bits, by any searcher") {
  for (const std::string& searcher : searcher_names())
    for (const bool other_start : {false, true})
      for (const Index batch : {1, 3}) {
        Setup setup;
        setup.search.searcher = searcher;
        setup.search.batch = batch;
        if (other_start && searcher != "guided" && searcher != "ddpg") continue;
        if (other_start) setup.search.warm_start = searcher == "ddpg";
        INFO(searcher << ", batches of " << batch << (other_start ? ", the other start" : ""));
        const std::vector<std::string> saves = saves_of(setup);
        REQUIRE(saves.size() == 13);
        for (const std::string& save : saves) {
          SmallRun resumed(setup);
          resumed.search.restore(save);
          REQUIRE(resumed.search.save() == save);
          resumed.run();
          REQUIRE(resumed.search.save() == saves.back());
        }
      }
}

TEST_CASE("a user's own searcher is driven, saved and resumed as all others are") {
  const Setup setup;
  SmallRun stage(setup);
  const auto search = [&](Index batch) {
    return Search(stage.environment, {.episodes = 12, .batch = batch},
                  AnySearcher("pendulum", Pendulum{4}));
  };
  for (const Index batch : {1, 3, 20}) {
    auto whole = search(batch), half = search(batch);
    REQUIRE(half.kind(half.run_episode()) == "pendulum");
    auto resumed = search(batch);
    resumed.restore(half.save());
    for (auto* run : {&whole, &resumed})
      while (!run->done()) run->run_episode();
    REQUIRE(whole.episodes().size() == 7);  // it has no more to propose
    REQUIRE(whole.save() == resumed.save());
    REQUIRE(error_of([&] { whole.run_episode(); }) == ErrorId::wrong_order);
    double rewards = 0.0;
    for (const Episode& e : whole.episodes()) rewards += e.outcome.reward;
    const std::string saved = whole.save();
    REQUIRE(saved.find(std::string(reinterpret_cast<const char*>(&rewards), 8)) != saved.npos);
  }
}

TEST_CASE("what is measured at once is told at once, and decides nothing else") {
  Setup setup;
  setup.search.searcher =
      "evolution";  // a generation's points are the same, however they are asked
  setup.search.episodes = 40;
  SmallRun one(setup);
  setup.search.batch = 5;
  SmallRun five(setup);
  one.run();
  five.run();
  for (std::size_t i = 0; i < 40; ++i)
    REQUIRE(one.search.episodes()[i].outcome.policy == five.search.episodes()[i].outcome.policy);
}

TEST_CASE("a searcher that nobody knows is refused, and the known ones are named") {
  Setup setup;
  setup.search.searcher = "lampp";
  REQUIRE(error_of([&] { SmallRun run(setup); }) == ErrorId::unknown_name);
  REQUIRE_THROWS_WITH(SmallRun(setup), Catch::Contains("'lamp'") && Catch::Contains("evolution"));
}

TEST_CASE("a probe is measured outside of the constraints, and is no answer") {
  Setup setup;
  setup.search.searcher = "greedy";
  setup.constraints.bounds = std::vector<Bounds>(4, {0.3, 0.6});
  SmallRun run(setup);
  run.search.run_episode();
  REQUIRE(run.search.best() == 0);
  REQUIRE(error_of([&] { (void)run.search.best_outcome(); }) == ErrorId::wrong_order);
  run.run();
  for (const Episode& e : run.search.episodes()) {
    const bool probe = e.origin == Origin::probe;
    REQUIRE((e.outcome.policy[3] == 1.0) == (probe && e.outcome.policy != Policy{1, 1, 1, 0.5}));
    REQUIRE((run.search.kind(e) == "greedy") == !probe);
  }
  REQUIRE(run.search.best_outcome().crossbars.compression_pooled() >= 3.0);
}

TEST_CASE("a search ends in the same bits on one thread and on two, and in others by its seed") {
  Setup setup;
  const std::string one = saves_of(setup).back();
  setup.threads = 2;
  REQUIRE(saves_of(setup).back() == one);
  setup.search.seed = 6;
  REQUIRE(saves_of(setup).back() != one);
}

TEST_CASE("a checkpoint of another search is refused") {
  const Setup setup;
  SmallRun run(setup);
  run.search.run_episode();
  const std::string save = run.search.save();
  const std::vector<std::pair<std::string, std::function<void(Setup&)>>> others = {
      {"seed", [](Setup& s) { s.search.seed = 6; }},
      {"a weight", [](Setup& s) { s.network.parameters().front().tensor->data()[0] += 0.01F; }},
      {"target", [](Setup& s) { s.constraints.target_compression = 3.1; }},
      {"drop", [](Setup& s) { s.constraints.max_accuracy_drop = 1.0; }},
      {"counting", [](Setup& s) { s.constraints.counting = Counting::per_layer; }},
      {"bounds",
       [](Setup& s) {
         s.constraints.bounds = std::vector<Bounds>(4, {0.1, 1.0});
       }},
      {"selection", [](Setup& s) { s.selection = OuSelection::part_filled; }},
      {"mapping", [](Setup& s) { s.mapping.weight_bits = 4; }},
      {"alpha", [](Setup& s) { s.alpha = 0.5; }},
      {"metric", [](Setup& s) { s.metric = Metric::top5; }},
      {"searcher", [](Setup& s) { s.search.searcher = "random"; }},
      {"batch", [](Setup& s) { s.search.batch = 2; }},
      {"warm start", [](Setup& s) { s.search.warm_start = false; }},
      {"step", [](Setup& s) { s.search.warm_step = 0.1; }},
      {"candidates", [](Setup& s) { s.search.candidates = 9; }},
      {"anchor", [](Setup& s) { s.search.anchor_steps = 4; }},
      {"critic", [](Setup& s) { s.search.critic_episodes = 7; }},
      {"hidden units",
       [](Setup& s) {
         s.search.agent.shape.hidden = {24, 17};
       }},
      {"actor's rate", [](Setup& s) { s.search.agent.actor_rate = 2e-4; }},
      {"batch", [](Setup& s) { s.search.agent.batch = 9; }},
  };
  for (const auto& [what, change] : others) {
    Setup other;
    change(other);
    INFO(what);
    REQUIRE(id_of_restore(other, save) == ErrorId::checkpoint_mismatch);
  }
  REQUIRE(id_of_restore(setup, save) == ErrorId{});
}

TEST_CASE("more episodes may be asked of a search that was saved, but not fewer") {
  Setup setup;
  const std::string save = saves_of(setup).back();
  setup.search.episodes = 14;
  REQUIRE(id_of_restore(setup, save) == ErrorId{});
  setup.search.episodes = 11;
  REQUIRE(id_of_restore(setup, save) == ErrorId::checkpoint_mismatch);
  // What spreads its proposals over the budget can't have another.
  for (const std::string& searcher : searcher_names()) {
    setup.search.searcher = searcher;
    setup.search.episodes = 3;
    const std::string three = saves_of(setup).back();
    setup.search.episodes = 4;
    const bool free = searcher == "guided" || searcher == "random";
    REQUIRE((id_of_restore(setup, three) == ErrorId{}) == free);
  }
}

TEST_CASE("a damaged checkpoint is refused") {
  const Setup setup;
  SmallRun run(setup);
  for (int i = 0; i < 4; ++i) run.search.run_episode();
  const std::string save = run.search.save();
  SmallRun other(setup);
  for (std::size_t size = 0; size < save.size(); size += 1 + size / 16)
    REQUIRE(error_of([&] { other.search.restore(save.substr(0, size)); }) ==
            ErrorId::truncated_file);
  REQUIRE(error_of([&] { other.search.restore(save + "more"); }) == ErrorId::checkpoint_mismatch);
  REQUIRE(error_of([&] {
            other.search.restore("not a checkpoint, but long enough for its name");
          }) != ErrorId{});
  for (std::size_t i = 0; i < 400; ++i) {  // whatever happens, it isn't a crash
    std::string damaged = save;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    (void)error_of([&] { other.search.restore(damaged); });
  }
  other.search.restore(save);
  REQUIRE(other.search.save() == save);
}

TEST_CASE("a checkpoint of numbers that make no sense is refused") {
  const Setup setup;
  SmallRun run(setup);
  run.search.run_episode();
  const std::string save = run.search.save();
  // Another value in the place of the i-th of a name.
  const auto restore = [&](const std::string& name, auto value, std::size_t i = 0) {
    const std::uint64_t length = name.size();
    const std::string key = std::string(reinterpret_cast<const char*>(&length), 8) + name;
    const std::size_t at = save.find(key);
    REQUIRE(at != std::string::npos);
    std::string damaged = save;
    std::memcpy(damaged.data() + at + key.size() + 8 + i * sizeof value, &value, sizeof value);
    SmallRun other(setup);
    return error_of([&] { other.search.restore(damaged); });
  };
  for (const double wrong : {-1.0, 0.5, 1e300, -1e300, std::nan(""), 9223372036854775808.0}) {
    INFO(wrong);
    for (const std::size_t figure : {2, 3, 4, 5})  // feasible, crossbars
      CHECK(restore("figures", wrong, figure) == ErrorId::checkpoint_mismatch);
    if (wrong != 0.5) {
      CHECK(restore("policy", wrong) == ErrorId::checkpoint_mismatch);
      CHECK(restore("keep_ratios", wrong, 1) == ErrorId::checkpoint_mismatch);
    }
  }
  for (const std::uint64_t wrong : {std::uint64_t{5}, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    CHECK(restore("origin", wrong) == ErrorId::checkpoint_mismatch);
  CHECK(restore("figures", std::nan(""), 0) == ErrorId::checkpoint_mismatch);
  CHECK(restore("figures", HUGE_VAL, 1) == ErrorId::checkpoint_mismatch);
  for (const std::uint64_t wrong : {std::uint64_t{2}, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    CHECK(restore("imitated", wrong) == ErrorId::checkpoint_mismatch);
  for (const std::string name : {"actor_adam.steps", "replay.pushed", "updates"})
    CHECK(restore(name, ~std::uint64_t{0}) == ErrorId::checkpoint_mismatch);
}

TEST_CASE("a search begins with the heuristic policies, and its best is no worse") {
  Setup setup;
  setup.search.episodes = 20;
  for (const bool with_target : {true, false}) {
    if (!with_target) setup.constraints.target_compression.reset();
    SmallRun run(setup);
    run.run();
    PruningEnvironment<>& environment = run.environment;
    const std::vector<Episode>& episodes = run.search.episodes();
    const std::vector<Proposal> start =
        warm_start(environment.landscape().rankings(), setup.constraints, setup.search.episodes);
    const double best = run.search.best_outcome().reward;
    for (std::size_t i = 0; i < start.size(); ++i) {
      const Outcome outcome =
          environment.evaluate(environment.landscape().allowed(start[i].policy));
      REQUIRE(episodes[i].origin == start[i].origin);
      REQUIRE(episodes[i].outcome.keep_ratios == outcome.keep_ratios);
      REQUIRE(best >= outcome.reward);
    }
    REQUIRE(episodes.size() == 20);
    for (std::size_t i = start.size(); i < episodes.size(); ++i)
      REQUIRE(episodes[i].origin == Origin::searcher);
    for (const Episode& episode : episodes) {
      REQUIRE(best >= episode.outcome.reward);
      if (with_target) REQUIRE(episode.outcome.crossbars.compression_pooled() >= 3.0);
    }
    REQUIRE(episodes[static_cast<std::size_t>(run.search.best())].outcome.reward == best);
  }
}

TEST_CASE("without a warm start the guided search begins with as many random policies") {
  Setup setup;
  setup.search.episodes = 8;
  SmallRun warm(setup);
  setup.search.warm_start = false;
  SmallRun cold(setup);
  warm.run();
  cold.run();
  for (std::size_t i = 0; i < 8; ++i) {
    const Origin from = warm.search.episodes()[i].origin;
    REQUIRE(cold.search.episodes()[i].origin ==
            (from == Origin::searcher ? Origin::searcher : Origin::explore));
  }
}

TEST_CASE("without a warm start the agent of ddpg begins with random policies") {
  Setup setup;
  setup.constraints = {};
  setup.search.searcher = "ddpg";
  setup.search.least_keep = 0.0;  // an action is a keep ratio
  setup.search.random_share = 8.0 / 12.0;
  SmallRun run(setup);
  run.run();
  double mean = 0.0;
  for (std::size_t i = 0; i < 12; ++i) {
    const Episode& episode = run.search.episodes()[i];
    REQUIRE(episode.origin == (i < 8 ? Origin::explore : Origin::searcher));
    if (i < 8) mean += episode.outcome.keep_ratios[2] / 8.0;
  }
  REQUIRE(mean == Approx(0.5).margin(0.25));
}

TEST_CASE("frozen layers stay whole in every episode") {
  Setup setup;
  setup.constraints.bounds = std::vector<Bounds>(4);
  setup.constraints.bounds[3] = {1.0, 1.0};
  SmallRun run(setup);
  run.run();
  for (const Episode& episode : run.search.episodes())
    REQUIRE(episode.outcome.keep_ratios[3] == 1.0);
}

TEST_CASE("a search without a feasible policy says so") {
  Setup setup;
  setup.constraints = test::target(15.0);
  setup.constraints.max_accuracy_drop = 0.0;
  setup.search.episodes = 3;
  SmallRun run(setup);
  REQUIRE(error_of([&] { (void)run.search.best(); }) == ErrorId::wrong_order);
  run.run();
  REQUIRE(error_of([&] { (void)run.search.best_outcome(); }) == ErrorId::infeasible_constraint);
}

TEST_CASE("settings of a search that make no sense are refused") {
  const auto id = [](const std::function<void(SearchConfig&)>& change) {
    SearchConfig config;
    change(config);
    return error_of([&] { config.validate(); });
  };
  REQUIRE(id([](SearchConfig&) {}) == ErrorId{});
  REQUIRE(id([](SearchConfig& c) { c.episodes = 0; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.candidates = 0; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.batch = 0; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.updates = 0; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.random_share = 1.5; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.final_noise = 0.0; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.agent.noise = 2.0; }) == ErrorId::out_of_range);
  for (const Index wrong : {Index{-1}, Index{1'000'001}, std::numeric_limits<Index>::max()})
    for (Index SearchConfig::*count :
         {&SearchConfig::episodes, &SearchConfig::candidates, &SearchConfig::imitation_steps,
          &SearchConfig::critic_episodes, &SearchConfig::anchor_steps})
      REQUIRE(id([&](SearchConfig& c) { c.*count = wrong; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.least_keep = 1.0; }) == ErrorId::out_of_range);
  REQUIRE(id([](SearchConfig& c) { c.least_keep = std::nan(""); }) == ErrorId::out_of_range);
  for (const double wrong : {-1.0, 0.0, 1.5, std::nan("")}) {
    REQUIRE(id([&](SearchConfig& c) { c.warm_step = wrong; }) == ErrorId::out_of_range);
    REQUIRE(id([&](SearchConfig& c) { c.warm_share = wrong; }) == ErrorId::out_of_range);
  }
}
