/// @file policy.hpp
/// The nearest policy that meets constraints.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/search/action_space.hpp"
#include "autoprune/search/constraints.hpp"
#include "autoprune/search/layer_counts.hpp"

namespace autoprune::search {

/// The policy with each keep ratio moved into its layer's bounds. Throws out_of_range or
/// shape_mismatch.
[[nodiscard]] inline Policy clamp_to_bounds(Policy policy, const Constraints& constraints) {
  constraints.validate(policy.size());
  for (std::size_t k = 0; k < policy.size(); ++k) {
    double& keep = policy[k].keep;
    if (!std::isfinite(keep))
      fail(ErrorId::out_of_range, "keep ratio ", keep, " of layer ", k,
           "; it has to be a number in (0, 1]");
    const Bounds b = constraints.bounds.empty() ? Bounds{} : constraints.bounds[k];
    const double least = std::min(b.max, std::max(kLeastKeepRatio, b.min));
    keep = std::clamp(keep, least, b.max);
  }
  return policy;
}

namespace detail {

/// Keep ratios are scaled along a grid: 1, and each other one 0.2 % below the last. So a search
/// meets the same ones again.
inline constexpr double kKeepStep = 1.002;

/// Steps from 1 down to the first keep ratio of the grid that is not above this one.
[[nodiscard]] inline Index steps_down(double keep) {
  return static_cast<Index>(std::ceil(-std::log(keep) / std::log(kKeepStep) - 1e-6));
}
[[nodiscard]] inline double on_grid(Index steps_down) {
  return std::pow(kKeepStep, -static_cast<double>(steps_down));
}

/// Every keep ratio that many steps up the grid, from the step at or below it.
[[nodiscard]] inline Policy scaled(Policy policy, Index steps) {
  for (methods::LayerPlan& plan : policy)
    plan.keep = on_grid(steps_down(std::max(plan.keep, kLeastKeepRatio)) - steps);
  return policy;
}

/// The most steps from `low` to `high` that fit; `low` does.
template <class Fits>
[[nodiscard]] Index most_steps(Index low, Index high, const Fits& fits) {
  if (fits(high)) return high;
  while (high - low > 1) {
    const Index middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace detail

/// The policy inside the bounds, scaled by one factor: to where the target compression is just
/// reached, or without a target up to where it would need another crossbar. It tells factors apart
/// that differ by 0.2 %. Where other choices of a policy leave the target out of reach, it comes as
/// near as it can; one of keep ratios alone throws infeasible_constraint. Throws what
/// clamp_to_bounds() throws.
[[nodiscard]] inline Policy scale_to_target(const Policy& policy, const Constraints& constraints,
                                            LayerCounts& counts) {
  const Policy inside = clamp_to_bounds(policy, constraints);
  const bool has_target = constraints.target_compression.has_value();
  const auto scaled = [&](Index steps) {
    Policy p = detail::scaled(policy, steps);
    for (std::size_t k = 0; k < p.size() && !has_target; ++k)
      p[k].keep = std::max(p[k].keep, inside[k].keep);
    return clamp_to_bounds(std::move(p), constraints);
  };
  const auto reached = [&](const Policy& p) {
    return compression(counts.crossbars(p), constraints.counting);
  };
  const Index all = detail::steps_down(kLeastKeepRatio);
  const double target = has_target ? *constraints.target_compression : reached(inside);
  const Index low = has_target ? -all : 0;
  if (const double most = reached(scaled(low)); most < target) {
    if (!methods::keeps_only(policy)) return scaled(low);
    fail(ErrorId::infeasible_constraint, "a compression of ", target, " can't be reached: with ",
         "every layer at its lower bound it is ", most, "; lower the target or the bounds",
         constraints.counting == Counting::per_layer ? ", or count crossbars pooled" : "");
  }
  return scaled(
      detail::most_steps(low, all, [&](Index steps) { return reached(scaled(steps)) >= target; }));
}

/// The policy, which is inside the bounds, scaled down by one factor to where what `price` says of
/// it keeps to the budgets; as it is where it does already. Where other choices of a policy leave
/// them out of reach, it comes as near as it can; one of keep ratios alone throws
/// infeasible_constraint.
template <class Price>
requires std::is_invocable_r_v<Costs, const Price&, const Policy&>
[[nodiscard]] Policy scale_to_budgets(const Policy& policy, const Constraints& constraints,
                                      const Price& price) {
  const auto missed = [&](const Policy& p) { return constraints.budgets.missed(price(p)); };
  if (missed(policy).by == 0.0) return policy;
  const auto scaled = [&](Index steps) {
    return clamp_to_bounds(detail::scaled(policy, steps), constraints);
  };
  const Index low = -detail::steps_down(kLeastKeepRatio);
  const Policy least = scaled(low);
  if (const Missed still = missed(least); still.by > 0.0) {
    if (!methods::keeps_only(policy)) return least;
    fail(ErrorId::infeasible_constraint, "the budget can't be met: with every layer at its lower ",
         "bound an inference has ", still.what,
         "; raise the budget, lower the bounds, or take other hardware");
  }
  return scaled(
      detail::most_steps(low, 0, [&](Index steps) { return missed(scaled(steps)).by == 0.0; }));
}

/// The policy with each keep ratio raised, inside its bounds, to where its layer would need another
/// crossbar of its own.
[[nodiscard]] inline Policy fill_crossbars(Policy policy, const Constraints& constraints,
                                           LayerCounts& counts) {
  for (std::size_t k = 0; k < policy.size(); ++k) {
    const double least = policy[k].keep;
    const double most = constraints.bounds.empty() ? 1.0 : constraints.bounds[k].max;
    const Index start = detail::steps_down(least), end = detail::steps_down(most) - 1;
    const Index paid = counts.at(k, policy[k]).crossbars;
    const auto raised = [&](Index steps) {
      LayerPlan plan = policy[k];
      plan.keep = std::clamp(detail::on_grid(start - steps), least, most);
      return plan;
    };
    policy[k] = raised(detail::most_steps(0, start - end, [&](Index steps) {
      return counts.at(k, raised(steps)).crossbars <= paid;
    }));
  }
  return policy;
}

/// The nearest policy that meets the constraints and wastes nothing: scaled to the target, and what
/// fills crossbars that are there anyway kept. Throws what scale_to_target() throws.
[[nodiscard]] inline Policy meet_constraints(const Policy& policy, const Constraints& constraints,
                                             LayerCounts& counts) {
  Policy met = scale_to_target(policy, constraints, counts);
  if (constraints.counting == Counting::pooled) return met;  // one factor has filled them
  return fill_crossbars(std::move(met), constraints, counts);
}

}  // namespace autoprune::search
