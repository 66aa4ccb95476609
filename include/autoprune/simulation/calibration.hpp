/// @file calibration.hpp
/// The ranges that the integers of a layer cover, from the values they take on training images.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/matrix_layer.hpp"
#include "autoprune/nn/product_guard.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/simulation/running_range.hpp"

namespace autoprune::simulation {

/// How a range follows from the values.
enum class RangeRule {
  percentile,  ///< the magnitude that CalibrationConfig::percentile % of the values don't exceed
  maximum,     ///< the largest magnitude
  running      ///< 3 std + |mean|, followed from batch to batch
};

[[nodiscard]] constexpr auto words_of(RangeRule) {
  using enum RangeRule;
  return std::to_array<Word<RangeRule>>(
      {{percentile, "percentile"}, {maximum, "maximum"}, {running, "running"}});
}

struct CalibrationConfig {
  RangeRule rule = RangeRule::percentile;
  double percentile = 99.9;

  /// Throws out_of_range.
  void validate() const {
    if (!(percentile > 0.0 && percentile <= 100.0))
      fail(ErrorId::out_of_range, "percentile ", percentile, "; above 0, at most 100");
  }
};

/// What the values of one feature map cover.
struct Range {
  double largest = 0.0;     ///< value of the largest code; 0: there was nothing but zeros
  bool negative = false;    ///< some were below 0
  bool calibrated = false;  ///< values were seen
};

/// What goes into a matrix layer, and what its product puts out before bias and batch-norm.
struct LayerRanges {
  Range input, output;

  /// Throws wrong_order, naming the layer, unless both are known.
  void require(const nn::Node& layer) const {
    if (!input.calibrated || !output.calibrated)
      fail(ErrorId::wrong_order, "layer '", layer.name,
           "' has no range of its inputs and outputs; calibrate the network on images first");
  }
};

/// Follows the values of one feature map over batches.
class RangeObserver {
 public:
  explicit RangeObserver(const CalibrationConfig& config) : config_(config) { config.validate(); }

  /// Throws not_finite.
  void observe(const nn::Activation& map) {
    values_.clear();
    // Every n-th value suffices for a percentile; which ones depends on the shape alone.
    const Index size = map.shape().size();
    const Index stride =
        config_.rule == RangeRule::percentile ? std::max<Index>(1, size / kValuesAnImage) : 1;
    for (Index image = 0; image < map.images(); ++image) {
      const float* block = map.block(image / nn::kLanes) + image % nn::kLanes;
      for (Index i = image % stride; i < size; i += stride) see(block[i * nn::kLanes]);
    }
    if (config_.rule == RangeRule::running)
      running_.observe(values_);
    else
      magnitudes_.insert(magnitudes_.end(), values_.begin(), values_.end());
    if (config_.rule == RangeRule::maximum) keep_largest();
  }

  [[nodiscard]] Range range() {
    if (!seen_) return {};
    if (config_.rule == RangeRule::running) return {running_.value(), negative_, true};
    for (float& value : magnitudes_) value = std::abs(value);
    const auto last = static_cast<double>(magnitudes_.size() - 1);
    const auto rank = config_.rule == RangeRule::maximum
                          ? static_cast<std::ptrdiff_t>(last)
                          : static_cast<std::ptrdiff_t>(last * config_.percentile / 100.0);
    std::nth_element(magnitudes_.begin(), magnitudes_.begin() + rank, magnitudes_.end());
    // Where nearly everything is 0, the percentile may be: then the largest value counts.
    const float at_rank = magnitudes_[static_cast<std::size_t>(rank)];
    const float largest = *std::max_element(magnitudes_.begin(), magnitudes_.end());
    return {static_cast<double>(at_rank > 0.0F ? at_rank : largest), negative_, true};
  }

 private:
  static constexpr Index kValuesAnImage = 512;

  void see(float value) {
    if (!std::isfinite(value))
      fail(ErrorId::not_finite, "an activation of ", value,
           " while calibrating; check the weights");
    negative_ = negative_ || value < 0.0F;
    seen_ = true;
    values_.push_back(value);
  }
  void keep_largest() {
    const auto larger = [](float a, float b) { return std::abs(a) < std::abs(b); };
    const float largest = *std::max_element(magnitudes_.begin(), magnitudes_.end(), larger);
    magnitudes_.assign(1, largest);
  }

  CalibrationConfig config_;
  std::vector<float> values_, magnitudes_;
  RunningRange running_;
  bool negative_ = false, seen_ = false;
};

/// The ranges of every matrix layer of the session's network under `masks`, in order. Outputs are
/// followed from batch to batch, for ADCs that are fitted to them. Throws empty_data, not_finite,
/// out_of_range, mask_mismatch.
[[nodiscard]] inline std::vector<LayerRanges> calibrate(nn::Session& session,
                                                        std::span<const PruneMask> masks,
                                                        std::span<const nn::Batch> batches,
                                                        const CalibrationConfig& config = {}) {
  if (batches.empty()) fail(ErrorId::empty_data, "calibration on no images");
  const nn::Network& network = session.network();
  const std::vector<Index> nodes = network.matrix_layers();
  if (masks.size() != nodes.size())
    fail(ErrorId::mask_mismatch, masks.size(), " masks for ", nodes.size(),
         " layers with weights; one each is needed");
  struct Watched {
    nn::MatrixLayer layer;
    RangeObserver input, output;
  };
  std::map<Index, Watched> watched;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    nn::MatrixLayer layer(network, network.node(nodes[k]), masks[k]);
    layer.pack(network.node(nodes[k]).weight, false, session.pool());
    watched.try_emplace(nodes[k], Watched{std::move(layer), RangeObserver(config),
                                          RangeObserver({RangeRule::running})});
  }
  const nn::ProductGuard guard(session,
                               [&](Index node, const nn::Activation& x, nn::Activation& y) {
                                 Watched& w = watched.at(node);
                                 if (!w.layer.forward(x, y, {}, session.pool()))
                                   nn::detail::fail_output(network.node(node));
                                 w.input.observe(x);
                                 w.output.observe(y);
                               });
  for (const nn::Batch& batch : batches) session.logits_of(batch.images);
  std::vector<LayerRanges> ranges;
  for (const Index node : nodes)
    ranges.push_back({watched.at(node).input.range(), watched.at(node).output.range()});
  return ranges;
}

}  // namespace autoprune::simulation
