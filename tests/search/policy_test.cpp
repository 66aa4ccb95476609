#include "autoprune/search/policy.hpp"

#include <catch2/catch.hpp>

#include "autoprune/search/heuristics.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;
using test::target;

namespace {

Policy scaled(Policy policy, double factor, const Constraints& constraints) {
  for (LayerPlan& plan : policy) plan.keep *= factor;
  return clamp_to_bounds(std::move(policy), constraints);
}

struct RankedNetwork {
  Compressor compressor = test::small_compressor();
  std::vector<Ranking> layers = compressor.rank(test::small_network(5));

  [[nodiscard]] double reached(const Policy& policy, Counting counting) const {
    return compression(compressor.count(Compressor::masks(layers, policy)).crossbars, counting);
  }
  /// With every layer at its lower bound the target is reached.
  [[nodiscard]] bool feasible(const Policy& policy, const Constraints& constraints) const {
    return reached(scaled(policy, 1e-9, constraints), constraints.counting) >=
           *constraints.target_compression;
  }
  [[nodiscard]] Policy meet(const Policy& policy, const Constraints& constraints) const {
    LayerCounts counts(compressor, layers);
    return meet_constraints(policy, constraints, counts);
  }
  [[nodiscard]] Policy scale(const Policy& policy, const Constraints& constraints) const {
    LayerCounts counts(compressor, layers);
    return scale_to_target(policy, constraints, counts);
  }
  [[nodiscard]] Index crossbars(std::size_t k, double keep) const {
    return compressor.count(static_cast<Index>(k), layers[k].mask(keep)).crossbars;
  }
};

/// Bounds for some of four layers, one now and then frozen.
std::vector<Bounds> random_bounds(Random& random) {
  std::vector<Bounds> bounds(4);
  for (Bounds& b : bounds) {
    const Index kind = random.below(4);
    if (kind == 0) b = {random.uniform(0.0, 0.3), random.uniform(0.3, 1.0)};
    if (kind == 1 && random.below(3) == 0) b = {1.0, 1.0};
  }
  return bounds;
}

}  // namespace

TEST_CASE("a target is just reached: one factor for all layers, inside the bounds") {
  const RankedNetwork f;
  Random random(61);
  Index feasible = 0;
  for (int trial = 0; trial < 300; ++trial) {
    Policy policy = test::random_policy(random, 4);
    for (LayerPlan& plan : policy)
      plan.keep = search::detail::on_grid(search::detail::steps_down(plan.keep));
    Constraints constraints = target(random.uniform(1.2, 4.5),
                                     random.below(2) == 0 ? Counting::per_layer : Counting::pooled);
    constraints.bounds = random_bounds(random);
    if (!f.feasible(policy, constraints)) {
      REQUIRE(error_of([&] { (void)f.meet(policy, constraints); }) ==
              ErrorId::infeasible_constraint);
      continue;
    }
    ++feasible;
    const Policy met = f.scale(policy, constraints);
    REQUIRE(f.reached(met, constraints.counting) >= *constraints.target_compression);
    // The factor shows in the layers that no bound holds; a slightly larger one misses the target.
    double factor = 0.0;
    for (std::size_t k = 0; k < 4; ++k) {
      const Bounds b = constraints.bounds[k];
      REQUIRE(met[k].keep >= b.min);
      REQUIRE(met[k].keep <= b.max);
      if (b.min == 1.0) REQUIRE(met[k] == 1.0);
      if (met[k].keep > std::max(b.min, kLeastKeepRatio) && met[k].keep < b.max)
        factor = met[k].keep / policy[k].keep;
    }
    if (factor == 0.0) continue;
    const Policy again = scaled(policy, factor, constraints);
    for (std::size_t k = 0; k < 4; ++k) REQUIRE(again[k].keep == Approx(met[k].keep));
    REQUIRE(f.reached(scaled(policy, factor * 1.0021, constraints), constraints.counting) <
            *constraints.target_compression);
  }
  REQUIRE(feasible > 100);
}

TEST_CASE("a layer with crossbars of its own fills all that it pays for, inside its bounds") {
  const RankedNetwork f;
  Random random(63);
  Index grown = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Policy policy = test::random_policy(random, 4);
    Constraints constraints = target(random.uniform(1.2, 3.0), Counting::per_layer);
    constraints.bounds = trial % 2 == 0 ? std::vector<Bounds>{} : random_bounds(random);
    if (!f.feasible(policy, constraints)) continue;
    const Policy paid = f.scale(policy, constraints), met = f.meet(policy, constraints);
    REQUIRE(clamp_to_bounds(met, constraints) == met);
    for (std::size_t k = 0; k < 4; ++k) {
      REQUIRE(met[k].keep >= paid[k].keep);
      REQUIRE(f.crossbars(k, met[k].keep) == f.crossbars(k, paid[k].keep));
      const double more = constraints.bounds.empty() ? 1.0 : constraints.bounds[k].max;
      const double keep = met[k].keep;
      REQUIRE((keep == more || f.crossbars(k, keep * 1.0021) > f.crossbars(k, keep)));
    }
    grown += met != paid ? 1 : 0;
    constraints.counting = Counting::pooled;
    REQUIRE(f.meet(policy, constraints) == f.scale(policy, constraints));
  }
  REQUIRE(grown > 30);
}

