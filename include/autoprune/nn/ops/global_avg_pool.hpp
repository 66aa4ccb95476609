/// @file global_avg_pool.hpp
/// The mean of each channel over the whole map.
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct GlobalAvgPool {
  static constexpr std::string_view kName = "global_avg_pool";
  static constexpr Work kWork = Work::pool;

  [[nodiscard]] Window window() const { return {.kernel = kWholeMap, .stride = kWholeMap}; }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const { return {in.front().channels, 1, 1}; }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    const Index row = pass.y.block_size(), positions = pass.x().positions();
    const float share = 1.0F / static_cast<float>(positions);
    return pass.blocks([&](Index b, FiniteRows& seen) {
      const float* x = pass.x().block(b);
      float* y = pass.y.block(b);
      std::fill_n(y, row, 0.0F);
      for (Index p = 0; p < positions; ++p, x += row)
        for (Index i = 0; i < row; ++i) y[i] += share * x[i];
      seen.see_all(y, row);
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    const Index row = pass.dy.block_size(), positions = dx.positions();
    const float share = 1.0F / static_cast<float>(positions);
    pass.blocks([&](Index b) {
      const float* dy = pass.dy.block(b);
      float* out = dx.block(b);
      for (Index p = 0; p < positions; ++p, out += row)
        for (Index i = 0; i < row; ++i) out[i] = share * dy[i];
    });
  }
};

}  // namespace autoprune::nn
