/// @file broadcast.hpp
/// What the sum, difference and product of maps have in common: an extent of 1 stands for as many
/// equal ones as the others have, as a gate [c][1][1] beside its map [c][h][w].
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/op.hpp"

namespace autoprune::nn::detail {

/// The shape to which all inputs are stretched. Throws invalid_graph.
[[nodiscard]] inline Shape3 broadcast(const OpInputs& in, std::string_view done) {
  Shape3 out = in.front();
  const auto fit = [](Index& mine, Index other) {
    const bool fits = mine == other || mine == 1 || other == 1;
    mine = std::max(mine, other);
    return fits;
  };
  for (const Shape3& other : in.shapes) {
    const Shape3 before = out;
    const bool channels = fit(out.channels, other.channels);
    const bool rows = fit(out.height, other.height), columns = fit(out.width, other.width);
    if (!channels || !rows || !columns)
      in.fail(ErrorId::invalid_graph, shape_text(before), " and ", shape_text(other), " can't be ",
              done, "; extents have to be the same, or 1");
  }
  return out;
}

/// Calls f(offset in the output, offset in the input, floats) for runs of numbers that lie side by
/// side in both.
template <class F>
void for_broadcast(const Shape3& in, const Shape3& out, F&& f) {
  if (in == out) return f(Index{0}, Index{0}, out.size() * kLanes);
  const bool whole = in.channels == out.channels;
  const Index runs = whole ? 1 : out.channels, size = out.size() / out.height / out.width / runs;
  Index at = 0;
  for (Index h = 0; h < out.height; ++h)
    for (Index w = 0; w < out.width; ++w) {
      const Index row = in.height == 1 ? 0 : h, column = in.width == 1 ? 0 : w;
      const Index from = (row * in.width + column) * in.channels * kLanes;
      for (Index run = 0; run < runs; ++run, at += size * kLanes) f(at, from, size * kLanes);
    }
}

/// y = an input, stretched.
inline void stretch(const Activation& x, Activation& y, Index block) {
  for_broadcast(x.shape(), y.shape(), [&](Index to, Index from, Index size) {
    std::copy_n(x.block(block) + from, size, y.block(block) + to);
  });
}

/// y = f(first input, second input), number by number, both stretched.
template <class F>
[[nodiscard]] bool combine(const ForwardPass& pass, F f) {
  return pass.blocks([&](Index b, FiniteRows& seen) {
    stretch(pass.x(), pass.y, b);
    const float* x = pass.inputs[1]->block(b);
    float* y = pass.y.block(b);
    for_broadcast(pass.inputs[1]->shape(), pass.y.shape(), [&](Index to, Index from, Index size) {
      for (Index i = 0; i < size; ++i) y[to + i] = f(y[to + i], x[from + i]);
    });
    seen.see_all(y, pass.y.block_size());
  });
}

/// dx = scale dy, summed over what dx was stretched to; `dy` is a block of that shape.
inline void shrink(const float* dy, const Shape3& shape, float scale, Activation& dx, Index block) {
  float* to = dx.block(block);
  std::fill_n(to, dx.block_size(), 0.0F);
  for_broadcast(dx.shape(), shape, [&](Index i, Index k, Index size) {
    for (const Index end = i + size; i < end; ++i, ++k) to[k] += scale * dy[i];
  });
}

}  // namespace autoprune::nn::detail
