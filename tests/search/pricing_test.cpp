// Rewards that count energy, time and area, and budgets of them.

#include "autoprune/search/pricing.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <memory>

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/search/environment.hpp"
#include "autoprune/search/rewards.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

cost::OuModel model() { return {test::trained(), cost::ou_preset("paper", test::SmallGeometry{})}; }

std::vector<PruneMask> masks_of(const Compressor& compressor, double keep) {
  const std::vector<Ranking> rankings = compressor.rank(test::trained());
  return Compressor::masks(rankings, Policy(4, keep));
}

/// A cost model of one's own: a nanojoule an OU.
struct OuCounter {
  struct Cost {
    cost::Totals totals;
  };
  [[nodiscard]] Cost price_dense() const { return {{.energy_nj = 100.0}}; }
  [[nodiscard]] Cost price(std::span<const mapping::Placement> layers) const {
    double ous = 0.0;
    for (const mapping::Placement& layer : layers) ous += static_cast<double>(layer.ous.size());
    return {{.energy_nj = ous}};
  }
};

}  // namespace

TEST_CASE("a pricing prices what the model does") {
  const Compressor compressor = test::small_compressor();
  const cost::OuModel prices = model();
  const Pricing pricing = search::pricing(model(), compressor);
  REQUIRE(pricing.dense.energy_nj == prices.price_dense().totals.energy_nj);
  for (const double keep : {1.0, 0.4, 0.1}) {
    const std::vector<PruneMask> masks = masks_of(compressor, keep);
    const cost::Totals pruned = prices.price(compressor.map(masks).layers).totals;
    const Costs costs = pricing.price(masks);
    CHECK(costs.energy_nj == pruned.energy_nj);
    CHECK(costs.latency_ns == pruned.latency_ns);
    CHECK(costs.area_um2 == pruned.area_um2);
  }
}

TEST_CASE("a cost model of one's own") {
  const Compressor compressor = test::small_compressor();
  const std::vector<PruneMask> masks = masks_of(compressor, 0.4);
  Index ous = 0;
  for (std::size_t k = 0; k < masks.size(); ++k)
    ous += compressor.count(static_cast<Index>(k), masks[k]).ous;
  const Pricing pricing = search::pricing(OuCounter{}, compressor);
  CHECK(pricing.dense.energy_nj == 100.0);
  CHECK(pricing.price(masks).energy_nj == static_cast<double>(ous));
}

TEST_CASE("less kept costs less energy, whatever the method") {
  const auto check = [](const Compressor& compressor) {
    const Pricing pricing = search::pricing(model(), compressor);
    double last = std::numeric_limits<double>::infinity();
    for (const double keep : {1.0, 0.6, 0.3, 0.1}) {
      const double energy = pricing.price(masks_of(compressor, keep)).energy_nj;
      CHECK(energy <= last);
      last = energy;
    }
    CHECK(1.5 * last < pricing.dense.energy_nj);
  };
  check(test::small_compressor());
  check(methods::make_method("sre", {test::trained(), test::SmallGeometry{}}));
  check(methods::make_method("pim-prune", {test::trained(), test::SmallGeometry{}}));
}

namespace {

/// An environment that prices, with a reward and constraints.
std::unique_ptr<PruningEnvironment<>> priced(ThreadPool& pool, const AnyReward& reward,
                                             const Constraints& constraints = {}) {
  const Compressor compressor = test::small_compressor();
  return std::make_unique<PruningEnvironment<>>(
      test::trained(), compressor, test::environment_images(pool), constraints, pool, Metric::top1,
      reward, float_accuracy(), search::pricing(model(), compressor));
}

const Policy kPolicy = {0.6, 0.4, 0.3, 0.5};

}  // namespace

