// Plans that decide of more than keep ratios: every layer as on hardware of its own.

#include "autoprune/methods/layer_plan.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "../message_of.hpp"
#include "autoprune/cost/ou_model.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/methods/registry.hpp"
#include "autoprune/search/search.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

constexpr std::size_t kPlanLayers = 4;

/// Hardware that all of a plan's fields can say.
LayerPlan random_plan(Random& random, bool row_groups) {
  static const std::vector<Geometry<>> geometries = {
      {16, 16, 8, 4, 1}, {32, 16, 8, 8, 2}, {64, 64, 16, 16, 1}};
  LayerPlan plan = random.uniform(0.05, 1.0);
  if (row_groups && random.below(2) == 0) plan.granularity = random.below(2) == 0 ? 4 : 16;
  if (random.below(3) > 0)
    plan.hardware.geometry = geometries[static_cast<std::size_t>(random.below(3))];
  if (random.below(2) == 0) plan.hardware.weight_bits = 2 + random.below(7);
  if (random.below(2) == 0) plan.hardware.input_bits = 3 + random.below(6);
  if (random.below(2) == 0) plan.hardware.adc_bits = 3 + random.below(6);
  return plan;
}

Policy random_plans(Random& random, bool row_groups) {
  Policy policy;
  for (std::size_t k = 0; k < kPlanLayers; ++k) policy.push_back(random_plan(random, row_groups));
  return policy;
}

methods::Setting small_setting() {
  return {test::trained(), test::SmallGeometry{}, {.granularity = 8}};
}

hardware::Accelerator small_chip() {
  hardware::Accelerator chip = cost::ou_preset("paper", test::SmallGeometry{});
  chip.adc = {"saturating", 5};
  return chip;
}

/// The method on a layer's hardware alone.
Compressor alone(const std::string& name, const LayerPlan& plan) {
  methods::Setting setting = small_setting();
  setting.geometry = plan.hardware.geometry.value_or(setting.geometry);
  setting.options.granularity = plan.granularity.value_or(8);
  setting.options.mapping.weight_bits = plan.hardware.weight_bits.value_or(8);
  return methods::make_method(name, setting);
}

bool same_ous(const mapping::OuList& a, const mapping::OuList& b) {
  bool same = a.size() == b.size();
  for (Index i = 0; same && i < a.size(); ++i)
    same = std::ranges::equal(a[i].rows, b[i].rows) &&
           std::ranges::equal(a[i].columns, b[i].columns) && a[i].place == b[i].place;
  return same;
}

/// Proposes plans of its own.
struct PlanSearcher {
  std::function<Policy()> propose;

  std::vector<Proposal> ask(Index n) {
    std::vector<Proposal> all;
    for (Index i = 0; i < n; ++i) all.push_back({Origin::searcher, propose()});
    return all;
  }
  void tell(std::span<const Outcome>) {}
  template <class Archive>
  void describe(Archive&) {}
};

}  // namespace

TEST_CASE("under plans, every method prunes, counts and places each layer as on its own hardware") {
  Random random(91);
  const nn::Network& network = test::trained();
  for (const std::string& name : methods::method_names()) {
    const Compressor base = methods::make_method(name, small_setting());
    const std::vector<PruneMask> dense =
        Compressor::masks(base.rank(network), Policy(kPlanLayers, 1.0));
    for (int trial = 0; trial < 3; ++trial) {
      const Policy policy = random_plans(random, base.row_groups());
      const Compressor planned = base.with(policy);
      Rankings rankings(network, base);
      LayerCounts counts(base, rankings);
      const std::vector<PruneMask> masks = rankings.masks(policy);
      REQUIRE(Compressor::masks(planned.rank(network), policy) == masks);
      const mapping::NetworkPlacement placed = planned.map(masks);
      Index whole = 0, per_layer = 0;
      for (std::size_t k = 0; k < kPlanLayers; ++k) {
        CAPTURE(name, k);
        const auto layer = static_cast<Index>(k);
        const Compressor own = alone(name, policy[k]);
        std::vector<PruneMask> there =
            Compressor::masks(own.rank(network), Policy(kPlanLayers, policy[k].keep));
        REQUIRE(masks[k] == there[k]);
        const mapping::Placement expected = own.map(there).layers[k];
        const mapping::LayerCount count = placed.layers[k].count;
        REQUIRE(same_ous(placed.layers[k].ous, expected.ous));
        REQUIRE(count.array == expected.count.array);
        REQUIRE(count.crossbars == expected.count.crossbars);
        REQUIRE(counts.at(k, policy[k]).crossbars == expected.count.crossbars);
        // Compression is against the dense layer on the accelerator's own crossbars.
        REQUIRE(count.crossbars_dense == base.count(layer, dense[k]).crossbars_dense);
        REQUIRE(planned.geometry(layer) == own.geometry());
        REQUIRE(planned.granularity(layer) == own.granularity());
        whole += count.crossbars_dense;
        per_layer += expected.count.crossbars;
      }
      REQUIRE(placed.crossbars.dense == whole);
      REQUIRE(placed.crossbars.per_layer == per_layer);
      REQUIRE(counts.crossbars(policy).pooled == placed.crossbars.pooled);
      REQUIRE(planned.count(masks).crossbars.pooled == placed.crossbars.pooled);
    }
  }
}

