/// @file avg_pool.hpp
/// The mean of each window; padding counts as zeros unless it is told not to, as PyTorch's does.
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/ops/pool.hpp"

namespace autoprune::nn {

namespace detail {

struct AvgRule {
  static constexpr std::string_view kName = "avg_pool";
  static constexpr bool kDilates = false;

  static float scale(const PoolBlock& pool, Index oh, Index ow) {
    return 1.0F / static_cast<float>(pool.counted(oh, ow));
  }

  static void forward(const PoolBlock& pool, const float* x, float* y) {
    const Index row = pool.row();
    pool.for_outputs([&](Index oh, Index ow, Index out) {
      const float share = scale(pool, oh, ow);
      std::fill_n(y + out, row, 0.0F);
      pool.for_window(oh, ow, [&](Index at) {
        for (Index i = 0; i < row; ++i) y[out + i] += share * x[at + i];
      });
    });
  }

  static void backward(const PoolBlock& pool, const float*, const float*, const float* dy,
                       float* dx) {
    const Index row = pool.row();
    pool.for_outputs([&](Index oh, Index ow, Index out) {
      const float share = scale(pool, oh, ow);
      pool.for_window(oh, ow, [&](Index at) {
        for (Index i = 0; i < row; ++i) dx[at + i] += share * dy[out + i];
      });
    });
  }
};

}  // namespace detail

using AvgPool = Pool<detail::AvgRule>;

}  // namespace autoprune::nn
