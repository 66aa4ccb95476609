/// @file add.hpp
/// Residual sum of two or more maps of one shape.
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct Add {
  static constexpr std::string_view kName = "add";
  static constexpr Work kWork = Work::sum;
  static constexpr Arity kInputs = {2, kAnyNumber};

  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    for (const Shape3& other : in.shapes)
      if (other != in.front())
        in.fail(ErrorId::invalid_graph, shape_text(in.front()), " and ", shape_text(other),
                " can't be summed");
    return in.front();
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      float* y = pass.y.block(b);
      std::copy_n(pass.x().block(b), pass.y.block_size(), y);
      for (const Activation* x : pass.inputs.subspan(1))
        detail::add(x->block(b), y, pass.y.block_size(), seen);
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) { std::copy_n(pass.dy.block(b), dx.block_size(), dx.block(b)); });
  }
};

}  // namespace autoprune::nn
