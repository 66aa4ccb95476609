#include "autoprune/search/searchers.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

double best_reward(const std::vector<Outcome>& outcomes) {
  double best = -1.0;
  for (const Outcome& o : outcomes) best = std::max(best, o.reward);
  return best;
}

/// Stands in for an environment whose answers are known: no network, no constraints.
struct Toy {
  std::vector<Ranking> ranked;
  std::function<double(const Policy&)> value = {};   // accuracy
  std::function<double(const Policy&)> reward = {};  // the same where there is none
  std::function<double(Index layer, double keep)> saving = {};
  Constraints none = {};
  struct States {
    [[nodiscard]] State at(Index k, double, double) const { return {static_cast<float>(k)}; }
  } features = {};

  Toy& landscape() { return *this; }
  [[nodiscard]] const States& states() const { return features; }
  [[nodiscard]] std::vector<double> realised(const Policy& policy) const {
    return keep_ratios(policy);
  }
  [[nodiscard]] Fingerprint fingerprint() const { return {}; }
  [[nodiscard]] Index layers() const { return static_cast<Index>(ranked.size()); }
  [[nodiscard]] std::span<const Ranking> rankings() const { return ranked; }
  [[nodiscard]] const Constraints& constraints() const { return none; }
  [[nodiscard]] Policy allowed(const Policy& policy) const { return policy; }
  [[nodiscard]] double dense_accuracy() const { return value(Policy(ranked.size(), 1.0)); }
  [[nodiscard]] double saved(Index layer, const LayerPlan& plan) const {
    return saving(layer, plan.keep);
  }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    Outcome out;
    out.policy = policy;
    out.keep_ratios = keep_ratios(policy);
    out.accuracy = value(policy);
    out.reward = reward ? reward(policy) : out.accuracy;
    return out;
  }
};

/// Layers of random scores.
Toy random_toy(Random& random) {
  Toy toy{std::vector<Ranking>(4)};
  for (Ranking& layer : toy.ranked) {
    layer.ous.resize(8, 5);
    for (float& score : layer.ous.reshaped()) score = static_cast<float>(random.uniform());
  }
  return toy;
}

SearchConfig config_of(const std::string& searcher, Index budget, std::uint64_t seed) {
  SearchConfig config{.searcher = searcher, .episodes = budget, .seed = seed};
  config.agent.shape.hidden = {8};
  config.candidates = 20;
  config.imitation_steps = config.anchor_steps = config.updates = 2;
  return config;
}

/// What a searcher has measured.
std::vector<Outcome> outcomes_of(Environment auto& environment, const SearchConfig& config) {
  Search search(environment, config);
  std::vector<Outcome> outcomes;
  while (!search.done()) outcomes.push_back(search.run_episode().outcome);
  return outcomes;
}
std::vector<Outcome> search_toy(const std::string& searcher, Toy& toy, Index budget,
                                std::uint64_t seed) {
  return outcomes_of(toy, config_of(searcher, budget, seed));
}

}  // namespace

TEST_CASE("evolution's first generation lies around the best policy of its start") {
  constexpr Index kStart = 48;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed);
    Toy toy = random_toy(random);
    // Little pruning is best, where both ends of the keep ratios can't be mistaken.
    const Policy top = {0.9, 0.6, 0.4, random.uniform(0.4, 1.0)};
    const auto steps_between = [&](const Policy& a, const Policy& b) {
      std::vector<double> steps;  // in units of the whole range, 0.01 to 1
      for (std::size_t k = 0; k < a.size(); ++k)
        steps.push_back(std::abs(std::log(a[k].keep / b[k].keep)) / std::log(100.0));
      return steps;
    };
    toy.reward = [&](const Policy& policy) {
      const std::vector<double> off = steps_between(policy, top);
      return -std::accumulate(off.begin(), off.end(), 0.0);
    };
    toy.value = [&](const Policy& policy) { return -toy.reward(policy); };
    const auto outcomes = search_toy("evolution", toy, 200, seed);
    REQUIRE(std::any_of(outcomes.end() - 20, outcomes.end(),
                        [](const Outcome& o) { return o.reward > -0.1; }));
    const auto best =
        std::max_element(outcomes.begin(), outcomes.begin() + kStart,
                         [](const Outcome& a, const Outcome& b) { return a.reward < b.reward; });
    const std::size_t population = Evolution(keep_ratios(top), 0.1, 1).population();
    for (std::size_t i = kStart; i < kStart + population; ++i)
      for (const double step : steps_between(outcomes[i].policy, best->policy))
        REQUIRE(step < 4.0 * SearchConfig{}.step_sigma(4));
  }
}

