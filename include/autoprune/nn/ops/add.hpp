/// @file add.hpp
/// Sum of two or more maps: of residual branches, or of what is broadcast.
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/ops/broadcast.hpp"

namespace autoprune::nn {

struct Add {
  static constexpr std::string_view kName = "add";
  static constexpr Work kWork = Work::sum;
  static constexpr Arity kInputs = {2, kAnyNumber};

  [[nodiscard]] Shape3 shape(const OpInputs& in) const { return detail::broadcast(in, "summed"); }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      detail::stretch(pass.x(), pass.y, b);
      for (const Activation* x : pass.inputs.subspan(1))
        detail::for_broadcast(x->shape(), pass.y.shape(), [&](Index to, Index from, Index size) {
          detail::add(x->block(b) + from, pass.y.block(b) + to, size, seen);
        });
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) {
      if (dx.shape() == pass.dy.shape())
        std::copy_n(pass.dy.block(b), dx.block_size(), dx.block(b));
      else
        detail::shrink(pass.dy.block(b), pass.dy.shape(), 1.0F, dx, b);
    });
  }
};

}  // namespace autoprune::nn
