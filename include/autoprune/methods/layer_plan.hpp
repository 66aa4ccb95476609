/// @file layer_plan.hpp
/// What is decided of one layer: pruning, mixed precision and mixed crossbars are one thing.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/hardware/layer_hardware.hpp"

namespace autoprune::methods {

/// What isn't given is the method's and the accelerator's.
struct LayerPlan {
  double keep = 1.0;                      ///< keep ratio, in (0, 1]
  std::optional<Index> granularity = {};  ///< rows of a column-vector
  hardware::LayerHardware hardware = {};

  LayerPlan() = default;
  LayerPlan(double keep_ratio) : keep(keep_ratio) {}  // NOLINT: a keep ratio is a plan
  LayerPlan(double keep_ratio, std::optional<Index> rows, hardware::LayerHardware on)
      : keep(keep_ratio), granularity(rows), hardware(std::move(on)) {}

  /// Whether it decides of the keep ratio alone.
  [[nodiscard]] bool keeps_only() const { return !granularity && hardware.empty(); }

  friend bool operator==(const LayerPlan&, const LayerPlan&) = default;
};

/// One plan a matrix layer, in order.
using Policy = std::vector<LayerPlan>;

[[nodiscard]] inline std::vector<double> keep_ratios(std::span<const LayerPlan> policy) {
  std::vector<double> ratios;
  for (const LayerPlan& plan : policy) ratios.push_back(plan.keep);
  return ratios;
}

/// Whether no plan decides of more than keep ratios.
[[nodiscard]] inline bool keeps_only(std::span<const LayerPlan> plans) {
  return std::all_of(plans.begin(), plans.end(), [](const LayerPlan& p) { return p.keeps_only(); });
}

/// The policy, and what it doesn't decide as the plans say; these may be none. Throws
/// shape_mismatch.
[[nodiscard]] inline Policy decided(Policy policy, std::span<const LayerPlan> plans) {
  if (!plans.empty() && plans.size() != policy.size())
    fail(ErrorId::shape_mismatch, "plans of ", plans.size(), " layers for a policy of ",
         policy.size(), "; one each is needed");
  for (std::size_t k = 0; k < plans.size(); ++k) {
    if (!policy[k].granularity) policy[k].granularity = plans[k].granularity;
    policy[k].hardware = policy[k].hardware.over(plans[k].hardware);
  }
  return policy;
}

/// The accelerator with what the plans say of its layers. Throws shape_mismatch, and what
/// Accelerator::validate() throws.
[[nodiscard]] inline hardware::Accelerator planned(hardware::Accelerator accelerator,
                                                   std::span<const LayerPlan> plans) {
  const auto decides = [](const LayerPlan& plan) { return !plan.hardware.empty(); };
  if (std::none_of(plans.begin(), plans.end(), decides)) return accelerator;
  accelerator.require_layers(plans.size());
  accelerator.layers.resize(plans.size());
  for (std::size_t k = 0; k < plans.size(); ++k)
    accelerator.layers[k] = plans[k].hardware.over(accelerator.layers[k]);
  accelerator.validate();
  return accelerator;
}

/// The policy of so many layers, and what it leaves open as the accelerator has its layers, with
/// the bits of weights and inputs that have other than 8: what is written with a network remembers
/// the integers that it was pruned to.
[[nodiscard]] inline Policy with_bits(Policy policy, const hardware::Accelerator& accelerator,
                                      std::size_t layers) {
  accelerator.require_layers(layers);
  const Index weights = accelerator.weights.weight_bits, inputs = accelerator.inputs.bits;
  LayerPlan everywhere;
  if (weights != 8) everywhere.hardware.weight_bits = weights;
  if (inputs != 8) everywhere.hardware.input_bits = inputs;
  Policy own(layers, everywhere);
  for (std::size_t k = 0; k < accelerator.layers.size(); ++k)
    own[k].hardware = accelerator.layers[k].over(everywhere.hardware);
  if (keeps_only(own)) return policy;
  policy.resize(layers);
  return decided(std::move(policy), own);
}

}  // namespace autoprune::methods
