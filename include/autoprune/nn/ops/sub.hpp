/// @file sub.hpp
/// Difference of two maps.
#pragma once

#include <string_view>

#include "autoprune/nn/ops/broadcast.hpp"

namespace autoprune::nn {

struct Sub {
  static constexpr std::string_view kName = "sub";
  static constexpr Work kWork = Work::sum;
  static constexpr Arity kInputs = {2, 2};

  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    return detail::broadcast(in, "subtracted");
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      detail::stretch(pass.x(), pass.y, b);
      const float* x = pass.inputs[1]->block(b);
      float* y = pass.y.block(b);
      detail::for_broadcast(pass.inputs[1]->shape(), pass.y.shape(),
                            [&](Index to, Index from, Index size) {
                              for (Index i = 0; i < size; ++i) y[to + i] -= x[from + i];
                            });
      seen.see_all(y, pass.y.block_size());
    });
  }
  void backward(const BackwardPass& pass, Index input, Activation& dx) const {
    pass.blocks([&](Index b) {
      detail::shrink(pass.dy.block(b), pass.dy.shape(), input == 0 ? 1.0F : -1.0F, dx, b);
    });
  }
};

}  // namespace autoprune::nn
