/// @file concat.hpp
/// The channels of several maps, one map's after the other's.
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct Concat {
  static constexpr std::string_view kName = "concat";
  static constexpr Arity kInputs = {1, kAnyNumber};

  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    Shape3 out = in.front();
    out.channels = 0;
    for (const Shape3& map : in.shapes) {
      if (map.height != out.height || map.width != out.width)
        in.fail(ErrorId::invalid_graph, "channels of ", shape_text(in.front()), " and ",
                shape_text(map), " can't stand at the same positions");
      out.channels += map.channels;
    }
    return out;
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows&) {
      Index first = 0;
      for (const Activation* x : pass.inputs) {
        for_positions(x->shape(), pass.y.shape(), first, [&](Index own, Index all, Index size) {
          std::copy_n(x->block(b) + own, size, pass.y.block(b) + all);
        });
        first += x->shape().channels;
      }
    });
  }
  void backward(const BackwardPass& pass, Index input, Activation& dx) const {
    Index first = 0;
    for (Index k = 0; k < input; ++k)
      first += pass.inputs[static_cast<std::size_t>(k)]->shape().channels;
    pass.blocks([&](Index b) {
      for_positions(dx.shape(), pass.dy.shape(), first, [&](Index own, Index all, Index size) {
        std::copy_n(pass.dy.block(b) + all, size, dx.block(b) + own);
      });
    });
  }

 private:
  /// f(offset in a map, offset in the output where it begins at channel `first`, floats)
  template <class F>
  static void for_positions(const Shape3& map, const Shape3& out, Index first, F&& f) {
    const Index size = map.channels * kLanes;
    for (Index p = 0; p < map.height * map.width; ++p)
      f(p * size, (p * out.channels + first) * kLanes, size);
  }
};

}  // namespace autoprune::nn
