/// @file max_pool.hpp
/// The largest number of each window.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "autoprune/nn/ops/pool.hpp"

namespace autoprune::nn {

namespace detail {

struct MaxRule {
  static constexpr std::string_view kName = "max_pool";
  static constexpr bool kDilates = true;

  static void forward(const PoolBlock& pool, const float* x, float* y) {
    const Index row = pool.row();
    pool.for_outputs([&](Index oh, Index ow, Index out) {
      std::fill_n(y + out, row, -std::numeric_limits<float>::infinity());
      pool.for_window(oh, ow, [&](Index at) {
        for (Index i = 0; i < row; ++i) y[out + i] = std::max(y[out + i], x[at + i]);
      });
    });
  }

  /// The gradient goes to the first element that has the maximum.
  static void backward(const PoolBlock& pool, const float* x, const float* y, const float* dy,
                       float* dx) {
    const Index row = pool.row();
    pool.for_outputs([&](Index oh, Index ow, Index out) {
      for (Index first = 0; first < row; first += kLanes) {
        std::array<float, kLanes> left;
        std::copy_n(dy + out + first, kLanes, left.begin());
        pool.for_window(oh, ow, [&](Index at) {
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
};

}  // namespace detail

using MaxPool = Pool<detail::MaxRule>;

}  // namespace autoprune::nn
