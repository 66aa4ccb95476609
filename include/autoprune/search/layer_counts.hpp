/// @file layer_counts.hpp
/// What each layer takes at a keep ratio, counted once: a search asks for the same few thousand
/// keep ratios hundreds of thousands of times, and some methods take milliseconds to answer.
#pragma once

#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::search {

/// For one thread at a time.
class LayerCounts {
 public:
  /// Holds references to both.
  LayerCounts(const Compressor& compressor, std::span<const Ranking> layers)
      : compressor_(compressor), layers_(layers), counted_(layers.size()) {}
  LayerCounts(const LayerCounts&) = delete;
  LayerCounts& operator=(const LayerCounts&) = delete;

  [[nodiscard]] std::size_t layers() const noexcept { return layers_.size(); }

  /// Of the matrix layer with that number, from 0. Throws out_of_range.
  [[nodiscard]] const mapping::LayerCount& at(std::size_t layer, double keep_ratio) {
    auto& counted = counted_[layer];
    if (const auto found = counted.find(keep_ratio); found != counted.end()) return found->second;
    const PruneMask mask = layers_[layer].mask(keep_ratio);
    return counted[keep_ratio] = compressor_.count(static_cast<Index>(layer), mask);
  }

  /// Crossbars of the network, one keep ratio a layer. Throws shape_mismatch or out_of_range.
  [[nodiscard]] mapping::CrossbarCount crossbars(std::span<const double> keep_ratios) {
    if (keep_ratios.size() != layers())
      fail(ErrorId::shape_mismatch, keep_ratios.size(), " keep ratios for ", layers(),
           " layers with weights; one each is needed");
    std::vector<mapping::LayerCount> counts;
    for (std::size_t k = 0; k < layers(); ++k) counts.push_back(at(k, keep_ratios[k]));
    return mapping::sum_counts(std::move(counts)).crossbars;
  }

 private:
  const Compressor& compressor_;
  std::span<const Ranking> layers_;
  std::vector<std::unordered_map<double, mapping::LayerCount>> counted_;  // by keep ratio
};

}  // namespace autoprune::search
