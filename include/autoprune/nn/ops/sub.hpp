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
    return detail::combine(pass, [](float a, float b) { return a - b; });
  }
  void backward(const BackwardPass& pass, Index input, Activation& dx) const {
    pass.blocks([&](Index b) {
      detail::shrink(pass.dy.block(b), pass.dy.shape(), input == 0 ? 1.0F : -1.0F, dx, b);
    });
  }
};

}  // namespace autoprune::nn
