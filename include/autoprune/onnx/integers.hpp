/// @file integers.hpp
/// Weights as integers times a step: what DequantizeLinear makes of those of a model, and the
/// integers that weights of a network are, to be written with it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/layer_codes.hpp"
#include "autoprune/onnx/graph.hpp"

namespace autoprune::onnx {

/// Ends of names: of a parameter's integers and of their scale, as ONNX Runtime's quantiser has
/// them.
inline constexpr std::string_view kQuantised = "_quantized", kScale = "_scale";

/// Weights as (code * step) in float32.
struct IntegerWeights {
  float step = 1.0F;
  std::vector<std::int32_t> codes = {};  ///< in the weights' order
};

/// The codes of `bits` magnitude bits that weights exactly are, the largest magnitude's being the
/// largest of all; nothing where they are no such integers. What search::Quantiser writes is.
[[nodiscard]] inline std::optional<IntegerWeights> integer_weights(const Tensor& weight,
                                                                   Index bits) {
  float largest = 0.0F;
  for (const float w : weight) largest = std::max(largest, std::abs(w));
  const float about =
      largest > 0.0F ? largest / static_cast<float>(largest_code(bits)) : IntegerWeights{}.step;
  if (!std::isfinite(about) || about < std::numeric_limits<float>::min()) return std::nullopt;
  // The largest weight was rounded, so that the step may be a neighbour.
  for (const float step : {about, std::nextafter(about, 0.0F), std::nextafter(about, 2 * about)}) {
    IntegerWeights made{step};
    made.codes.reserve(weight.size());
    const auto is_one = [&](float w) {
      if (!std::isfinite(w)) return false;
      made.codes.push_back(nn::to_code(static_cast<double>(w), static_cast<double>(step), bits));
      return static_cast<float>(made.codes.back()) * step == w;
    };
    if (std::all_of(weight.begin(), weight.end(), is_one)) return made;
  }
  return std::nullopt;
}

namespace detail {

/// Integers times a scale, one for all or one for each place along an axis. Throws Unsupported.
[[nodiscard]] inline Constant dequantised(const GraphNode& node) {
  const Constant &x = node.known(0), &scale = node.known(1), *zero = node.constant(2);
  if (node.integer("block_size", 0) != 0 || scale.shape.size() > 1)
    throw Unsupported{"scales of blocks; one for all or one a place along an axis is read"};
  if (zero != nullptr && zero->size() != scale.size())
    throw Unsupported{concat(zero->size(), " zero points beside ", scale.size(), " scales")};
  const auto* codes = std::get_if<Integers>(&x.values);
  if (codes == nullptr) throw Unsupported{"real numbers where integers are needed"};
  const bool one = scale.size() == 1;
  std::size_t extent = 1, run = x.size();
  if (!one) {
    const std::size_t axis = axis_of(node.integer("axis", 1), x.shape.size());
    extent = scale.size();
    if (static_cast<Index>(extent) != x.shape[axis])
      throw Unsupported{concat(extent, " scales along an axis of ", x.shape[axis])};
    run = static_cast<std::size_t>(
        size_of({x.shape.begin() + static_cast<Index>(axis) + 1, x.shape.end()}));
  }
  Reals y;
  y.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t k = one ? 0 : i / run % extent;
    const double off = zero == nullptr ? 0.0 : static_cast<double>(zero->real(k));
    y.push_back(static_cast<float>(static_cast<double>((*codes)[i]) - off) * scale.real(k));
  }
  return {x.shape, std::move(y)};
}

}  // namespace detail

}  // namespace autoprune::onnx
