#include "autoprune/search/auto_prune.hpp"

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
  mapping::MappingOptions mapping;
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
struct Search {
  explicit Search(const Setup& s)
      : pool(s.threads),
        environment(s.network, test::small_compressor(s.selection, s.mapping),
                    test::environment_images(pool), s.constraints, pool, s.metric,
                    CompressionReward{s.alpha}),
        pruner(environment, s.search) {}

  void run() {
    while (!pruner.done()) pruner.run_episode();
  }

  ThreadPool pool;
  PruningEnvironment<> environment;
  AutoPruner<> pruner;
};

/// The bytes of a search after each of its episodes, before the first included.
std::vector<std::string> saves_of(const Setup& setup) {
  Search search(setup);
  std::vector<std::string> saves = {search.pruner.save()};
  while (!search.pruner.done()) {
    search.pruner.run_episode();
    saves.push_back(search.pruner.save());
  }
  return saves;
}

ErrorId id_of_restore(const Setup& setup, const std::string& bytes) {
  Search search(setup);
  return error_of([&] { search.pruner.restore(bytes); });
}

}  // namespace

TEST_CASE("a search that is stopped after any episode ends in the same bits") {
  for (const bool warm : {true, false}) {
    Setup setup;
    setup.search.warm_start = warm;
    setup.search.agent.warmup_episodes = 3;
    const std::vector<std::string> saves = saves_of(setup);
    for (const std::string& save : saves) {
      Search resumed(setup);
      resumed.pruner.restore(save);
      REQUIRE(resumed.pruner.save() == save);
      resumed.run();
      REQUIRE(resumed.pruner.save() == saves.back());
    }
  }
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
  Search search(setup);
  search.pruner.run_episode();
  const std::string save = search.pruner.save();
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
}

TEST_CASE("a damaged checkpoint is refused") {
  const Setup setup;
  Search search(setup);
  for (int i = 0; i < 4; ++i) search.pruner.run_episode();
  const std::string save = search.pruner.save();
  Search other(setup);
  for (std::size_t size = 0; size < save.size(); size += 1 + size / 16)
    REQUIRE(error_of([&] { other.pruner.restore(save.substr(0, size)); }) ==
            ErrorId::truncated_file);
  REQUIRE(error_of([&] { other.pruner.restore(save + "more"); }) == ErrorId::checkpoint_mismatch);
  REQUIRE(error_of([&] {
            other.pruner.restore("not a checkpoint, but long enough for its name");
          }) != ErrorId{});
  for (std::size_t i = 0; i < 400; ++i) {  // whatever happens, it isn't a crash
    std::string damaged = save;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    (void)error_of([&] { other.pruner.restore(damaged); });
  }
  other.pruner.restore(save);
  REQUIRE(other.pruner.save() == save);
}

TEST_CASE("a checkpoint of numbers that make no sense is refused") {
  const Setup setup;
  Search search(setup);
  search.pruner.run_episode();
  const std::string save = search.pruner.save();
  // Another value in the place of the i-th of a name.
  const auto restore = [&](const std::string& name, auto value, std::size_t i = 0) {
    const std::uint64_t length = name.size();
    const std::string key = std::string(reinterpret_cast<const char*>(&length), 8) + name;
    const std::size_t at = save.find(key);
    REQUIRE(at != std::string::npos);
    std::string damaged = save;
    std::memcpy(damaged.data() + at + key.size() + 8 + i * sizeof value, &value, sizeof value);
    Search other(setup);
    return error_of([&] { other.pruner.restore(damaged); });
  };
  for (const double wrong : {-1.0, 0.5, 1e300, -1e300, std::nan(""), 9223372036854775808.0}) {
    INFO(wrong);
    for (const std::size_t figure : {0, 3, 4, 5, 6})  // origin, feasible, crossbars
      CHECK(restore("figures", wrong, figure) == ErrorId::checkpoint_mismatch);
    if (wrong != 0.5) {
      CHECK(restore("policy", wrong) == ErrorId::checkpoint_mismatch);
      CHECK(restore("keep_ratios", wrong, 1) == ErrorId::checkpoint_mismatch);
    }
  }
  CHECK(restore("figures", 4.0) == ErrorId::checkpoint_mismatch);
  CHECK(restore("figures", std::nan(""), 1) == ErrorId::checkpoint_mismatch);
  CHECK(restore("figures", HUGE_VAL, 2) == ErrorId::checkpoint_mismatch);
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
    Search search(setup);
    search.run();
    PruningEnvironment<>& environment = search.environment;
    const std::vector<Episode>& episodes = search.pruner.episodes();
    const std::vector<Proposal> start =
        warm_start(environment.rankings(), setup.constraints, setup.search.episodes);
    const double best = search.pruner.best_outcome().reward;
    for (std::size_t i = 0; i < start.size(); ++i) {
      const Outcome outcome = environment.evaluate(environment.allowed(start[i].policy));
      REQUIRE(episodes[i].origin == start[i].origin);
      REQUIRE(episodes[i].outcome.keep_ratios == outcome.keep_ratios);
      REQUIRE(best >= outcome.reward);
    }
    REQUIRE(episodes.size() == 20);
    for (std::size_t i = start.size(); i < episodes.size(); ++i)
      REQUIRE(episodes[i].origin == Origin::agent);
    for (const Episode& episode : episodes) {
      REQUIRE(best >= episode.outcome.reward);
      if (with_target) REQUIRE(episode.outcome.crossbars.compression_pooled() >= 3.0);
    }
    REQUIRE(episodes[static_cast<std::size_t>(search.pruner.best())].outcome.reward == best);
  }
}

TEST_CASE("without a warm start a search begins with random policies") {
  Setup setup;
  setup.constraints = {};
  setup.search.warm_start = false;
  setup.search.least_keep = 0.0;  // an action is a keep ratio
  setup.search.agent.warmup_episodes = 8;
  Search search(setup);
  search.run();
  double mean = 0.0;
  for (std::size_t i = 0; i < 12; ++i) {
    const Episode& episode = search.pruner.episodes()[i];
    REQUIRE(episode.origin == (i < 8 ? Origin::explore : Origin::agent));
    if (i < 8) mean += episode.outcome.keep_ratios[2] / 8.0;
  }
  REQUIRE(mean == Approx(0.5).margin(0.25));
}

TEST_CASE("frozen layers stay whole in every episode") {
  Setup setup;
  setup.constraints.bounds = std::vector<Bounds>(4);
  setup.constraints.bounds[3] = {1.0, 1.0};
  Search search(setup);
  search.run();
  for (const Episode& episode : search.pruner.episodes())
    REQUIRE(episode.outcome.keep_ratios[3] == 1.0);
}

TEST_CASE("a search without a feasible policy says so") {
  Setup setup;
  setup.constraints = test::target(15.0);
  setup.constraints.max_accuracy_drop = 0.0;
  setup.search.episodes = 3;
  Search search(setup);
  REQUIRE(error_of([&] { (void)search.pruner.best(); }) == ErrorId::wrong_order);
  search.run();
  REQUIRE(error_of([&] { (void)search.pruner.best_outcome(); }) == ErrorId::infeasible_constraint);
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
