/// @file pool.hpp
/// What pools have in common: a window that moves over each channel. A rule makes one number of
/// what a window holds.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "autoprune/nn/ops/window.hpp"

namespace autoprune::nn {

namespace detail {

/// A block of a pool: the map that it reads, and where its output positions read it.
struct PoolBlock {
  Window window;
  Shape3 in, out;

  /// Floats of all channels at one position.
  [[nodiscard]] Index row() const { return in.channels * kLanes; }

  /// Calls f(oh, ow, offset of that output position).
  template <class F>
  void for_outputs(F&& f) const {
    for (Index oh = 0; oh < out.height; ++oh)
      for (Index ow = 0; ow < out.width; ++ow) f(oh, ow, (oh * out.width + ow) * row());
  }
  /// Calls f(offset of the position) for every position of a window that lies inside of the input.
  template <class F>
  void for_window(Index oh, Index ow, F&& f) const {
    for (Index kh = 0; kh < window.kernel.h; ++kh) {
      const Index h = oh * window.stride.h - window.padding.h + kh;
      if (h < 0 || h >= in.height) continue;
      for (Index kw = 0; kw < window.kernel.w; ++kw) {
        const Index w = ow * window.stride.w - window.padding.w + kw;
        if (w >= 0 && w < in.width) f((h * in.width + w) * row());
      }
    }
  }
};

}  // namespace detail

/// `Rule` has a kName, forward(block, x, y) and backward(block, x, y, dy, dx), which adds to dx.
template <class Rule>
struct Pool {
  static constexpr std::string_view kName = Rule::kName;
  static constexpr Work kWork = Work::pool;

  Size2 kernel{2};
  std::optional<Size2> stride = {};  ///< the kernel's size when not given
  Size2 padding{0};

  void describe(AttributeVisitor& visit) {
    visit.required("kernel", kernel);
    Size2 step = stride.value_or(kernel);
    visit("stride", step);
    stride = step;
    visit("padding", padding);
  }
  [[nodiscard]] Window window() const { return {kernel, stride.value_or(kernel), padding}; }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const { return detail::windowed(in, window()); }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    const detail::PoolBlock block{window(), pass.x().shape(), pass.y.shape()};
    return pass.blocks(
        [&](Index b, FiniteRows&) { Rule::forward(block, pass.x().block(b), pass.y.block(b)); });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    const detail::PoolBlock block{window(), dx.shape(), pass.y.shape()};
    pass.blocks([&](Index b) {
      std::fill_n(dx.block(b), dx.block_size(), 0.0F);
      Rule::backward(block, pass.x().block(b), pass.y.block(b), pass.dy.block(b), dx.block(b));
    });
  }
};

}  // namespace autoprune::nn
