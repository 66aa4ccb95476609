/// @file elementwise.hpp
/// The layers without a weight matrix, forward and backward. Each call works on one block of
/// images, so that the session can hand blocks to threads.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "autoprune/core/random.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/finite.hpp"
#include "autoprune/nn/network.hpp"

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

/// y = scale x + shift of one row, then relu where asked; the sums are seen before it.
inline void affine_row(const float* x, float* y, float scale, float shift, bool relu,
                       FiniteRows& seen) {
  const float floor = relu ? 0.0F : -std::numeric_limits<float>::infinity();
  alignas(64) std::array<float, kLanes> sums;
  for (std::size_t l = 0; l < kLanes; ++l) sums[l] = scale * x[l] + shift;
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

/// Calls f(offset of the input row, offset of the output row) for every window element inside the
/// input, for one channel row of one output position.
template <class F>
void for_window(const Node& pool, const Shape3& in, Index oh, Index ow, F&& f) {
  for (Index kh = 0; kh < pool.kernel.h; ++kh) {
    const Index h = oh * pool.stride.h - pool.padding.h + kh;
    if (h < 0 || h >= in.height) continue;
    for (Index kw = 0; kw < pool.kernel.w; ++kw) {
      const Index w = ow * pool.stride.w - pool.padding.w + kw;
      if (w >= 0 && w < in.width) f((h * in.width + w) * in.channels * kLanes);
    }
  }
}

/// Calls f(oh, ow, offset of that output position).
template <class F>
void for_outputs(const Node& pool, F&& f) {
  for (Index oh = 0; oh < pool.shape.height; ++oh)
    for (Index ow = 0; ow < pool.shape.width; ++ow)
      f(oh, ow, (oh * pool.shape.width + ow) * pool.shape.channels * kLanes);
}

inline void max_pool(const Node& pool, const Shape3& in, const float* x, float* y) {
  const Index row = in.channels * kLanes;
  for_outputs(pool, [&](Index oh, Index ow, Index out) {
    std::fill_n(y + out, row, -std::numeric_limits<float>::infinity());
    for_window(pool, in, oh, ow, [&](Index at) {
      for (Index i = 0; i < row; ++i) y[out + i] = std::max(y[out + i], x[at + i]);
    });
  });
}

/// The gradient goes to the first element that has the maximum. `dx` is added to.
inline void max_pool_backward(const Node& pool, const Shape3& in, const float* x, const float* y,
                              const float* dy, float* dx) {
  const Index row = in.channels * kLanes;
  for_outputs(pool, [&](Index oh, Index ow, Index out) {
    for (Index first = 0; first < row; first += kLanes) {
      std::array<float, kLanes> left;
      std::copy_n(dy + out + first, kLanes, left.begin());
      for_window(pool, in, oh, ow, [&](Index at) {
        for (Index l = 0; l < kLanes; ++l) {
          const auto lane = static_cast<std::size_t>(l);
          const bool hit = x[at + first + l] == y[out + first + l];
          dx[at + first + l] += hit ? left[lane] : 0.0F;
          left[lane] = hit ? 0.0F : left[lane];
        }
      });
    }
  });
}

inline void avg_pool(const Node& pool, const Shape3& in, const float* x, float* y) {
  const Index row = in.channels * kLanes;
  const float scale = 1.0F / static_cast<float>(pool.kernel.h * pool.kernel.w);
  for_outputs(pool, [&](Index oh, Index ow, Index out) {
    std::fill_n(y + out, row, 0.0F);
    for_window(pool, in, oh, ow, [&](Index at) {
      for (Index i = 0; i < row; ++i) y[out + i] += scale * x[at + i];
    });
  });
}

/// `dx` is added to.
inline void avg_pool_backward(const Node& pool, const Shape3& in, const float* dy, float* dx) {
  const Index row = in.channels * kLanes;
  const float scale = 1.0F / static_cast<float>(pool.kernel.h * pool.kernel.w);
  for_outputs(pool, [&](Index oh, Index ow, Index out) {
    for_window(pool, in, oh, ow, [&](Index at) {
      for (Index i = 0; i < row; ++i) dx[at + i] += scale * dy[out + i];
    });
  });
}

/// Between [h][w][c] and PyTorch's flat order (c, h, w): f(row in the map, row in the vector).
template <class F>
void for_flat_rows(const Shape3& in, F&& f) {
  const Index positions = in.height * in.width;
  for (Index p = 0; p < positions; ++p)
    for (Index c = 0; c < in.channels; ++c)
      f((p * in.channels + c) * kLanes, (c * positions + p) * kLanes);
}

/// Names a draw of dropout.
struct Draw {
  std::uint64_t seed, step;
  Index block;
};

/// Multiplies by 0 with probability `rate`, else by 1 / (1 - rate). The same draw gives the same
/// zeros, so the backward pass calls it again.
inline void dropout(const float* x, float* y, Index size, double rate, const Draw& draw) {
  const auto threshold = static_cast<std::uint32_t>(rate * 0x1p32);
  const auto scale = static_cast<float>(1.0 / (1.0 - rate));
  const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(draw.seed),
                                         static_cast<std::uint32_t>(draw.seed >> 32)};
  for (Index i = 0; i < size; i += 4) {
    const auto random =
        philox({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(draw.block),
                static_cast<std::uint32_t>(draw.step), 0x0D20u},
               key);
    for (Index j = 0; j < 4; ++j)
      y[i + j] = random[static_cast<std::size_t>(j)] < threshold ? 0.0F : scale * x[i + j];
  }
}

/// A block of a node in a backward pass: its input, its output and the gradient of that.
struct BlockPass {
  const float *x, *y, *dy;
};

/// Sets dx, of shape `in`, to the gradient of the input of a node without weights.
inline void node_backward(const Node& node, const BlockPass& pass, float* dx, const Shape3& in,
                          const Draw& draw) {
  const Index size = in.size() * kLanes;
  switch (node.op) {
    case Op::max_pool:
      std::fill_n(dx, size, 0.0F);
      return max_pool_backward(node, in, pass.x, pass.y, pass.dy, dx);
    case Op::avg_pool:
      std::fill_n(dx, size, 0.0F);
      return avg_pool_backward(node, in, pass.dy, dx);
    case Op::flatten:
      return for_flat_rows(
          in, [&](Index map, Index flat) { std::copy_n(pass.dy + flat, kLanes, dx + map); });
    case Op::dropout:
      return dropout(pass.dy, dx, size, node.rate, draw);
    case Op::add:  // dy is dx already
    case Op::relu:
    case Op::batch_norm:
      std::copy_n(pass.dy, size, dx);
      return;
    case Op::input:
    case Op::conv:
    case Op::linear:
      fail_enum("op without weights", node.op);
  }
}

}  // namespace autoprune::nn::detail
