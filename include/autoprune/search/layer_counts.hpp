/// @file layer_counts.hpp
/// What each layer takes under a plan, counted once: a search asks for the same few thousand keep
/// ratios hundreds of thousands of times, and some methods take milliseconds to answer.
#pragma once

#include <functional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/search/compressor.hpp"
#include "autoprune/search/rankings.hpp"

namespace autoprune::search {

/// For one thread at a time.
class LayerCounts {
 public:
  /// Under any plans. Holds references to both.
  LayerCounts(const Compressor& compressor, Rankings& rankings)
      : LayerCounts(compressor, rankings.own().size(), [&](std::size_t k, const LayerPlan& plan) {
          return rankings.at(k, plan).mask(plan.keep);
        }) {}
  /// Where plans decide of keep ratios alone.
  LayerCounts(const Compressor& compressor, std::span<const Ranking> layers)
      : LayerCounts(compressor, layers.size(), [layers](std::size_t k, const LayerPlan& plan) {
          return layers[k].mask(plan.keep);
        }) {}
  LayerCounts(const LayerCounts&) = delete;
  LayerCounts& operator=(const LayerCounts&) = delete;

  [[nodiscard]] std::size_t layers() const noexcept { return counted_.size(); }

  /// Of the matrix layer with that number, from 0. Throws out_of_range.
  [[nodiscard]] const mapping::LayerCount& at(std::size_t layer, const LayerPlan& plan) {
    auto& counted = of_kind(counted_[layer], plan).counts;
    if (const auto found = counted.find(plan.keep); found != counted.end()) return found->second;
    const PruneMask mask = mask_(layer, plan);
    return counted[plan.keep] = compressor_.count(static_cast<Index>(layer), plan, mask);
  }

  /// Crossbars of the network. Throws shape_mismatch or out_of_range.
  [[nodiscard]] mapping::CrossbarCount crossbars(std::span<const LayerPlan> policy) {
    if (policy.size() != layers())
      fail(ErrorId::shape_mismatch, policy.size(), " keep ratios for ", layers(),
           " layers with weights; one each is needed");
    std::vector<mapping::LayerCount> counts;
    for (std::size_t k = 0; k < layers(); ++k) counts.push_back(at(k, policy[k]));
    return mapping::sum_counts(std::move(counts)).crossbars;
  }

 private:
  using MaskOf = std::function<PruneMask(std::size_t layer, const LayerPlan&)>;
  /// Counts of plans that differ in nothing but keep ratios.
  struct Kind {
    LayerPlan plan;  // keeps everything
    std::unordered_map<double, mapping::LayerCount> counts;
  };

  LayerCounts(const Compressor& compressor, std::size_t layers, MaskOf mask)
      : compressor_(compressor), mask_(std::move(mask)), counted_(layers) {}

  static Kind& of_kind(std::vector<Kind>& kinds, const LayerPlan& plan) {
    LayerPlan of = plan;
    of.keep = 1.0;
    of.hardware.input_bits = of.hardware.adc_bits = {};  // which change no count
    for (Kind& kind : kinds)
      if (kind.plan == of) return kind;
    return kinds.emplace_back(Kind{of, {}});
  }

  const Compressor& compressor_;
  MaskOf mask_;
  std::vector<std::vector<Kind>> counted_;  // of every layer
};

}  // namespace autoprune::search
