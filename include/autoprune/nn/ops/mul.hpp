/// @file mul.hpp
/// Product of two maps, number by number: a gate and what it lets through.
#pragma once

#include <string_view>
#include <vector>

#include "autoprune/nn/ops/broadcast.hpp"

namespace autoprune::nn {

struct Mul {
  static constexpr std::string_view kName = "mul";
  static constexpr Work kWork = Work::sum;
  static constexpr Arity kInputs = {2, 2};

  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    return detail::broadcast(in, "multiplied");
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return detail::combine(pass, [](float a, float b) { return a * b; });
  }
  /// The other factor times dy.
  void backward(const BackwardPass& pass, Index input, Activation& dx) const {
    const Activation& other = *pass.inputs[input == 0 ? 1 : 0];
    pass.blocks([&](Index b) {
      const float *x = other.block(b), *dy = pass.dy.block(b);
      std::vector<float> product(static_cast<std::size_t>(pass.dy.block_size()));
      detail::for_broadcast(other.shape(), pass.dy.shape(), [&](Index to, Index from, Index size) {
        for (Index i = 0; i < size; ++i)
          product[static_cast<std::size_t>(to + i)] = x[from + i] * dy[to + i];
      });
      detail::shrink(product.data(), pass.dy.shape(), 1.0F, dx, b);
    });
  }
};

}  // namespace autoprune::nn
