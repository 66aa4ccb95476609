// Searches of more than keep ratios: plans and actions, beside searches of known answers.

#include "autoprune/search/action_space.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "autoprune/methods/registry.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

const std::vector<Geometry<>> kGeometries = {
    {128, 128, 32, 32, 1}, {64, 64, 16, 16, 1}, {16, 16, 8, 4, 1}};

std::vector<Index> range(Index from, Index to) {
  std::vector<Index> all(static_cast<std::size_t>(to - from + 1));
  std::iota(all.begin(), all.end(), from);
  return all;
}

/// Any variables, but one at least.
SearchSpace random_space(Random& random) {
  const auto heads = [&] { return random.below(2) == 0; };
  SearchSpace space;
  do {
    space.keep = heads();
    space.weight_bits = heads() ? range(1 + random.below(3), 4 + random.below(9)) : range(1, 0);
    space.input_bits = heads() ? range(2, 8) : range(1, 0);
    space.adc_bits = heads() ? std::vector<Index>{4, 6, 9} : range(1, 0);
    space.granularity = heads() ? std::vector<Index>{32, 8, 16} : range(1, 0);
    space.geometry = heads() ? kGeometries : std::vector<Geometry<>>{};
  } while (!space.keep && space.plans().size() == 1);
  return space;
}

/// A landscape of four layers: a top in bits, keep ratios and ADCs that is known, falling on all
/// sides.
struct Precision {
  SearchSpace space;
  std::vector<Ranking> ranked;
  Constraints limits;
  mutable Index measured = 0;
  struct States {
    [[nodiscard]] State at(Index k, double, double previous) const {
      State state{};
      state[0] = static_cast<float>(k) / 3.0F;
      state[11] = static_cast<float>(previous);
      return state;
    }
  } table;

  explicit Precision(SearchSpace of) : space(std::move(of)), ranked(4) {
    Random random(3);
    for (Ranking& layer : ranked) {
      layer.ous.resize(8, 5);
      for (float& score : layer.ous.reshaped()) score = static_cast<float>(random.uniform());
    }
    if (!space.keep) limits.bounds.assign(4, {0.25, 0.25});
  }

  Precision& landscape() { return *this; }
  [[nodiscard]] Index layers() const { return 4; }
  [[nodiscard]] const States& states() const { return table; }
  [[nodiscard]] const Constraints& constraints() const { return limits; }
  [[nodiscard]] std::span<const Ranking> rankings() const { return ranked; }
  [[nodiscard]] double dense_accuracy() const { return 90.0; }
  [[nodiscard]] Fingerprint fingerprint() const { return {}; }
  [[nodiscard]] double saved(Index, const LayerPlan& plan) const { return 1.0 - plan.keep; }
  [[nodiscard]] Policy allowed(const Policy& policy) const {
    return clamp_to_bounds(policy, limits);
  }
  [[nodiscard]] std::vector<double> realised(const Policy& p) const { return keep_ratios(p); }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    ++measured;
    Outcome out;
    out.policy = policy;
    out.keep_ratios = keep_ratios(policy);
    out.accuracy = 50.0;
    const Index bits[] = {7, 3, 5, 4}, adc[] = {6, 4, 4, 7};
    const double keep[] = {0.8, 0.1, 0.3, 0.05};
    for (std::size_t k = 0; k < 4; ++k) {
      const auto off = [](std::optional<Index> of, Index top) {
        return static_cast<double>(std::abs(of.value_or(top) - top));
      };
      out.reward -= 0.02 * off(policy[k].hardware.weight_bits, bits[k]);
      out.reward -= 0.02 * off(policy[k].hardware.adc_bits, adc[k]);
      if (space.keep) out.reward -= 0.1 * std::abs(std::log(policy[k].keep / keep[k]));
    }
    return out;
  }
};