TEST_CASE("the reward counts what it was asked to") {
  ThreadPool pool(1);
  const cost::Totals dense = model().price_dense().totals;
  for (const std::string text : {"energy", "latency", "area", "edp", "crossbars^0.5*energy^2"}) {
    const Outcome o = priced(pool, make_reward(text, 1.0))->evaluate(kPolicy);
    const double energy = dense.energy_nj / o.costs.energy_nj,
                 latency = dense.latency_ns / o.costs.latency_ns,
                 crossbars = o.crossbars.compression_per_layer();
    const double saved = text == "energy"    ? energy
                         : text == "latency" ? latency
                         : text == "area"    ? dense.area_um2 / o.costs.area_um2
                         : text == "edp"     ? energy * latency
                                             : std::sqrt(crossbars) * energy * energy;
    INFO(text);
    CHECK(o.reward == Approx(std::max(0.0, 1.0 - 1.0 / saved) * o.accuracy / 100.0));
  }
}

TEST_CASE("OUs that fill crossbars aren't free where energy counts") {
  ThreadPool pool(1);
  const AnyReward energy = make_reward("energy", 1.0), crossbars = make_reward("crossbars", 1.0);
  const Policy policy = {0.3, 0.31, 0.32, 0.33};
  CHECK(priced(pool, energy)->landscape().allowed(policy) == policy);
  CHECK(priced(pool, crossbars)->landscape().allowed(policy) != policy);
  // A target of crossbars is one, whatever the reward counts.
  CHECK(priced(pool, energy, test::target(4.0))->landscape().allowed(policy) ==
        priced(pool, crossbars, test::target(4.0))->landscape().allowed(policy));
}

TEST_CASE("searches that count different things are told apart") {
  ThreadPool pool(1);
  std::vector<std::uint64_t> prints;
  for (const char* text : {"crossbars", "energy", "latency", "area", "edp", "crossbars*energy"})
    prints.push_back(priced(pool, make_reward(text, 1.0))->fingerprint().value());
  Constraints constraints;
  for (auto budget : {&Budgets::energy_nj, &Budgets::latency_ns, &Budgets::area_um2}) {
    constraints.budgets = {};
    constraints.budgets.*budget = 1e9;
    prints.push_back(priced(pool, {}, constraints)->fingerprint().value());
  }
  constraints.budgets = {};
  constraints.min_accuracy = 10.0;
  prints.push_back(priced(pool, {}, constraints)->fingerprint().value());
  std::sort(prints.begin(), prints.end());
  CHECK(std::adjacent_find(prints.begin(), prints.end()) == prints.end());
}

TEST_CASE("a policy is scaled down to the budgets, and no further") {
  ThreadPool pool(1);
  const Outcome free = priced(pool, {})->evaluate(kPolicy);
  const auto check = [&](auto budget, double of, double low, const auto& cost) {
    for (const double share : {low, 0.5 * (low + 1.0), 1.0, 2.0}) {
      Constraints constraints;
      constraints.budgets.*budget = share * of;
      const auto environment = priced(pool, {}, constraints);
      const Policy met = environment->landscape().allowed(kPolicy);
      const double costs = cost(environment->evaluate(met));
      CHECK(costs <= share * of);
      if (share >= 1.0) {
        CHECK(met == kPolicy);
        continue;
      }
      // Two steps of the grid up, the budget is broken, unless the same OUs are kept.
      Policy more = met;
      for (LayerPlan& plan : more) plan.keep = std::min(1.0, plan.keep * 1.05);
      CHECK(cost(environment->evaluate(more)) > share * of);
      CHECK(environment->evaluate(met).feasible);
    }
  };
  check(&Budgets::energy_nj, free.costs.energy_nj, 0.4,
        [](const Outcome& o) { return o.costs.energy_nj; });
  check(&Budgets::area_um2, free.costs.area_um2, 0.8,
        [](const Outcome& o) { return o.costs.area_um2; });
}