TEST_CASE("greedy halves layers in the order of accuracy lost for every crossbar saved") {
  constexpr std::size_t kLayers = 3, kLevels = 6;
  Random random(5);
  // A layer's next halving costs more than its last: the order is that of all costs.
  std::vector<std::vector<double>> lost(kLayers, {0.0}), saved(kLayers, {0.0});
  std::vector<std::pair<double, std::size_t>> halvings;  // cost of a crossbar, layer
  for (std::size_t k = 0; k < kLayers; ++k)
    for (double cost = 0.0; lost[k].size() <= kLevels;) {
      cost += random.uniform(0.01, 1.0);
      const double crossbars = random.uniform(1.0, 20.0);
      lost[k].push_back(lost[k].back() + cost * crossbars);
      saved[k].push_back(saved[k].back() + crossbars);
      halvings.emplace_back(cost, k);
    }
  std::sort(halvings.begin(), halvings.end());
  const auto level = [&](double keep) {
    return std::min(kLevels, static_cast<std::size_t>(std::lround(-std::log2(keep))));
  };
  Toy toy{std::vector<Ranking>(kLayers)};
  toy.saving = [&](Index k, double keep) {
    return saved[static_cast<std::size_t>(k)][level(keep)];
  };
  toy.value = [&](const Policy& policy) {
    double left = 100.0;
    for (std::size_t k = 0; k < kLayers; ++k) left -= lost[k][level(policy[k].keep)];
    return left;
  };
  // Each layer at each level first, then the way: dense, the halvings, and eight steps of all.
  constexpr std::size_t kFirst = kLayers * kLevels, kWay = 1 + kFirst + 8;
  const auto outcomes = search_toy("greedy", toy, kFirst + kWay, 1);
  REQUIRE(outcomes.size() == kFirst + kWay);
  Policy policy(kLayers, 1.0);
  for (std::size_t i = 0; i <= halvings.size(); ++i) {
    REQUIRE(outcomes[kFirst + i].policy == policy);
    if (i < halvings.size()) policy[halvings[i].second].keep /= 2.0;
  }
}

TEST_CASE("greedy spends half of its budget on single layers, and the rest evenly on the way") {
  Toy toy{std::vector<Ranking>(3)};
  toy.saving = [](Index, double keep) { return 1.0 - keep; };
  toy.value = [](const Policy& policy) {
    return 30.0 * policy[0].keep + 20.0 * policy[1].keep + 10.0 * policy[2].keep;
  };
  // Two levels of three layers; a way of the dense policy, six halvings and eight steps of all.
  const std::vector<Policy> way = {{1, 1, 1},         {1, 1, 0.5},     {1, 1, 0.25},
                                   {1, 0.5, 0.25},    {1, 0.25, 0.25}, {0.5, 0.25, 0.25},
                                   {0.25, 0.25, 0.25}};
  const auto outcomes = search_toy("greedy", toy, 12, 1);
  REQUIRE(outcomes.size() == 12);
  for (std::size_t i = 0; i < 6; ++i) REQUIRE(outcomes[i].policy[i % 3] == (i < 3 ? 0.5 : 0.25));
  for (std::size_t i = 0; i < 6; ++i) {
    const std::size_t step = i * 14 / 5;
    if (step < way.size())
      REQUIRE(outcomes[6 + i].policy == way[step]);
    else
      REQUIRE(outcomes[6 + i].policy[2].keep ==
              Approx(0.25 * std::pow(0.5, static_cast<double>(step - 6) / 2.0)));
  }
}

TEST_CASE("greedy takes a layer that seems to gain from pruning for one that loses nothing") {
  const std::vector<std::vector<double>> lost = {{0, 5, -1, 6, 16, 26, 36},
                                                 {0, 5.5, 11, 21, 31, 41, 51}};
  const auto level = [](double keep) {
    return std::min<std::size_t>(6, static_cast<std::size_t>(std::lround(-std::log2(keep))));
  };
  Toy toy{std::vector<Ranking>(2)};
  toy.saving = [&](Index, double keep) { return 10.0 * static_cast<double>(level(keep)); };
  toy.value = [&](const Policy& policy) {
    return 100.0 - lost[0][level(policy[0].keep)] - lost[1][level(policy[1].keep)];
  };
  const auto outcomes = search_toy("greedy", toy, 12 + 1 + 12 + 8, 1);
  // From 5 to 6 points the third halving costs one, not seven: it comes before the other layer's.
  REQUIRE(outcomes[12 + 3].policy == Policy{0.125, 1.0});
  REQUIRE(outcomes[12 + 4].policy == Policy{0.125, 0.5});
}