TEST_CASE(
    "nothing is kept that takes one more crossbar, where a layer's crossbars are counted singly") {
  hardware::WeightCode one_array;  // bits of a weight side by side, signs as an offset
  one_array.weight_bits = 3;
  one_array.layout = hardware::BitPlanes::adjacent;
  one_array.sign = hardware::SignEncoding::offset;
  RankedNetwork f;
  f.compressor = test::small_compressor(OuSelection::best, one_array);
  REQUIRE(f.compressor.arrays() == 1);
  f.layers = f.compressor.rank(test::small_network(5));
  Random random(66);
  for (int trial = 0; trial < 30; ++trial) {
    const Policy policy = test::random_policy(random, 4), filled = f.meet(policy, {});
    for (std::size_t k = 0; k < 4; ++k)
      REQUIRE(f.crossbars(k, filled[k].keep) == f.crossbars(k, policy[k].keep));
  }
}

TEST_CASE("a target that the upper bounds meet already changes nothing else") {
  const RankedNetwork f;
  Constraints constraints = target(1.5);
  constraints.bounds = std::vector<Bounds>(4, Bounds{0.0, 0.25});
  REQUIRE(f.meet(Policy(4, 0.01), constraints) == Policy(4, 0.25));
}

TEST_CASE("pooled crossbars allow targets that crossbars of one layer each don't") {
  const RankedNetwork f;
  const Policy policy(4, 0.5);
  // Four layers keep a crossbar each: at most 19 / 4 = 4.75 per layer, 19 pooled.
  REQUIRE(f.reached(f.meet(policy, target(4.75, Counting::per_layer)), Counting::per_layer) ==
          4.75);
  REQUIRE(error_of([&] { (void)f.meet(policy, target(4.76, Counting::per_layer)); }) ==
          ErrorId::infeasible_constraint);
  REQUIRE(f.reached(f.meet(policy, target(19.0)), Counting::pooled) == 19.0);
  REQUIRE(error_of([&] { (void)f.meet(policy, target(19.1)); }) == ErrorId::infeasible_constraint);
}

TEST_CASE("without a target a policy fills the crossbars that it needs anyway, inside its bounds") {
  const RankedNetwork f;
  Random random(62);
  Index grown = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Policy policy = test::random_policy(random, 4);
    Constraints constraints;
    constraints.counting = trial % 2 == 0 ? Counting::pooled : Counting::per_layer;
    if (trial % 3 == 0) constraints.bounds = random_bounds(random);
    const Policy inside = clamp_to_bounds(policy, constraints);
    const Policy filled = f.meet(policy, constraints);
    const double compression = f.reached(inside, constraints.counting);
    REQUIRE(f.reached(filled, constraints.counting) == compression);
    REQUIRE(clamp_to_bounds(filled, constraints) == filled);
    for (std::size_t k = 0; k < filled.size(); ++k) REQUIRE(filled[k].keep >= inside[k].keep);
    const Policy more = scaled(filled, 1.005, constraints);
    REQUIRE((more == filled || f.reached(more, constraints.counting) < compression));
    grown += filled != inside ? 1 : 0;
  }
  REQUIRE(grown > 50);
  Constraints constraints;
  constraints.bounds = {{1.0, 1.0}, {0.4, 0.4}, {0.0, 0.5}, {0.0, 1e-6}};
  for (const double last : {2.0, 1e-9})
    REQUIRE(f.meet({0.1, 0.3, 1.0, last}, constraints) == Policy{1.0, 0.4, 0.5, 1e-6});
}

TEST_CASE("constraints that make no sense are refused") {
  const auto id = [](auto&& change) {
    Constraints constraints;
    change(constraints);
    return error_of([&] { constraints.validate(2); });
  };
  for (const double bad : {0.5, -1.0, std::nan("")}) {
    REQUIRE(id([&](Constraints& c) { c.target_compression = bad; }) == ErrorId::out_of_range);
    REQUIRE(id([&](Constraints& c) {
              c.bounds = {{0.0, 1.0}, {bad, 0.4}};
            }) == ErrorId::out_of_range);
  }
  for (const double bad : {2e6, std::numeric_limits<double>::infinity()})
    REQUIRE(id([&](Constraints& c) { c.target_compression = bad; }) == ErrorId::out_of_range);
  for (const double bad : {-0.1, 100.1, std::nan(""), std::numeric_limits<double>::infinity()})
    REQUIRE(id([&](Constraints& c) { c.max_accuracy_drop = bad; }) == ErrorId::out_of_range);
  REQUIRE(id([](Constraints& c) {
            c.bounds = {{0.0, 1.0}, {0.0, std::nan("")}};
          }) == ErrorId::out_of_range);
  REQUIRE(id([](Constraints& c) { c.bounds = {{0.0, 1.0}, {0.0, 0.0}}; }) == ErrorId::out_of_range);
  REQUIRE(id([](Constraints& c) { c.bounds = {{0.0, 1.0}}; }) == ErrorId::shape_mismatch);
  REQUIRE(id([](Constraints& c) { c.bounds = {{0.0, 1.0}, {1.0, 1.0}}; }) == ErrorId{});

  const RankedNetwork f;
  Constraints constraints;
  constraints.bounds = std::vector<Bounds>(4);
  REQUIRE(error_of([&] { (void)f.meet(Policy(5, 0.5), constraints); }) == ErrorId::shape_mismatch);
  REQUIRE(error_of([&] {
            (void)f.meet({0.5, std::nan(""), 0.5, 0.5}, target(2.0));
          }) == ErrorId::out_of_range);
}
