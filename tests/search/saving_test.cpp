// Rewards that count energy and time instead of crossbars.

#include "autoprune/search/saving.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/search/environment.hpp"
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

constexpr CostTarget kTargets[] = {CostTarget::energy, CostTarget::latency, CostTarget::edp};

}  // namespace

TEST_CASE("a saving is the dense figure over the pruned one") {
  const Compressor compressor = test::small_compressor();
  const cost::OuModel prices = model();
  const cost::Totals dense = prices.price_dense().totals;
  for (const double keep : {1.0, 0.4, 0.1}) {
    const std::vector<PruneMask> masks = masks_of(compressor, keep);
    const cost::Totals pruned = prices.price(compressor.map(masks).layers).totals;
    const double energy = cost_saving(model(), compressor, CostTarget::energy)(masks);
    const double latency = cost_saving(model(), compressor, CostTarget::latency)(masks);
    CHECK(energy == dense.energy_nj / pruned.energy_nj);
    CHECK(latency == dense.latency_ns / pruned.latency_ns);
    CHECK(cost_saving(model(), compressor, CostTarget::edp)(masks) ==
          Approx(energy * latency).epsilon(1e-12));
  }
}

TEST_CASE("a cost model of one's own") {
  const Compressor compressor = test::small_compressor();
  const std::vector<PruneMask> masks = masks_of(compressor, 0.4);
  Index ous = 0;
  for (std::size_t k = 0; k < masks.size(); ++k)
    ous += compressor.count(static_cast<Index>(k), masks[k]).ous;
  CHECK(cost_saving(OuCounter{}, compressor, CostTarget::energy)(masks) ==
        Approx(100.0 / static_cast<double>(ous)));
}

TEST_CASE("less kept saves more energy, whatever the method") {
  const auto check = [](const Compressor& compressor) {
    const Saving saving = cost_saving(model(), compressor, CostTarget::energy);
    double last = 0.0;
    for (const double keep : {1.0, 0.6, 0.3, 0.1}) {
      const double saved = saving(masks_of(compressor, keep));
      CHECK(saved >= last);
      last = saved;
    }
    CHECK(last > 1.5);
  };
  check(test::small_compressor());
  check(methods::make_method("sre", {test::trained(), test::SmallGeometry{}}));
  check(methods::make_method("pim-prune", {test::trained(), test::SmallGeometry{}}));
}

TEST_CASE("the reward counts what it was asked to") {
  ThreadPool pool(1);
  const Compressor compressor = test::small_compressor();
  const Policy policy = {0.6, 0.4, 0.3, 0.5};
  for (const CostTarget target : kTargets) {
    const Saving saving = cost_saving(model(), compressor, target);
    PruningEnvironment<> environment(test::trained(), compressor, test::environment_images(pool),
                                     {}, pool, Metric::top1, {}, float_accuracy(), saving);
    const Outcome outcome = environment.evaluate(policy);
    const double saved = saving(Compressor::masks(environment.landscape().rankings(), policy));
    CHECK(outcome.reward ==
          Approx(std::max(0.0, 1.0 - 1.0 / saved) * outcome.accuracy / 100.0).epsilon(1e-12));
  }
}

TEST_CASE("OUs that fill crossbars aren't free where energy counts") {
  ThreadPool pool(1);
  const Compressor compressor = test::small_compressor();
  const Saving saving = cost_saving(model(), compressor, CostTarget::energy);
  const auto environment = [&](const Constraints& constraints, const Saving& counted) {
    return std::make_unique<PruningEnvironment<>>(
        test::trained(), compressor, test::environment_images(pool), constraints, pool,
        Metric::top1, CompressionReward{}, float_accuracy(), counted);
  };
  const Policy policy = {0.3, 0.31, 0.32, 0.33};
  CHECK(environment({}, saving)->landscape().allowed(policy) == policy);
  CHECK(environment({}, {})->landscape().allowed(policy) != policy);
  // A target of crossbars is one, whatever the reward counts.
  CHECK(environment(test::target(4.0), saving)->landscape().allowed(policy) ==
        environment(test::target(4.0), {})->landscape().allowed(policy));
}

TEST_CASE("searches that count different things are told apart") {
  ThreadPool pool(1);
  const Compressor compressor = test::small_compressor();
  std::vector<std::uint64_t> prints;
  const auto add = [&](const Saving& saving) {
    PruningEnvironment<> environment(test::trained(), compressor, test::environment_images(pool),
                                     {}, pool, Metric::top1, {}, float_accuracy(), saving);
    prints.push_back(environment.fingerprint().value());
  };
  add({});
  for (const CostTarget target : kTargets) add(cost_saving(model(), compressor, target));
  std::sort(prints.begin(), prints.end());
  CHECK(std::adjacent_find(prints.begin(), prints.end()) == prints.end());
}
