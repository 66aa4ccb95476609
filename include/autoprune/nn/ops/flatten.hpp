/// @file flatten.hpp
/// A map as one vector, in PyTorch's order (c, h, w).
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct Flatten {
  static constexpr std::string_view kName = "flatten";

  [[nodiscard]] Shape3 shape(const OpInputs& in) const { return {in.front().size(), 1, 1}; }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows&) {
      const float* x = pass.x().block(b);
      float* y = pass.y.block(b);
      for_rows(pass.x().shape(),
               [&](Index map, Index flat) { std::copy_n(x + map, kLanes, y + flat); });
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) {
      const float* dy = pass.dy.block(b);
      float* out = dx.block(b);
      for_rows(dx.shape(),
               [&](Index map, Index flat) { std::copy_n(dy + flat, kLanes, out + map); });
    });
  }

 private:
  /// f(row in the map [h][w][c], row in the vector)
  template <class F>
  static void for_rows(const Shape3& in, F&& f) {
    const Index positions = in.height * in.width;
    for (Index p = 0; p < positions; ++p)
      for (Index c = 0; c < in.channels; ++c)
        f((p * in.channels + c) * kLanes, (c * positions + p) * kLanes);
  }
};

}  // namespace autoprune::nn
