/// @file weight_gradient.hpp
/// The weight gradient of a layer, dense or masked: dw(c, r) = sum of dy_c x_r over images and
/// positions, for kept column-vectors alone. Where a span has whole tiles of channels (dense
/// layers, row groups of linear layers) channels are the vector of the inner loop and the input is
/// transposed first; elsewhere images are the vector, and have to be summed across it.
#pragma once

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/matrix_plan.hpp"
#include "autoprune/nn/microkernels.hpp"
#include "autoprune/nn/transposed.hpp"

namespace autoprune::nn::detail {

/// Memory that the layers of a network share.
struct GradientScratch {
  Transposed x;
  std::vector<float> partials;
};

/// Work is cut by shapes alone, and sums are added in a fixed order.
class WeightGradient {
 public:
  WeightGradient(const MatrixPlan& plan, GradientScratch& scratch)
      : plan_(plan), scratch_(scratch) {
    for (const Span& span : plan.spans)
      for_tiles(span.kept(), kItemFilters, [&](Index f0, Index f1) {
        const Index begin = items_.empty() ? 0 : items_.back().begin + items_.back().size();
        items_.push_back({&span, f0, f1, begin});
      });
  }

  /// Sets the entries of kept vectors in `dw`, which has the shape of the weights.
  void run(const Activation& x, const Activation& dy, Tensor& dw, ThreadPool& pool) {
    x_ = &x;
    if (std::any_of(items_.begin(), items_.end(),
                    [&](const Item& item) { return item.span->tiled; }))
      scratch_.x.assign(x, pool);
    const std::vector<Window> windows = cut_windows(dy.blocks());
    const auto count = static_cast<Index>(windows.size());
    const auto items = static_cast<Index>(items_.size());
    // Small layers share the windows, too, and add their partial sums in order.
    const Index most = std::min(count, kParts);
    const Index parts = plan_.kept_weights * most <= kPartialFloats ? most : 1;
    if (parts > 1) scratch_.partials.resize(at(parts * plan_.kept_weights));
    MatrixView out = weight_matrix(dw);
    pool.for_each(parts * items, [&](Index i) {
      const Index part = i / items;
      const Item& item = items_[at(i % items)];
      std::vector<float> own(at(parts > 1 ? 0 : item.size()));
      float* sums = parts > 1 ? partial(part, item) : own.data();
      std::fill_n(sums, item.size(), 0.0F);
      for (Index w = part * count / parts; w < (part + 1) * count / parts; ++w)
        for (Index tap = 0; tap < plan_.shape.taps(); ++tap)
          add_tap(windows[at(w)], item, tap, dy, sums);
      if (parts == 1) store(item, sums, out);
    });
    if (parts == 1) return;
    pool.for_each(items, [&](Index i) {
      const Item& item = items_[at(i)];
      float* sums = partial(0, item);
      for (Index part = 1; part < parts; ++part)
        for (Index k = 0; k < item.size(); ++k) sums[k] += partial(part, item)[k];
      store(item, sums, out);
    });
  }

 private:
  /// Output rows of consecutive blocks.
  struct Window {
    Index block, blocks, row, rows;
  };
  /// Some kept filters of a span; `begin` is the place of its sums, [filter][entry].
  struct Item {
    const Span* span;
    Index filter, filter_end, begin;
    [[nodiscard]] Index size() const { return (filter_end - filter) * span->rows(); }
  };

  static constexpr Index kWindowPositions = 64;  // summed at a time: inputs stay in the L2 cache
  static constexpr Index kItemFilters = 96;
  static constexpr Index kParts = 16;
  static constexpr Index kPartialFloats = Index{1} << 22;

  [[nodiscard]] std::vector<Window> cut_windows(Index blocks) const {
    const Index height = plan_.shape.out.height;
    const Index rows = std::clamp<Index>(kWindowPositions / plan_.shape.out.width, 1, height);
    const Index together = std::max<Index>(1, kWindowPositions / plan_.shape.positions());
    std::vector<Window> windows;
    for (Index b = 0; b < blocks; b += together)
      for (Index row = 0; row < height; row += rows)
        windows.push_back({b, std::min(together, blocks - b), row, std::min(rows, height - row)});
    return windows;
  }

  [[nodiscard]] float* partial(Index part, const Item& item) const {
    return scratch_.partials.data() + part * plan_.kept_weights + item.begin;
  }