SearchConfig config_of(const std::string& searcher, const SearchSpace& space, Index episodes,
                       std::uint64_t seed) {
  SearchConfig config{.searcher = searcher, .episodes = episodes, .space = space, .seed = seed};
  config.agent.shape.hidden = {24, 16};
  config.agent.batch = 8;
  config.candidates = 60;
  config.imitation_steps = 60;
  config.anchor_steps = 6;
  return config;
}

const std::vector<std::string> kOfAll = {"guided", "ddpg", "evolution", "nsga2", "random"};

}  // namespace

TEST_CASE("a plan comes back from its actions, and actions lie in the middle of a choice's part") {
  Random random(41);
  for (int trial = 0; trial < 200; ++trial) {
    const ActionSpace space(random_space(random), trial % 2 == 0 ? 0.01 : 0.0);
    std::vector<double> actions;
    for (Index v = 0; v < space.size(); ++v) actions.push_back(random.uniform());
    if (trial % 10 == 0) actions.back() = trial % 20 == 0 ? 0.0 : 1.0;
    const LayerPlan plan = space.plan_of(actions);
    const std::vector<double> back = space.actions_of(plan);
    REQUIRE(std::ssize(back) == space.size());
    for (std::size_t v = 0; v < back.size(); ++v) {
      const auto choices = static_cast<double>(space.choices()[v]);
      if (choices > 0.0) {
        REQUIRE(std::abs(back[v] - actions[v]) <= 0.5 / choices + 1e-12);
        REQUIRE(back[v] * choices - 0.5 == Approx(std::floor(back[v] * choices)).margin(1e-9));
      } else if (plan.keep > kLeastKeepRatio) {
        REQUIRE(back[v] == Approx(actions[v]).margin(1e-12));
      }
    }
    LayerPlan again = space.plan_of(back);
    REQUIRE(again.keep == Approx(plan.keep));
    again.keep = plan.keep;
    REQUIRE(again == plan);
  }
}

TEST_CASE("every choice has an equal part of [0, 1], and what isn't searched is left open") {
  const ActionSpace space({.keep = false, .weight_bits = range(2, 8)}, 0.01);
  std::vector<Index> drawn(9, 0);
  for (int i = 0; i < 7000; ++i) {
    const LayerPlan plan = space.plan_of(std::vector{(i + 0.5) / 7000.0});
    ++drawn[static_cast<std::size_t>(*plan.hardware.weight_bits)];
    REQUIRE(plan.keep == 1.0);
    REQUIRE(!plan.granularity);
    REQUIRE(plan.hardware == hardware::LayerHardware{.weight_bits = plan.hardware.weight_bits});
  }
  for (std::size_t bits = 2; bits <= 8; ++bits) REQUIRE(drawn[bits] == 1000);
}

TEST_CASE("a space holds every combination of its choices once") {
  const SearchSpace space{
      .weight_bits = range(2, 8), .granularity = {8, 16}, .geometry = kGeometries};
  const std::vector<LayerPlan> plans = space.plans();
  REQUIRE(plans.size() == 7 * 2 * 3);
  for (std::size_t i = 0; i < plans.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) REQUIRE(!(plans[i] == plans[j]));
}

TEST_CASE("every searcher of all variables finds better bits than chance does") {
  const SearchSpace mixed{.weight_bits = range(2, 8), .adc_bits = range(3, 8)};
  SearchSpace bits = mixed;
  bits.keep = false;
  for (const SearchSpace& space : {mixed, bits}) {
    constexpr int kSeeds = 4;
    std::map<std::string, double> best;
    for (const std::string& searcher : kOfAll)
      for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Precision precision(space);
        Search search(precision, config_of(searcher, space, 160, seed));
        while (!search.done()) search.run_episode();
        best[searcher] += search.best_outcome().reward / kSeeds;
        for (const Episode& episode : search.episodes())
          for (const LayerPlan& plan : episode.outcome.policy) {
            REQUIRE(plan.hardware.weight_bits.has_value());
            REQUIRE(plan.hardware.adc_bits.has_value());
            REQUIRE((*plan.hardware.weight_bits >= 2 && *plan.hardware.weight_bits <= 8));
            REQUIRE((*plan.hardware.adc_bits >= 3 && *plan.hardware.adc_bits <= 8));
            // What isn't searched never moves.
            REQUIRE(!plan.granularity);
            REQUIRE(!plan.hardware.input_bits);
            REQUIRE(!plan.hardware.geometry);
            REQUIRE((space.keep || plan.keep == 0.25));
          }
      }
    for (const std::string searcher : {"guided", "ddpg", "evolution"}) {
      INFO(searcher << ' ' << best[searcher] << ", at random " << best["random"]);
      REQUIRE(best[searcher] > best["random"] + (searcher == "ddpg" ? 0.0 : 0.02));
    }
  }
}