TEST_CASE("every searcher keeps to its budget, meets the target, and repeats itself by its seed") {
  ThreadPool pool(1);
  for (const bool has_target : {false, true}) {
    const Constraints constraints = has_target ? test::target(3.0) : Constraints{};
    PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                     test::environment_images(pool), constraints, pool);
    for (const std::string& name : searcher_names())
      for (const Index budget : {1, 9}) {
        INFO(name << ", budget " << budget);
        const SearchConfig config = config_of(name, budget, 3);
        Search search(environment, config);
        while (!search.done()) search.run_episode();
        REQUIRE(std::ssize(search.episodes()) == budget);
        for (const Episode& e : search.episodes())
          if (has_target && e.origin != Origin::probe)
            REQUIRE(e.outcome.crossbars.compression_pooled() >= 3.0);
        const auto again = outcomes_of(environment, config);
        for (std::size_t i = 0; i < again.size(); ++i)
          REQUIRE(search.episodes()[i].outcome.policy == again[i].policy);
      }
  }
}

TEST_CASE(
    "a searcher that is asked for n policies never gives more, and some until its budget ends") {
  Random random(6);
  Toy toy = random_toy(random);
  toy.value = [](const Policy& policy) { return 100.0 * policy.front().keep; };
  toy.saving = [](Index, double keep) { return 1.0 - keep; };
  for (const std::string& name : searcher_names())
    for (const Index n : {1, 3, 8}) {
      INFO(name << ", " << n << " at once");
      AnySearcher searcher = make_searcher(name, toy, config_of(name, 20, 1));
      for (Index told = 0; told < 20;) {
        const std::vector<Proposal> asked = searcher.ask(std::min(n, 20 - told));
        REQUIRE(!asked.empty());
        REQUIRE(std::ssize(asked) <= std::min(n, 20 - told));
        std::vector<Outcome> outcomes;
        for (const Proposal& proposal : asked) {
          REQUIRE(proposal.policy.size() == 4);
          outcomes.push_back(toy.evaluate(proposal.policy));
        }
        searcher.tell(outcomes);
        told += std::ssize(outcomes);
      }
      const bool ends = name == "uniform" || name == "lamp" || name == "greedy";
      REQUIRE(searcher.ask(n).empty() == ends);
    }
}

TEST_CASE("uniform, lamp and greedy leave nothing to chance, all others do") {
  Random random(4);
  Toy toy = random_toy(random);
  toy.value = [](const Policy& policy) { return policy.front().keep; };
  toy.saving = [](Index, double keep) { return 1.0 - keep; };
  for (const std::string& name : searcher_names()) {
    INFO(name);
    const bool draws = name != "uniform" && name != "lamp" && name != "greedy";
    // The last: guided and evolution draw after their start.
    const Policy one = search_toy(name, toy, 20, 1).back().policy;
    REQUIRE((search_toy(name, toy, 20, 2).back().policy != one) == draws);
    REQUIRE(search_toy(name, toy, 20, 1).back().policy == one);
  }
}

TEST_CASE("a start is chosen only of searchers that have two") {
  Random random(4);
  Toy toy = random_toy(random);
  for (const std::string& name : searcher_names())
    for (const bool warm : {false, true}) {
      SearchConfig config = config_of(name, 20, 1);
      config.warm_start = warm;
      const bool has_two = name == "guided" || name == "ddpg";
      CHECK(error_of([&] { (void)make_searcher(name, toy, config); }) ==
            (has_two ? ErrorId{} : ErrorId::out_of_range));
    }
}

TEST_CASE("evolution is no worse than its start, greedy no worse than dense") {
  ThreadPool pool(1);
  PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                   test::environment_images(pool), {}, pool);
  PruningLandscape& landscape = environment.landscape();
  double heuristic = -1.0;
  for (const Proposal& p : warm_start(landscape.rankings(), landscape.constraints(), 30))
    heuristic = std::max(heuristic, environment.evaluate(landscape.allowed(p.policy)).reward);
  const auto best = [&](const std::string& name) {
    return best_reward(outcomes_of(environment, config_of(name, 30, 1)));
  };
  REQUIRE(best("evolution") >= heuristic);
  REQUIRE(best("greedy") > environment.evaluate(Policy(4, 1.0)).reward);
}
