/// @file elementwise.hpp
/// Loops over numbers that lie side by side, which several operations and the matrix products
/// share.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/finite.hpp"

namespace autoprune::nn::detail {

inline void relu(const float* x, float* y, Index size) {
  for (Index i = 0; i < size; ++i) y[i] = std::max(0.0F, x[i]);
}

/// Gradient of relu, in place, from the output.
inline void relu_backward(const float* y, float* dy, Index size) {
  for (Index i = 0; i < size; ++i) dy[i] = y[i] > 0.0F ? dy[i] : 0.0F;
}

inline void add(const float* x, float* y, Index size) {
  for (Index i = 0; i < size; ++i) y[i] += x[i];
}
/// The same for a layer's output.
inline void add(const float* x, float* y, Index size, FiniteRows& seen) {
  FiniteRows own = seen;  // stays in registers
  for (Index i = 0; i < size; i += kLanes) {
    add(x + i, y + i, kLanes);
    own.see(y + i);
  }
  seen = own;
}

/// y = scale (x - centre) + shift of one row, then relu where asked; the sums are seen before it.
inline void affine_row(const float* x, float* y, float scale, float shift, bool relu,
                       FiniteRows& seen, float centre = 0.0F) {
  const float floor = relu ? 0.0F : -std::numeric_limits<float>::infinity();
  alignas(64) std::array<float, kLanes> sums;
  for (std::size_t l = 0; l < kLanes; ++l) sums[l] = scale * (x[l] - centre) + shift;
  seen.see(sums.data());
  for (std::size_t l = 0; l < kLanes; ++l) y[l] = std::max(floor, sums[l]);
}

/// The same for a block of `positions` x `channels` rows, with a scale and a shift a channel.
inline void affine(const float* x, float* y, Index positions, Index channels, const float* scale,
                   const float* shift, bool relu, FiniteRows& seen) {
  FiniteRows own = seen;  // stays in registers
  for (Index p = 0; p < positions; ++p)
    for (Index c = 0; c < channels; ++c, x += kLanes, y += kLanes)
      affine_row(x, y, scale[c], shift[c], relu, own);
  seen = own;
}

}  // namespace autoprune::nn::detail