  /// Adds the gradient of one tap over one window to the item's sums.
  void add_tap(const Window& window, const Item& item, Index tap, const Activation& dy,
               float* sums) const {
    const MatrixShape& s = plan_.shape;
    const Index kh = tap / s.kernel.w * s.dilation.h, kw = tap % s.kernel.w * s.dilation.w;
    const auto [oh_begin, oh_end] =
        outputs_of_tap(kh, s.in.height, s.out.height, s.stride.h, s.padding.h);
    const auto [ow_begin, ow_end] =
        outputs_of_tap(kw, s.in.width, s.out.width, s.stride.w, s.padding.w);
    const Index row = std::max(window.row, oh_begin);
    const Index rows = std::min(window.row + window.rows, oh_end) - row;
    if (rows <= 0) return;
    const Span& span = *item.span;
    const bool whole = span.tiled;
    const Index cx = whole ? scratch_.x.position_stride() : s.in.channels * kLanes;
    const Index cy = s.filters() * kLanes;
    const GradWindow positions{window.blocks,
                               rows,
                               ow_end - ow_begin,
                               whole ? scratch_.x.block_stride() : x_->block_stride(),
                               s.stride.h * s.in.width * cx,
                               s.stride.w * cx,
                               dy.block_stride(),
                               s.out.width * cy,
                               cy};
    const Index pixel = (row * s.stride.h + kh - s.padding.h) * s.in.width + ow_begin * s.stride.w +
                        kw - s.padding.w;
    const float* px =
        (whole ? scratch_.x.block(window.block) : x_->block(window.block)) + pixel * cx;
    const float* py = dy.block(window.block) + (row * s.out.width + ow_begin) * cy;
    const Index first = span.tap_begin[at(tap)], count = span.tap_begin[at(tap + 1)] - first;
    if (count == 0) return;
    const auto channel = [&](Index k) { return span.channel + span.row[at(first + k)] / s.taps(); };
    std::array<std::int32_t, kLaneRows> in = {};
    if (whole)
      for (Index k = 0; k < count; k += kLanes)
        add_tiles(positions, py, px + Transposed::channel(channel(k)), in.data(), item, first + k,
                  first + std::min(k + kLanes, count), sums);
    else
      for_tiles(count, kLaneRows, [&](Index k0, Index k1) {
        for (Index k = k0; k < k1; ++k)
          in[at(k - k0)] = static_cast<std::int32_t>(channel(k) * kLanes);
        add_tiles(positions, py, px, in.data(), item, first + k0, first + k1, sums);
      });
  }

  /// Adds entries [entry, entry_end) of all filters of the item. x points to the first one, or,
  /// where images are the vector, to the pixel in which `in` finds them.
  void add_tiles(const GradWindow& positions, const float* dy, const float* x,
                 const std::int32_t* in, const Item& item, Index entry, Index entry_end,
                 float* sums) const {
    const Index rows = item.span->rows(), entries = entry_end - entry;
    const bool whole = item.span->tiled;
    for_tiles(item.filter_end - item.filter, whole ? kTileRows : kLaneFilters,
              [&](Index f0, Index f1) {
                alignas(64) std::array<float, kTileRows * kLanes> tile;
                const auto kernel =
                    whole ? gradient_tile_of(f1 - f0) : lane_gradient_tile_of(f1 - f0, entries);
                kernel(positions, dy, item.span->filter_off.data() + item.filter + f0, x, in,
                       entries, tile.data());
                for (Index f = f0; f < f1; ++f)
                  for (Index j = 0; j < entries; ++j)
                    sums[f * rows + entry + j] += tile[at((f - f0) * kLanes + j)];
              });
  }

  void store(const Item& item, const float* sums, MatrixView& dw) const {
    const Span& span = *item.span;
    for (Index f = item.filter; f < item.filter_end; ++f, sums += span.rows()) {
      float* out = dw.data() + span.filters[at(f)] * dw.cols();
      if (span.contiguous)
        std::copy_n(sums, span.rows(), out + span.row.front());
      else
        for (Index e = 0; e < span.rows(); ++e) out[span.row[at(e)]] = sums[e];
    }
  }

  /// Output coordinates [first, second) of one axis whose window holds, inside the input, what is k
  /// behind its first position.
  [[nodiscard]] static std::pair<Index, Index> outputs_of_tap(Index k, Index in, Index out,
                                                              Index stride, Index padding) {
    const Index low = ceil_div(std::max<Index>(0, padding - k), stride);
    const Index last = in - 1 + padding - k;  // largest output * stride that is inside
    const Index high = last < 0 ? 0 : std::min(out, last / stride + 1);
    return {std::min(low, high), high};
  }

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  const MatrixPlan& plan_;
  GradientScratch& scratch_;
  std::vector<Item> items_;
  const Activation* x_ = nullptr;
};

}  // namespace autoprune::nn::detail
