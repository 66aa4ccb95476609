/// @file equalise.hpp
/// Output channels of one range. A layer's weights share a step, so that a channel of small weights
/// has few codes for them; but whatever a channel is divided by, the statistics of a batch-norm
/// after the layer take out again. (Nagel et al., "Data-Free Quantization Through Weight
/// Equalization and Bias Correction", ICCV 2019, leave that to the next layer.)
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/steps.hpp"

namespace autoprune::nn {

namespace detail {

/// The batch-norm behind every matrix layer, if there is one that nobody else reads past.
[[nodiscard]] inline std::vector<std::optional<Index>> norms_of_layers(const Network& network) {
  std::vector<std::optional<Index>> norms;
  for (const Step& step : steps_of(network))
    if (network.node(step.node).has_matrix())
      norms.push_back(step.norm && network.node(*step.norm).op.is<BatchNorm>() ? step.norm
                                                                               : std::nullopt);
  return norms;
}

/// Largest magnitude among a channel's kept weights.
[[nodiscard]] inline float largest_kept(const ConstMatrixView& weights, const PruneMask& mask,
                                        Index channel) {
  float largest = 0.0F;
  mask.for_kept_rows(channel, [&](Index begin, Index end) {
    for (Index r = begin; r < end; ++r) largest = std::max(largest, std::abs(weights(channel, r)));
  });
  return largest;
}

}  // namespace detail

/// Ranges of the output channels of every matrix layer, under its mask: the largest kept magnitude
/// of each over the layer's, at least 1e-6; 1 for a channel without weights, and for one whose
/// variance eps outweighs: statistics that are measured anew would make more of it. None for a
/// layer that no batch-norm follows. Throws mask_mismatch.
[[nodiscard]] inline std::vector<std::vector<float>> channel_ranges(
    const Network& network, std::span<const PruneMask> masks) {
  constexpr float kLeast = 1e-6F;
  const std::vector<Index> layers = network.matrix_layers();
  if (masks.size() != layers.size())
    fail(ErrorId::mask_mismatch, masks.size(), " masks for ", layers.size(),
         " layers with weights; one each is needed");
  const std::vector<std::optional<Index>> norms = detail::norms_of_layers(network);
  std::vector<std::vector<float>> all(layers.size());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (!norms[k]) continue;
    const Node& bn = network.node(*norms[k]);
    const ConstMatrixView weights = weight_matrix(network.node(layers[k]).weight);
    for (Index c = 0; c < weights.rows(); ++c)
      all[k].push_back(detail::largest_kept(weights, masks[k], c));
    const float most = *std::max_element(all[k].begin(), all[k].end());
    for (std::size_t c = 0; c < all[k].size(); ++c) {
      const bool varies = bn.running_var(c) > bn.op.as<BatchNorm>()->eps;
      float& range = all[k][c];
      range = range > 0.0F && varies ? std::max(kLeast, range / most) : 1.0F;
    }
  }
  return all;
}

/// Divides each channel of a layer's weights by its range; no ranges: leaves them.
inline void divide_channels(Tensor& weight, std::span<const float> ranges) {
  MatrixView channels = weight_matrix(weight);
  for (std::size_t c = 0; c < ranges.size(); ++c) channels.row(static_cast<Index>(c)) /= ranges[c];
}

/// Divides the channels by their ranges, those of channel_ranges(), and the statistics of the
/// batch-norms with them: with these the network computes what it did. (Measured anew, they know
/// nothing of an eps that was divided, too: next to nothing where variances are well above it.)
/// Throws shape_mismatch for ranges that aren't those of the network's layers.
inline void equalise(Network& network, std::span<const std::vector<float>> ranges) {
  const std::vector<Index> layers = network.matrix_layers();
  const std::vector<std::optional<Index>> norms = detail::norms_of_layers(network);
  if (ranges.size() != layers.size())
    fail(ErrorId::shape_mismatch, "ranges of ", ranges.size(), " layers for ", layers.size());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto channels = static_cast<std::size_t>(network.node(layers[k]).filters());
    if (!ranges[k].empty() && (!norms[k] || ranges[k].size() != channels))
      fail(ErrorId::shape_mismatch, "layer '", network.node(layers[k]).name,
           "': ", ranges[k].size(), " ranges for ", norms[k] ? channels : 0,
           " channels that a batch-norm follows");
    Node& layer = network.node(layers[k]);
    divide_channels(layer.weight, ranges[k]);
    for (std::size_t c = 0; c < ranges[k].size(); ++c) {
      Node& bn = network.node(*norms[k]);
      const float range = ranges[k][c];
      if (layer.has_bias()) layer.bias(c) /= range;
      bn.running_mean(c) /= range;
      const double eps = bn.op.as<BatchNorm>()->eps, square = static_cast<double>(range) * range;
      bn.running_var(c) = static_cast<float>((bn.running_var(c) + eps) / square - eps);
    }
  }
}

}  // namespace autoprune::nn
