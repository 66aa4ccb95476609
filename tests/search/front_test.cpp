// Pareto fronts, and the searcher that looks for them.

#include "autoprune/search/front.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

/// Few different values, so that many are equal.
Episode random_episode(Random& random) {
  Episode e;
  e.origin = random.uniform() < 0.1 ? Origin::probe : Origin::searcher;
  e.outcome.accuracy = 80.0 + static_cast<double>(random.below(6));
  e.outcome.crossbars = {100, 10 + random.below(6), 5 + random.below(6)};
  e.outcome.costs.energy_nj = 1.0 + static_cast<double>(random.below(6));
  e.outcome.feasible = random.uniform() < 0.8;
  e.outcome.reward = random.uniform();
  return e;
}

/// Accuracy is lost where little is kept, of each layer as much as its weight says; crossbars are
/// what is kept.
struct Trade {
  std::vector<Ranking> ranked = std::vector<Ranking>(6);
  Constraints none = {};
  struct States {
    [[nodiscard]] State at(Index k, double, double) const { return {static_cast<float>(k)}; }
  } features = {};

  Trade() {
    Random random(5);
    for (Ranking& layer : ranked) {
      layer.ous.resize(8, 5);
      for (float& score : layer.ous.reshaped()) score = static_cast<float>(random.uniform());
    }
  }
  Trade& landscape() { return *this; }
  [[nodiscard]] const States& states() const { return features; }
  [[nodiscard]] std::vector<double> realised(const Policy& policy) const {
    return keep_ratios(policy);
  }
  [[nodiscard]] Fingerprint fingerprint() const { return {}; }
  [[nodiscard]] Index layers() const { return std::ssize(ranked); }
  [[nodiscard]] std::span<const Ranking> rankings() const { return ranked; }
  [[nodiscard]] const Constraints& constraints() const { return none; }
  [[nodiscard]] Policy allowed(const Policy& policy) const { return policy; }
  [[nodiscard]] double dense_accuracy() const { return 100.0; }
  [[nodiscard]] double saved(Index, const LayerPlan& plan) const { return 1.0 - plan.keep; }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    Outcome out;
    out.policy = policy;
    out.keep_ratios = keep_ratios(policy);
    double lost = 0.0, kept = 0.0;
    for (std::size_t k = 0; k < policy.size(); ++k) {
      lost += std::exp2(static_cast<double>(k)) * std::pow(1.0 - policy[k].keep, 2.0);
      kept += policy[k].keep;
    }
    out.accuracy = 100.0 - lost;
    out.crossbars = {6000, 1 + static_cast<Index>(1000.0 * kept), 1};
    out.reward = out.accuracy / 100.0;
    return out;
  }
};

/// Area under the staircase of the best accuracy for each number of crossbars.
double hypervolume(Trade& trade, const std::string& searcher, std::uint64_t seed) {
  SearchConfig config{.searcher = searcher, .episodes = 200, .seed = seed};
  Search search(trade, config);
  while (!search.done()) search.run_episode();
  const History found = search.history();
  double area = 0.0, accuracy = 0.0, from = 0.0;
  for (const Index i : found.front) {
    const Outcome& o = found.episodes[static_cast<std::size_t>(i)].outcome;
    const double at = static_cast<double>(o.crossbars.per_layer);
    area += (at - from) * accuracy;
    REQUIRE(o.accuracy > accuracy - 1e-12);
    accuracy = std::max(0.0, o.accuracy);
    from = at;
  }
  return area + (6001.0 - from) * accuracy;
}

}  // namespace

TEST_CASE("a front holds what nothing dominates, and dominates all else") {
  Random random(1);
  for (int trial = 0; trial < 60; ++trial) {
    const Counting counting = trial % 2 == 0 ? Counting::per_layer : Counting::pooled;
    std::vector<Episode> episodes;
    for (int i = 0; i < 40; ++i) episodes.push_back(random_episode(random));
    const auto counts = [](const Episode& e) {
      return e.origin != Origin::probe && e.outcome.feasible;
    };
    const std::vector<Index> front = pareto_front(episodes, counting);
    REQUIRE(std::is_sorted(front.begin(), front.end(), [&](Index a, Index b) {
      return objectives(episodes[static_cast<std::size_t>(a)].outcome, counting)[1] <
             objectives(episodes[static_cast<std::size_t>(b)].outcome, counting)[1];
    }));
    for (std::size_t e = 0; e < episodes.size(); ++e) {
      const Outcome& o = episodes[e].outcome;
      const bool on = std::find(front.begin(), front.end(), static_cast<Index>(e)) != front.end();
      const bool beaten = std::any_of(episodes.begin(), episodes.end(), [&](const Episode& other) {
        return counts(other) && dominates(other.outcome, o, counting);
      });
      const bool again = std::any_of(
          episodes.begin(), episodes.begin() + static_cast<std::ptrdiff_t>(e),
          [&](const Episode& other) {
            return counts(other) && objectives(other.outcome, counting) == objectives(o, counting);
          });
      REQUIRE(on == (counts(episodes[e]) && !beaten && !again));
    }
  }
  REQUIRE(pareto_front({}, Counting::pooled).empty());
}

TEST_CASE("a policy within the constraints dominates those that aren't") {
  Outcome good, bad, worse;
  bad.feasible = worse.feasible = false;
  bad.accuracy = worse.accuracy = 99.0;
  bad.reward = -0.1;
  worse.reward = -0.2;
  const auto over = [](const Outcome& a, const Outcome& b) {
    return dominates(a, b, Counting::per_layer);
  };
  REQUIRE((over(good, bad) && over(bad, worse) && over(good, worse)));
  REQUIRE_FALSE((over(bad, good) || over(worse, bad) || over(good, good) || over(bad, bad)));
}

TEST_CASE("standings of a small front, by hand") {
  // Accuracy over crossbars, all of one energy: a, b, c are the front; d is behind b alone, e
  // behind all of them.
  const auto outcome = [](double accuracy, Index crossbars) {
    Outcome o;
    o.accuracy = accuracy;
    o.crossbars.per_layer = crossbars;
    return o;
  };
  const std::vector<Outcome> all = {outcome(90.0, 50), outcome(80.0, 20), outcome(60.0, 10),
                                    outcome(75.0, 25), outcome(50.0, 60)};
  const std::vector<Standing> s = standings(all, Counting::per_layer);
  const Index fronts[] = {0, 0, 0, 1, 2};
  for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(s[i].front == fronts[i]);
  // b's neighbours span all of both objectives; the ends are kept whatever lies between.
  REQUIRE(s[1].crowding == Approx(2.0));
  REQUIRE(std::isinf(s[0].crowding));
  REQUIRE(std::isinf(s[2].crowding));
  REQUIRE(s[0].better_than(s[1]));
  REQUIRE(s[1].better_than(s[3]));
  REQUIRE_FALSE(s[3].better_than(s[1]));
}

TEST_CASE("nsga2 finds more of a front than chance does") {
  Trade trade;
  for (std::uint64_t seed = 1; seed < 6; ++seed)
    REQUIRE(hypervolume(trade, "nsga2", seed) > 1.02 * hypervolume(trade, "random", seed));
}
