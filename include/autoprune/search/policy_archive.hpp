/// @file policy_archive.hpp
/// Policies, and what became of them, in a checkpoint or a message.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "autoprune/methods/layer_plan.hpp"
#include "autoprune/search/archive.hpp"
#include "autoprune/search/proposal.hpp"

namespace autoprune::search {

namespace detail {

/// What a plan decides beside the keep ratio; 0 where it decides nothing.
using PlanNumbers = std::array<double, 9>;

[[nodiscard]] inline PlanNumbers plan_numbers(const methods::LayerPlan& plan) {
  const auto number = [](std::optional<Index> n) { return static_cast<double>(n.value_or(0)); };
  const hardware::LayerHardware& h = plan.hardware;
  const auto extent = [&](auto of) { return h.geometry ? number(of(*h.geometry)) : 0.0; };
  return {number(plan.granularity),
          number(h.weight_bits),
          number(h.input_bits),
          number(h.adc_bits),
          extent([](const Geometry<>& g) { return g.xbar_rows; }),
          extent([](const Geometry<>& g) { return g.xbar_cols; }),
          extent([](const Geometry<>& g) { return g.ou_rows; }),
          extent([](const Geometry<>& g) { return g.ou_cols; }),
          extent([](const Geometry<>& g) { return g.cell_bits; })};
}

/// Throws checkpoint_mismatch, or what Geometry::validate() throws.
inline void set_plan(methods::LayerPlan& plan, std::span<const double> numbers) {
  std::array<Index, 9> whole{};
  for (std::size_t i = 0; i < whole.size(); ++i)
    whole[i] = stored_integer(numbers[i], "plans", kMaxCrossbarSize);
  const auto given = [](Index n) { return n > 0 ? std::optional(n) : std::nullopt; };
  plan.granularity = given(whole[0]);
  plan.hardware = {{}, given(whole[1]), given(whole[2]), given(whole[3])};
  if (whole[4] == 0) return;
  plan.hardware.geometry = Geometry<>(whole[4], whole[5], whole[6], whole[7], whole[8]);
  plan.hardware.geometry->validate();
}

}  // namespace detail

inline void add_plan(Fingerprint& print, const methods::LayerPlan& plan) {
  print.add(plan.keep).add(std::span<const double>(detail::plan_numbers(plan)));
}

/// Visits a policy of as many layers as it has. Throws checkpoint_mismatch for a keep ratio that
/// isn't finite.
template <class Archive>
void visit_policy(Archive& archive, methods::Policy& policy) {
  std::vector<double> keep_ratios = methods::keep_ratios(policy), numbers;
  for (const methods::LayerPlan& plan : policy)
    for (const double n : detail::plan_numbers(plan)) numbers.push_back(n);
  visit_finite(archive, "policy", keep_ratios);
  bool planned = !methods::keeps_only(policy);
  visit_integer(archive, "planned", planned, 1);
  if (planned) archive("plans", std::span<double>(numbers));
  if constexpr (Archive::loading) {
    const std::size_t each = detail::PlanNumbers{}.size();
    for (std::size_t k = 0; k < policy.size(); ++k) {
      policy[k] = keep_ratios[k];
      if (planned) detail::set_plan(policy[k], std::span(numbers).subspan(k * each, each));
    }
  }
}

/// Visits the outcome of a policy of that many layers. Throws checkpoint_mismatch for numbers that
/// make no sense.
template <class Archive>
void visit_outcome(Archive& archive, Outcome& o, std::size_t layers) {
  std::array<double, 9> numbers = {o.accuracy,
                                   o.reward,
                                   o.feasible ? 1.0 : 0.0,
                                   static_cast<double>(o.crossbars.dense),
                                   static_cast<double>(o.crossbars.per_layer),
                                   static_cast<double>(o.crossbars.pooled),
                                   o.costs.energy_nj,
                                   o.costs.latency_ns,
                                   o.costs.area_um2};
  o.policy.resize(layers);
  o.keep_ratios.resize(layers);
  visit_policy(archive, o.policy);
  check_keep_ratios(methods::keep_ratios(o.policy));
  visit_keep_ratios(archive, "keep_ratios", o.keep_ratios);
  visit_finite(archive, "figures", numbers);
  o.accuracy = numbers[0];
  o.reward = numbers[1];
  o.feasible = stored_integer(numbers[2], "feasible", 1) == 1;
  o.crossbars = {stored_integer(numbers[3], "crossbars"), stored_integer(numbers[4], "crossbars"),
                 stored_integer(numbers[5], "crossbars")};
  o.costs = {numbers[6], numbers[7], numbers[8]};
}

}  // namespace autoprune::search