TEST_CASE("constraints that a policy misses are named, with the share that is missing") {
  const auto missed_by = [](const Constraints& constraints, bool keeps_only) {
    Outcome o;
    o.accuracy = 80.0;
    o.crossbars = {100, 25, 20};
    o.costs = {2000.0, 3000.0, 4e6};
    o.policy = {0.5};
    if (!keeps_only) o.policy[0].hardware.weight_bits = 4;
    return missed(o, constraints, 90.0);
  };
  struct Case {
    Constraints constraints;
    const char* word;
    double by;
  };
  const Case cases[] = {{{.target_compression = 5.0}, "compression", 0.2},
                        {{.max_accuracy_drop = 5.0}, "85", 1.0 - 80.0 / 85.0},
                        {{.min_accuracy = 100.0}, "100", 0.2},
                        {{.budgets = {.energy_nj = 1000.0}}, "energy", 0.5},
                        {{.budgets = {.latency_ns = 2400.0}}, "latency", 0.2},
                        {{.budgets = {.area_um2 = 1e6}}, "area", 0.75},
                        {{.min_accuracy = 90.0, .budgets = {.energy_nj = 1000.0}}, "energy", 0.5}};
  for (const Case& c : cases) {
    const Missed found = missed_by(c.constraints, false);
    CHECK(found.what.find(c.word) != std::string::npos);
    CHECK(found.by == Approx(c.by));
  }
  CHECK(missed_by({.target_compression = 4.0,
                   .max_accuracy_drop = 10.0,
                   .min_accuracy = 80.0,
                   .budgets = {2000.0, 3000.0, 4e6}},
                  false)
            .by == 0.0);
  // Policies of keep ratios alone have been scaled before they are measured.
  CHECK(missed_by({.target_compression = 4.5}, true).by == 0.0);
  CHECK(missed_by({.min_accuracy = 81.0}, true).by > 0.0);
}

TEST_CASE("budgets that can't be met, or that nothing prices") {
  ThreadPool pool(1);
  Constraints constraints;
  constraints.budgets.energy_nj = 1e-3;
  REQUIRE_THROWS_WITH(priced(pool, {}, constraints)->landscape().allowed(kPolicy),
                      Catch::Contains("budget") && Catch::Contains("raise"));
  CHECK(error_of([&] { (void)priced(pool, {}, constraints)->landscape().allowed(kPolicy); }) ==
        ErrorId::infeasible_constraint);
  // Where more than keep ratios is chosen, the next policy may meet them.
  Policy mixed = kPolicy;
  mixed[0].hardware.weight_bits = 4;
  const auto environment = priced(pool, {}, constraints);
  CHECK_FALSE(environment->evaluate(environment->landscape().allowed(mixed)).feasible);
  const SearchSpace bits = {.weight_bits = {2, 4}}, sizes = {.granularity = {4, 8}};
  CHECK(error_of([&] { environment->require_reachable(bits); }) == ErrorId::infeasible_constraint);
  for (const SearchSpace& unknown : {SearchSpace{}, sizes})
    CHECK(error_of([&] { environment->require_reachable(unknown); }) == ErrorId{});
  const Costs least =
      environment
          ->evaluate(environment->landscape().allowed(Policy(kPolicy.size(), bits.fewest_bits())))
          .costs;
  for (const double share : {0.99, 1.01}) {
    Constraints near;
    near.budgets.energy_nj = share * least.energy_nj;
    CHECK(error_of([&] { priced(pool, {}, near)->require_reachable(bits); }) ==
          (share < 1.0 ? ErrorId::infeasible_constraint : ErrorId{}));
  }
  const auto unpriced = [&](const AnyReward& reward, const Constraints& asked) {
    return error_of([&] {
      PruningEnvironment<>(test::trained(), test::small_compressor(),
                           test::environment_images(pool), asked, pool, Metric::top1, reward);
    });
  };
  CHECK(unpriced({}, constraints) == ErrorId::missing_value);
  CHECK(unpriced(make_reward("energy", 1.0), {}) == ErrorId::missing_value);
  CHECK(unpriced({}, {}) == ErrorId{});
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    constraints.budgets.energy_nj = bad;
    CHECK(error_of([&] { constraints.validate(4); }) == ErrorId::out_of_range);
  }
}