TEST_CASE("searches of all variables go on from a checkpoint to the same bits, also in a batch") {
  const SearchSpace space{
      .weight_bits = range(2, 8), .granularity = {8, 16}, .geometry = kGeometries};
  for (const std::string& searcher : kOfAll)
    for (const Index batch : {1, 3}) {
      INFO(searcher << ", " << batch << " at a time");
      SearchConfig config = config_of(searcher, space, 45, 2);
      config.batch = batch;
      Precision precision(space);
      Search whole(precision, config);
      while (!whole.done()) whole.run_episode();
      for (const std::size_t at : {std::size_t{5}, std::size_t{31}, std::size_t{40}}) {
        Search begun(precision, config), resumed(precision, config);
        while (begun.episodes().size() < at) begun.run_episode();
        resumed.restore(begun.save());
        while (!resumed.done()) resumed.run_episode();
        REQUIRE(resumed.save() == whole.save());
      }
      SearchConfig other = config;
      other.space.granularity = {8, 32};
      Search refuses(precision, other);
      REQUIRE(error_of([&] { refuses.restore(whole.save()); }) == ErrorId::checkpoint_mismatch);
    }
}

TEST_CASE("no policy is measured twice") {
  const SearchSpace space{.keep = false, .weight_bits = {4, 8}};
  for (const Index batch : {1, 5}) {
    Precision precision(space);
    SearchConfig config = config_of("random", space, 60, 1);
    config.batch = batch;
    Search search(precision, config);
    while (!search.done()) search.run_episode();
    std::vector<Policy> different;
    for (const Episode& e : search.episodes()) {
      if (std::find(different.begin(), different.end(), e.outcome.policy) == different.end())
        different.push_back(e.outcome.policy);
      REQUIRE(e.outcome.reward == precision.evaluate(e.outcome.policy).reward);
    }
    REQUIRE(precision.measured == 60 + std::ssize(different));
  }
  // The guided search looks for policies that are new, as long as there are some.
  Precision precision(space);
  Search search(precision, config_of("guided", space, 10, 1));
  while (!search.done()) search.run_episode();
  REQUIRE(precision.measured == 10);
}

TEST_CASE("the agent sees the actions that the layer before took beside the twelve features") {
  const SearchSpace space{.weight_bits = range(2, 8), .geometry = kGeometries};
  Precision precision(space);
  const LayerWalk walk(precision, config_of("ddpg", space, 10, 1));
  REQUIRE(walk.features() == 14);
  REQUIRE(walk.space().size() == 3);
  std::vector<std::vector<float>> seen;
  const Policy policy = walk.walk([&](const std::vector<float>& state) {
    seen.push_back(state);
    return std::vector{0.1F * static_cast<float>(seen.size()), 0.5F, 0.9F};
  });
  REQUIRE(policy.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) {
    REQUIRE(seen[k].size() == 14);
    REQUIRE(seen[k][0] == static_cast<float>(k) / 3.0F);
    REQUIRE(seen[k][11] == (k == 0 ? 1.0F : static_cast<float>(policy[k - 1].keep)));
    REQUIRE(seen[k][12] == (k == 0 ? 1.0F : 0.5F));
    REQUIRE(seen[k][13] == Approx(k == 0 ? 1.0 : 2.5 / 3.0));
    REQUIRE(policy[k].hardware.weight_bits == 5);
    REQUIRE(policy[k].hardware.geometry == kGeometries[2]);
  }
  const std::vector<float> way = walk.trajectory(policy);
  REQUIRE(way.size() == 5 * 14);
  for (std::size_t i = 0; i < 4 * 14; ++i) REQUIRE(way[i] == seen[i / 14][i % 14]);
  // Keep ratios alone: the twelve features of the slides.
  REQUIRE(LayerWalk(precision, SearchConfig{}).features() == 12);
}

