/// @file layer_codes.hpp
/// Weights and inputs of a matrix layer as integers, in floating point: what a network that is
/// trained for an accelerator computes with. Gradients pass straight through the rounding (Jacob et
/// al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
/// Inference", CVPR 2018).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::nn {

/// Numbers as integers times a step: rounded to the nearest, half to even, and cut off at the
/// largest code.
struct Codes {
  Index bits = 0;        ///< magnitude bits, at most 16; 0: real numbers
  double largest = 0.0;  ///< value of the largest code
  bool negative = true;  ///< numbers below 0 have codes

  [[nodiscard]] bool rounds() const noexcept { return bits > 0; }
  /// Value of code 1. Any step does for zeros, and for what is so small that float32 can't divide
  /// by it; codes then reach up to 1.
  [[nodiscard]] double step() const noexcept {
    const double codes = largest_code(bits), step = largest / codes;
    return step >= static_cast<double>(std::numeric_limits<float>::min()) ? step : 1.0 / codes;
  }

  friend bool operator==(const Codes&, const Codes&) = default;
};

/// Of a matrix layer.
struct LayerCodes {
  Codes weights, inputs;
  /// What the weights of each output channel are divided by to have codes; empty: 1.
  std::vector<float> ranges = {};

  friend bool operator==(const LayerCodes&, const LayerCodes&) = default;
};

namespace detail {

inline void require(const Codes& codes) {
  if (codes.bits < 0 || codes.bits > 16)
    fail(ErrorId::out_of_range, "codes of ", codes.bits, " magnitude bits; 0 to 16 are possible");
  if (!(codes.largest >= 0.0 && std::isfinite(codes.largest)))
    fail(ErrorId::not_finite, "codes up to a value of ", codes.largest,
         "; check weights and images");
}

/// One range a channel, or none. `name`: of the layer.
inline void require_ranges(const LayerCodes& codes, Index channels, std::string_view name) {
  if (!codes.ranges.empty() && std::ssize(codes.ranges) != channels)
    fail(ErrorId::shape_mismatch, name, ": ", codes.ranges.size(), " ranges for ", channels,
         " channels");
}

}  // namespace detail

/// Throws shape_mismatch, out_of_range or not_finite unless these are codes of the network's matrix
/// layers, or of none.
inline void require(std::span<const LayerCodes> codes, const Network& network) {
  const std::vector<Index> layers = network.matrix_layers();
  if (!codes.empty() && codes.size() != layers.size())
    fail(ErrorId::shape_mismatch, codes.size(), " pairs of codes for ", layers.size(),
         " layers with weights; one each is needed");
  for (std::size_t k = 0; k < codes.size(); ++k) {
    detail::require(codes[k].weights);
    detail::require(codes[k].inputs);
    const Node& node = network.node(layers[k]);
    detail::require_ranges(codes[k], node.filters(), node.name);
    for (const float range : codes[k].ranges)
      if (!(range > 0.0F && std::isfinite(range)))
        fail(ErrorId::not_finite, "a channel's range of ", range, "; check the weights");
  }
}

/// The integer of a real number.
[[nodiscard]] inline std::int32_t to_code(double value, double step, Index bits) noexcept {
  const double most = largest_code(bits);
  return static_cast<std::int32_t>(std::clamp(std::nearbyint(value / step), -most, most));
}

/// Weights rounded to codes that may be negative; `rounded` gets their shape, and may be the same.
/// Throws shape_mismatch for ranges of another number of channels.
inline void round_weights(const Tensor& weight, const LayerCodes& codes, Tensor& rounded,
                          ThreadPool& pool) {
  const ConstMatrixView from = weight_matrix(weight);
  detail::require_ranges(codes, from.rows(), "weights");
  const double step = codes.weights.step();
  if (&rounded != &weight) rounded.resize(weight.shape());
  MatrixView to = weight_matrix(rounded);
  pool.for_each(from.rows(), [&](Index c) {
    const float range = codes.ranges.empty() ? 1.0F : codes.ranges[static_cast<std::size_t>(c)];
    for (Index r = 0; r < from.cols(); ++r) {
      const auto value = static_cast<double>(from(c, r) / range);
      to(c, r) = range * static_cast<float>(to_code(value, step, codes.weights.bits) * step);
    }
  });
}

/// Inputs in floats, as data paths and training round them.
class InputRounding {
 public:
  explicit InputRounding(const Codes& codes)
      : step_(codes.step()),
        scale_(static_cast<float>(1.0 / step_)),
        most_(static_cast<float>(largest_code(codes.bits))),
        least_(codes.negative ? -most_ : 0.0F) {}

  [[nodiscard]] float code(float x) const noexcept {
    return std::nearbyint(std::min(most_, std::max(least_, x * scale_)));
  }
  /// Whether it isn't cut off.
  [[nodiscard]] bool inside(float x) const noexcept {
    return x * scale_ >= least_ && x * scale_ <= most_;
  }

  /// The integers. Resizes `codes`.
  void encode(const Activation& x, Activation& codes, ThreadPool& pool) const {
    each(x, codes, pool, [this](float v) { return code(v); });
  }
  /// What the integers stand for. Resizes `rounded`.
  void round(const Activation& x, Activation& rounded, ThreadPool& pool) const {
    each(x, rounded, pool,
         [this, step = static_cast<float>(step_)](float v) { return step * code(v); });
  }
  /// The gradient of round(): 1 for what isn't cut off.
  void clip_gradient(const Activation& x, Activation& dx, ThreadPool& pool) const {
    pool.for_each(x.blocks(), [&](Index b) {
      const float* from = x.block(b);
      float* to = dx.block(b);
      for (Index i = 0; i < x.block_size(); ++i) to[i] = inside(from[i]) ? to[i] : 0.0F;
    });
  }

 private:
  template <class F>
  static void each(const Activation& x, Activation& y, ThreadPool& pool, const F& f) {
    y.resize(x.shape(), x.images());
    pool.for_each(x.blocks(), [&](Index b) {
      const float* from = x.block(b);
      float* to = y.block(b);
      for (Index i = 0; i < x.block_size(); ++i) to[i] = f(from[i]);
    });
  }

  double step_;
  float scale_, most_, least_;
};

}  // namespace autoprune::nn
