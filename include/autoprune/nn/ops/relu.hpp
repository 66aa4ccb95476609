/// @file relu.hpp
/// max(0, x). Behind a matrix product or a batch-norm it is done there.
#pragma once

#include <string_view>

#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct Relu {
  static constexpr std::string_view kName = "relu";

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows&) {
      detail::relu(pass.x().block(b), pass.y.block(b), pass.y.block_size());
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) {
      std::copy_n(pass.dy.block(b), dx.block_size(), dx.block(b));
      detail::relu_backward(pass.y.block(b), dx.block(b), dx.block_size());
    });
  }
};

}  // namespace autoprune::nn