TEST_CASE("a real search mixes bits, row groups and crossbars, and its best policy is legal") {
  ThreadPool pool(1);
  const SearchSpace space{.weight_bits = range(2, 8),
                          .granularity = {4, 8},
                          .geometry = {{16, 16, 8, 4, 1}, {32, 32, 8, 8, 2}}};
  const Compressor base = methods::make_method(
      "column-vectors", {test::trained(), test::SmallGeometry{}, {.granularity = 8}});
  for (const bool has_target : {false, true}) {
    PruningEnvironment<> environment(test::trained(), base, test::environment_images(pool),
                                     has_target ? test::target(4.0) : Constraints{}, pool);
    for (const std::string& searcher : kOfAll) {
      INFO(searcher);
      Search search(environment, config_of(searcher, space, 12, 1));
      while (!search.done()) search.run_episode();
      const Outcome& best = search.best_outcome();
      REQUIRE((!has_target || best.crossbars.compression_pooled() >= 4.0));
      REQUIRE_NOTHROW((void)base.with(best.policy));
      for (const LayerPlan& plan : best.policy) REQUIRE(plan.hardware.geometry.has_value());
    }
  }
}

TEST_CASE("a target that some choices leave out of reach makes a policy infeasible, no error") {
  ThreadPool pool(1);
  Constraints constraints = test::target(15.0);
  constraints.bounds.assign(4, {0.1, 1.0});
  const Compressor base = methods::make_method(
      "column-vectors", {test::trained(), test::SmallGeometry{}, {.granularity = 8}});
  PruningEnvironment<> environment(test::trained(), base, test::environment_images(pool),
                                   constraints, pool);
  const auto outcome = [&](Index bits) {
    const Policy policy(4, LayerPlan(0.5, {}, {.weight_bits = bits}));
    return environment.evaluate(environment.landscape().allowed(policy));
  };
  REQUIRE(outcome(2).feasible);
  REQUIRE(!outcome(16).feasible);
  REQUIRE(outcome(16).reward < 0.0);
  REQUIRE(error_of([&] { (void)environment.landscape().allowed(Policy(4, 0.5)); }) ==
          ErrorId::infeasible_constraint);
}

TEST_CASE("spaces that make no sense, and searchers of keep ratios alone, are refused") {
  const auto refused = [](SearchSpace space) { return error_of([&] { space.validate(); }); };
  REQUIRE(refused({.weight_bits = {0, 4}}) == ErrorId::out_of_range);
  REQUIRE(refused({.weight_bits = {17}}) == ErrorId::out_of_range);
  REQUIRE(refused({.adc_bits = {20}}) == ErrorId::out_of_range);
  REQUIRE(refused({.input_bits = {4, 4}}) == ErrorId::out_of_range);
  REQUIRE(refused({.granularity = {0}}) == ErrorId::out_of_range);
  REQUIRE(refused({.geometry = {{60, 64, 16, 16, 1}}}) == ErrorId::geometry_mismatch);
  REQUIRE(refused({.keep = false}) == ErrorId::out_of_range);
  const SearchSpace bits{.weight_bits = range(2, 8)};
  Precision precision(bits);
  for (const std::string& name : searcher_names()) {
    const bool all = std::find(kOfAll.begin(), kOfAll.end(), name) != kOfAll.end();
    const auto make = [&] { (void)make_searcher(name, precision, config_of(name, bits, 10, 1)); };
    if (all)
      REQUIRE_NOTHROW(make());
    else
      REQUIRE(error_of(make) == ErrorId::out_of_range);
  }
}
