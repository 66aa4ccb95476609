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
  bool count_padding = true;

  /// Floats of all channels at one position.
  [[nodiscard]] Index row() const { return in.channels * kLanes; }

  /// Calls f(oh, ow, offset of that output position).
  template <class F>
  void for_outputs(F&& f) const {
    for (Index oh = 0; oh < out.height; ++oh)
      for (Index ow = 0; ow < out.width; ++ow) f(oh, ow, (oh * out.width + ow) * row());
  }
  /// Throws invalid_graph for a window that holds no number of the input: dilated ones may step
  /// over all of it.
  void check(const OpInputs& node) const {
    const auto covers = [&](Index size, Index outputs, Index kernel, Index stride, Index padding,
                            Index dilation) {
      for (Index o = 0; o < outputs; ++o) {
        const Index first = o * stride - padding;
        const Index tap = ceil_div(std::max<Index>(-first, 0), dilation);
        if (tap >= kernel || first + tap * dilation >= size) return false;
      }
      return true;
    };
    const auto& [kernel, stride, padding, dilation] = window;
    if (!covers(in.height, out.height, kernel.h, stride.h, padding.h, dilation.h) ||
        !covers(in.width, out.width, kernel.w, stride.w, padding.w, dilation.w))
      node.fail(ErrorId::invalid_graph, "a window with dilation ", dilation.h, 'x', dilation.w,
                " steps over the whole input ", shape_text(in), "; use less padding or dilation");
  }
  /// What the mean of a window is divided by.
  [[nodiscard]] Index counted(Index oh, Index ow) const {
    const auto along = [&](Index o, Index size, Index kernel, Index stride, Index before,
                           Index behind) {
      const Index first = o * stride - before;
      const Index end = std::min(first + kernel, size + (count_padding ? behind : 0));
      return end - (count_padding ? first : std::max<Index>(first, 0));
    };
    const auto& [kernel, stride, padding, dilation] = window;
    return along(oh, in.height, kernel.h, stride.h, padding.h, padding.h_end) *
           along(ow, in.width, kernel.w, stride.w, padding.w, padding.w_end);
  }
  /// Calls f(offset of the position) for every position of a window that lies inside of the input.
  template <class F>
  void for_window(Index oh, Index ow, F&& f) const {
    for (Index kh = 0; kh < window.kernel.h; ++kh) {
      const Index h = oh * window.stride.h - window.padding.h + kh * window.dilation.h;
      if (h < 0 || h >= in.height) continue;
      for (Index kw = 0; kw < window.kernel.w; ++kw) {
        const Index w = ow * window.stride.w - window.padding.w + kw * window.dilation.w;
        if (w >= 0 && w < in.width) f((h * in.width + w) * row());
      }
    }
  }
};

}  // namespace detail

/// `Rule` has a kName, forward(block, x, y) and backward(block, x, y, dy, dx), which adds to dx. As
/// in PyTorch, maxima may be dilated, and means may count the padding or not.
template <class Rule>
struct Pool {
  static constexpr std::string_view kName = Rule::kName;
  static constexpr Work kWork = Work::pool;

  Size2 kernel{2};
  std::optional<Size2> stride = {};  ///< the kernel's size when not given
  Padding padding{0};
  bool ceil = false;          ///< whether the last window may reach past the padding
  Size2 dilation{1};          ///< of maxima
  bool count_padding = true;  ///< whether means take zeros for it; never for what is past it

  void describe(AttributeVisitor& visit) {
    visit.required("kernel", kernel);
    Size2 step = stride.value_or(kernel);
    visit("stride", step);
    stride = step;
    visit("padding", padding);
    visit.rare("ceil_mode", ceil, false);
    if constexpr (Rule::kDilates)
      visit.rare("dilation", dilation, Size2(1));
    else
      visit.rare("count_include_pad", count_padding, true);
  }
  [[nodiscard]] Window window() const {
    return {kernel, stride.value_or(kernel), padding, dilation};
  }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    const Shape3 out = detail::windowed(in, window(), ceil);
    detail::PoolBlock{window(), in.front(), out}.check(in);
    return out;
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    const detail::PoolBlock block{window(), pass.x().shape(), pass.y.shape(), count_padding};
    return pass.blocks(
        [&](Index b, FiniteRows&) { Rule::forward(block, pass.x().block(b), pass.y.block(b)); });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    const detail::PoolBlock block{window(), dx.shape(), pass.y.shape(), count_padding};
    pass.blocks([&](Index b) {
      std::fill_n(dx.block(b), dx.block_size(), 0.0F);
      Rule::backward(block, pass.x().block(b), pass.y.block(b), pass.dy.block(b), dx.block(b));
    });
  }
};

}  // namespace autoprune::nn
