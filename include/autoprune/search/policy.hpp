/// @file policy.hpp
/// A policy, the constraints on it, and the nearest policy that meets them.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::search {

/// Keep ratio of every matrix layer, in order.
using Policy = std::vector<double>;

/// Which crossbars count: a layer's own, or those that all layers share.
enum class Counting { per_layer, pooled };

[[nodiscard]] inline double compression(const mapping::CrossbarCount& count, Counting counting) {
  return counting == Counting::pooled ? count.compression_pooled() : count.compression_per_layer();
}

/// Keep ratios that a layer may have, to the nearest OU; 1 to 1 freezes it.
struct Bounds {
  double min = 0.0, max = 1.0;
};

struct Constraints {
  /// At least this crossbar compression: the policy is scaled until it is met.
  std::optional<double> target_compression = {};
  /// Highest loss of held-out accuracy against the dense network, in points, before fine-tuning.
  std::optional<double> max_accuracy_drop = {};
  Counting counting = Counting::per_layer;  ///< of the target and of the reward
  std::vector<Bounds> bounds = {};          ///< one a matrix layer; empty: none

  /// Throws out_of_range or shape_mismatch.
  void validate(std::size_t layers) const {
    if (target_compression && !(*target_compression >= 1.0))
      fail(ErrorId::out_of_range, "target compression ", *target_compression,
           "; it has to be at least 1");
    if (max_accuracy_drop && !(*max_accuracy_drop >= 0.0))
      fail(ErrorId::out_of_range, "highest accuracy drop ", *max_accuracy_drop,
           " points; it can't be negative");
    if (!bounds.empty() && bounds.size() != layers)
      fail(ErrorId::shape_mismatch, bounds.size(), " bounds for ", layers, " layers");
    for (const Bounds& b : bounds)
      if (!(b.min >= 0.0 && b.min <= b.max && b.max <= 1.0 && b.max > 0.0))
        fail(ErrorId::out_of_range, "keep ratio bounds ", b.min, " to ", b.max,
             "; needs 0 <= min <= max <= 1 and max > 0");
  }
};

/// Smallest keep ratio that a policy holds; every layer keeps at least one vector anyway.
inline constexpr double kLeastKeepRatio = 1e-4;

/// The policy with each keep ratio moved into its layer's bounds. Throws out_of_range or
/// shape_mismatch.
[[nodiscard]] inline Policy clamp_to_bounds(Policy policy, const Constraints& constraints) {
  constraints.validate(policy.size());
  for (std::size_t k = 0; k < policy.size(); ++k) {
    const Bounds b = constraints.bounds.empty() ? Bounds{} : constraints.bounds[k];
    const double least = std::min(b.max, std::max(kLeastKeepRatio, b.min));
    policy[k] = std::clamp(policy[k], least, b.max);
  }
  return policy;
}

namespace detail {

/// The largest keep ratio, to 0.2 %, of those from `low` to `high` that fit; `low` does.
template <class Fits>
[[nodiscard]] double largest_that_fits(double low, double high, const Fits& fits) {
  if (fits(high)) return high;
  while (high / low > 1.002) {
    const double middle = std::sqrt(low * high);
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace detail

/// The policy inside the bounds, scaled by one factor: to where the target compression is just
/// reached, or without a target up to where it would need another crossbar. Throws
/// infeasible_constraint when the bounds can't allow the target.
[[nodiscard]] inline Policy scale_to_target(const Policy& policy, const Constraints& constraints,
                                            const Compressor& compressor,
                                            std::span<const Ranking> layers) {
  const auto scaled = [&](double factor) {
    Policy p = policy;
    for (double& keep : p) keep *= factor;
    return clamp_to_bounds(std::move(p), constraints);
  };
  const auto reached = [&](double factor) {
    const auto count = compressor.count(Compressor::masks(layers, scaled(factor)));
    return compression(count.crossbars, constraints.counting);
  };
  const bool has_target = constraints.target_compression.has_value();
  const double target = has_target ? *constraints.target_compression : reached(1.0);
  const double low = has_target ? 1e-4 : 1.0;
  if (const double most = reached(low); most < target)
    fail(ErrorId::infeasible_constraint, "a compression of ", target, " can't be reached: with ",
         "every layer at its lower bound it is ", most, "; lower the target or the bounds",
         constraints.counting == Counting::per_layer ? ", or count crossbars pooled" : "");
  return scaled(detail::largest_that_fits(
      low, 1e4, [&](double factor) { return reached(factor) >= target; }));
}

/// The policy with each keep ratio raised, inside its bounds, to where its layer would need another
/// crossbar of its own.
[[nodiscard]] inline Policy fill_crossbars(Policy policy, const Constraints& constraints,
                                           const Compressor& compressor,
                                           std::span<const Ranking> layers) {
  for (std::size_t k = 0; k < policy.size(); ++k) {
    const auto crossbars = [&](double keep) {
      return compressor.count(static_cast<Index>(k), layers[k].mask(keep)).crossbars;
    };
    const double most = constraints.bounds.empty() ? 1.0 : constraints.bounds[k].max;
    const Index paid = crossbars(policy[k]);
    policy[k] = detail::largest_that_fits(policy[k], most,
                                          [&](double keep) { return crossbars(keep) <= paid; });
  }
  return policy;
}

/// The nearest policy that meets the constraints and wastes nothing: scaled to the target, and what
/// fills crossbars that are there anyway kept. Throws what scale_to_target() throws.
[[nodiscard]] inline Policy meet_constraints(const Policy& policy, const Constraints& constraints,
                                             const Compressor& compressor,
                                             std::span<const Ranking> layers) {
  Policy met = scale_to_target(policy, constraints, compressor, layers);
  if (constraints.counting == Counting::pooled) return met;  // one factor has filled them
  return fill_crossbars(std::move(met), constraints, compressor, layers);
}

}  // namespace autoprune::search