TEST_CASE("layers that are planned alike cost and compute as on such an accelerator") {
  Random random(92);
  ThreadPool pool(1);
  const hardware::Accelerator chip = small_chip();
  for (int trial = 0; trial < 4; ++trial) {
    LayerPlan plan = random_plan(random, true);
    plan.hardware.geometry = Geometry<>(32, 16, 8, 8, 2);
    const Policy policy(kPlanLayers, plan);
    const hardware::Accelerator mixed = methods::planned(chip, policy), whole = mixed.layer(0);
    REQUIRE(whole.layers.empty());
    REQUIRE(whole.weights.weight_bits == plan.hardware.weight_bits.value_or(8));
    REQUIRE(whole.adc.bits == plan.hardware.adc_bits.value_or(5));
    const Compressor base = methods::make_method("column-vectors", small_setting());
    const Compressor own = alone("column-vectors", plan);
    base.with(policy).require(mixed);
    own.require(whole);
    REQUIRE(error_of([&] { base.require(mixed); }) == ErrorId::geometry_mismatch);
    const auto measure = [&](const Compressor& compressor, const hardware::Accelerator& on,
                             const Policy& by) {
      PruningEnvironment<> environment(test::trained(), compressor, test::environment_images(pool),
                                       {}, pool, Metric::top1, {},
                                       simulated_accuracy(compressor, on, {}),
                                       pricing(cost::OuModel(test::trained(), on), compressor));
      return environment.evaluate(by);
    };
    const Outcome a = measure(base, chip, policy);
    const Outcome b = measure(own, whole, Policy(kPlanLayers, plan.keep));
    REQUIRE(a.policy == policy);
    REQUIRE(a.keep_ratios == b.keep_ratios);
    REQUIRE(a.accuracy == b.accuracy);
    REQUIRE(a.crossbars.per_layer == b.crossbars.per_layer);
    REQUIRE(a.crossbars.pooled == b.crossbars.pooled);
    REQUIRE(a.costs.energy_nj == b.costs.energy_nj);
    REQUIRE(a.costs.latency_ns == b.costs.latency_ns);
    REQUIRE(a.costs.area_um2 == b.costs.area_um2);
    // The dense network's are those of the accelerator itself.
    REQUIRE(pricing(cost::OuModel(test::trained(), chip), base).dense.energy_nj ==
            cost::OuModel(test::trained(), chip).price_dense().totals.energy_nj);
  }
}

TEST_CASE("a layer's plan changes nothing before it") {
  ThreadPool pool(1);
  nn::Network network = test::trained();
  const Compressor base = methods::make_method("column-vectors", small_setting());
  const auto images = test::environment_images(pool);
  const auto activity = [&](const Policy& policy) {
    nn::Session session(network, pool);
    const Compressor planned = base.with(policy);
    const std::vector<PruneMask> masks = Compressor::masks(planned.rank(network), policy);
    session.set_masks(masks);
    const auto ranges = simulation::calibrate(session, masks, images.calibration);
    simulation::SimulatedNetwork simulated(session, methods::planned(small_chip(), policy), masks,
                                           planned.map(masks).layers, ranges);
    (void)simulated.evaluate(images.held_out);
    return simulated.activity();
  };
  const auto plain = activity(Policy(kPlanLayers, 0.5));
  for (std::size_t k = 0; k < kPlanLayers; ++k) {
    Policy policy(kPlanLayers, 0.5);
    policy[k].hardware.input_bits = 2;
    const auto changed = activity(policy);
    for (std::size_t before = 0; before < k; ++before)
      REQUIRE(changed[before].ou_activations == plain[before].ou_activations);
    REQUIRE(changed[k].ou_activations < plain[k].ou_activations);  // fewer digits
  }
}

