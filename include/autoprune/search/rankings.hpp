/// @file rankings.hpp
/// The layers of a network, ranked for whatever plan asks: another granularity or crossbar ranks
/// them anew, another keep ratio doesn't.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/hardware/layer_hardware.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::search {

/// For many threads at a time.
class Rankings {
 public:
  /// Holds references to network and compressor. `gradients` holds dL/dw of every matrix layer, or
  /// nothing. Throws what Compressor::rank() throws.
  Rankings(const nn::Network& network, const Compressor& compressor,
           std::vector<Tensor> gradients = {})
      : network_(network),
        nodes_(network.matrix_layers()),
        compressor_(compressor),
        gradients_(std::move(gradients)),
        own_(compressor.rank(network, gradients_)) {}

  /// Those of the compressor itself.
  [[nodiscard]] std::span<const Ranking> own() const noexcept { return own_; }

  /// Of the matrix layer with that number, from 0. Throws what the method throws under the plan.
  [[nodiscard]] const Ranking& at(std::size_t layer, const LayerPlan& plan) {
    LayerPlan asked = plan;
    asked.keep = 1.0;
    asked.hardware.input_bits = asked.hardware.adc_bits = {};  // which rank nothing
    if (asked.keeps_only()) return own_[layer];
    const std::lock_guard lock(mutex_);
    for (const Planned& known : planned_)
      if (known.layer == layer && known.plan == asked) return *known.ranking;
    const Tensor* gradient = gradients_.empty() ? nullptr : &gradients_[layer];
    planned_.push_back(
        {layer, asked,
         std::make_unique<const Ranking>(compressor_.rank(
             static_cast<Index>(layer), asked, network_.node(nodes_[layer]), gradient))});
    return *planned_.back().ranking;
  }

  /// Throws shape_mismatch.
  [[nodiscard]] std::vector<PruneMask> masks(std::span<const LayerPlan> policy) {
    if (policy.size() != own_.size())
      fail(ErrorId::shape_mismatch, policy.size(), " keep ratios for ", own_.size(),
           " layers with weights; one each is needed");
    std::vector<PruneMask> all;
    for (std::size_t k = 0; k < policy.size(); ++k)
      all.push_back(at(k, policy[k]).mask(policy[k].keep));
    return all;
  }

 private:
  struct Planned {
    std::size_t layer;
    LayerPlan plan;
    std::unique_ptr<const Ranking> ranking;
  };

  const nn::Network& network_;
  std::vector<Index> nodes_;
  const Compressor& compressor_;
  std::vector<Tensor> gradients_;
  std::vector<Ranking> own_;
  std::mutex mutex_;
  std::vector<Planned> planned_;
};

}  // namespace autoprune::search