TEST_CASE("a search over plans goes on from its checkpoint to the same plans") {
  ThreadPool pool(1);
  const Compressor base = methods::make_method("column-vectors", small_setting());
  PruningEnvironment<> environment(test::trained(), base, test::environment_images(pool),
                                   test::target(3.0), pool);
  SearchConfig config;
  config.episodes = 6;
  config.batch = 2;
  const auto search = [&] {
    auto random = std::make_shared<Random>(93);
    return Search<>(
        environment, config,
        AnySearcher("plans", PlanSearcher{[random] { return random_plans(*random, true); }}));
  };
  Search<> whole = search();
  while (!whole.done()) whole.run_episode();
  Search<> begun = search();
  for (int i = 0; i < 3; ++i) begun.run_episode();
  const std::string bytes = begun.save();
  Search<> resumed = search();
  resumed.restore(bytes);
  REQUIRE(resumed.episodes().size() == 3);
  resumed.run_episode();
  for (std::size_t i = 0; i < 4; ++i) {
    const Outcome &a = whole.episodes()[i].outcome, &b = resumed.episodes()[i].outcome;
    REQUIRE(!methods::keeps_only(a.policy));
    REQUIRE(a.policy == b.policy);
    REQUIRE(a.reward == b.reward);
    REQUIRE(a.crossbars.pooled == b.crossbars.pooled);
    REQUIRE(compression(a.crossbars, Counting::pooled) >= 3.0);
  }
}

TEST_CASE("plans that no hardware can be made of are refused") {
  const Compressor base = methods::make_method("column-vectors", small_setting());
  const auto refused = [&](const LayerPlan& plan) {
    return error_of([&] {
      const Policy policy(kPlanLayers, plan);
      (void)base.with(policy);
      (void)methods::planned(small_chip(), policy);
    });
  };
  const auto on = [](hardware::LayerHardware h) { return LayerPlan(0.5, {}, std::move(h)); };
  REQUIRE(refused(on({.weight_bits = 0})) == ErrorId::out_of_range);
  REQUIRE(refused(on({.weight_bits = 17})) == ErrorId::out_of_range);
  REQUIRE(refused(on({.input_bits = 0})) == ErrorId::out_of_range);
  REQUIRE(refused(on({.adc_bits = 20})) == ErrorId::out_of_range);
  REQUIRE(refused(on({.geometry = Geometry<>(60, 64, 16, 16, 1)})) == ErrorId::geometry_mismatch);
  REQUIRE(refused(LayerPlan(0.5, 5, {})) == ErrorId::mask_mismatch);
  Policy one_of_them(kPlanLayers, LayerPlan(0.5));
  one_of_them[2].granularity = 5;
  one_of_them[1].hardware.adc_bits = 20;
  REQUIRE(message_of([&] { (void)base.with(one_of_them); }).find("layer 3: ") != std::string::npos);
  REQUIRE(message_of([&] {
            (void)methods::planned(small_chip(), one_of_them);
          }).find("layer 2: ") != std::string::npos);
  const Policy three(3, on({.weight_bits = 4}));
  const std::vector<PruneMask> four =
      Compressor::masks(base.rank(test::trained()), Policy(kPlanLayers, 1.0));
  REQUIRE(error_of([&] { (void)base.with(three).map(four); }) == ErrorId::shape_mismatch);
  REQUIRE(error_of([&] {
            (void)base.with(three).with(Policy(kPlanLayers, on({.adc_bits = 4})));
          }) == ErrorId::shape_mismatch);
  const Compressor sre = methods::make_method("sre", small_setting());
  REQUIRE(error_of([&] { (void)sre.with(Policy(kPlanLayers, LayerPlan(0.5, 8, {}))); }) ==
          ErrorId::out_of_range);
}
