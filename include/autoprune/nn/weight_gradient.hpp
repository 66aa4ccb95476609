/// @file weight_gradient.hpp
/// The weight gradient of a layer, dense or masked: dw(c, r) = sum of dy_c x_r over images and
/// positions, for kept column-vectors alone. Where a span has whole tiles of channels (dense
/// layers, row groups of linear layers) channels are the vector of the inner loop and the input is
/// transposed first; elsewhere images are the vector, and have to be summed across it.
///
/// Peers share the sums of a single process: where each has whole partial sums of its images, they
/// exchange these; elsewhere they exchange images, and each sums some of the weights over all.
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
#include "autoprune/nn/peers.hpp"
#include "autoprune/nn/transposed.hpp"

namespace autoprune::nn::detail {

/// Memory that the layers of a network share.
struct GradientScratch {
  Transposed x;
  std::vector<float> partials, packed;
  Activation whole_x, whole_dy;  ///< of peers
};

/// Work is cut by shapes alone, and sums are added in a fixed order.
class WeightGradient {
 public:
  WeightGradient(const MatrixPlan& plan, const Part& part, GradientScratch& scratch)
      : plan_(plan), part_(part), scratch_(scratch) {
    // Smaller items, of whole tiles, can be dealt out evenly.
    const Index tiles = ceil_div(plan.shape.filters(), 2 * part.count() * kTileRows);
    const Index most = part.count() == 1 ? kItemFilters : std::min(kItemFilters, tiles * kTileRows);
    for (const Span& span : plan.spans)
      for_tiles(span.kept(), most, [&](Index f0, Index f1) {
        const Index begin = items_.empty() ? 0 : items_.back().begin + items_.back().size();
        items_.push_back({&span, f0, f1, begin});
      });
    Index item = 0;
    for (Index p = 0; p < part.count(); ++p) {
      Slice slice{item, item, item == 0 ? 0 : slices_.back().end, plan.kept_weights};
      const Index end = (p + 1) * plan.kept_weights / part.count();
      while (item < count(items_) && items_[at(item)].begin + items_[at(item)].size() / 2 < end)
        items_[at(item++)].peer = p;
      slice.item_end = item;
      if (item < count(items_)) slice.end = items_[at(item)].begin;
      slices_.push_back(slice);
    }
  }

  /// Sets the entries of kept vectors in `dw`, which has the shape of the weights. x and dy are
  /// this process's part of the batch.
  void run(const Activation& x, const Activation& dy, Tensor& dw, ThreadPool& pool) {
    const std::vector<Window> windows = cut_windows(part_.blocks());
    // Small layers share the windows, too, and add their partial sums in order.
    const Index most = std::min(count(windows), kParts);
    const Index parts = plan_.kept_weights * most <= kPartialFloats ? most : 1;
    const auto first_window = [&](Index part) { return part * count(windows) / parts; };
    // Which parts, of which items, this process sums up.
    const Slice& own = slices_[at(part_.self())];
    std::vector<Index> part_begins = {0, parts};
    Index item = own.item, item_end = own.item_end, part = 0, part_end = parts;
    x_ = &x;
    dy_ = &dy;
    const bool by_parts = part_.peers() != nullptr && parts > 1 &&
                          parts * plan_.kept_weights <= floats_of_images() &&
                          cut_parts(windows, parts, part_begins);
    if (by_parts) {
      item = 0, item_end = count(items_);
      part = part_begins[at(part_.self())], part_end = part_begins[at(part_.self() + 1)];
      first_block_ = part_.first_block();
    } else if (part_.peers() != nullptr) {
      x_ = &part_.whole(x, scratch_.whole_x);
      dy_ = &part_.whole(dy, scratch_.whole_dy);
    }
    if (std::any_of(items_.begin() + item, items_.begin() + item_end,
                    [&](const Item& i) { return i.span->tiled; }))
      scratch_.x.assign(*x_, pool);
    const auto add_part = [&](Index p, const Item& to, float* sums) {
      std::fill_n(sums, to.size(), 0.0F);
      for (Index w = first_window(p); w < first_window(p + 1); ++w)
        for (Index tap = 0; tap < plan_.shape.taps(); ++tap) add_tap(windows[at(w)], to, tap, sums);
    };
    if (parts > 1) {
      scratch_.partials.resize(at(parts * plan_.kept_weights));
      const Index items = item_end - item;
      pool.for_each((part_end - part) * items, [&](Index i) {
        const Item& of = items_[at(item + i % items)];
        add_part(part + i / items, of, partial(part + i / items, parts, of));
      });
      if (by_parts) exchange_partials(parts, part_begins);
    }
    if (part_.peers() != nullptr) scratch_.packed.resize(at(plan_.kept_weights));
    MatrixView out = weight_matrix(dw);
    pool.for_each(own.item_end - own.item, [&](Index i) {
      const Item& of = items_[at(own.item + i)];
      std::vector<float> room(at(parts > 1 ? 0 : of.size()));
      float* sums = parts > 1 ? partial(0, parts, of) : room.data();
      if (parts == 1) add_part(0, of, sums);
      for (Index p = 1; p < parts; ++p)
        for (Index k = 0; k < of.size(); ++k) sums[k] += partial(p, parts, of)[k];
      if (part_.peers() != nullptr)
        std::copy_n(sums, of.size(), scratch_.packed.data() + of.begin);
      else
        store(of, sums, out);
    });
    if (part_.peers() == nullptr) return;
    std::vector<Index> begins = {0};
    for (const Slice& slice : slices_) begins.push_back(slice.end);
    gather(*part_.peers(), scratch_.packed.data(), begins);
    pool.for_each(count(items_), [&](Index i) {
      store(items_[at(i)], scratch_.packed.data() + items_[at(i)].begin, out);
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
    Index filter, filter_end, begin, peer = 0;
    [[nodiscard]] Index size() const { return (filter_end - filter) * span->rows(); }
  };

  /// Items of which a peer adds up the partial sums, and where their sums are.
  struct Slice {
    Index item, item_end, begin, end;
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

  /// [peer's slice][part][place in the slice]: what one peer sends to another lies together.
  [[nodiscard]] float* partial(Index part, Index parts, const Item& item) const {
    const Slice& slice = slices_[at(item.peer)];
    return partials(part, parts, slice) + item.begin - slice.begin;
  }
  [[nodiscard]] float* partials(Index part, Index parts, const Slice& slice) const {
    return scratch_.partials.data() + slice.begin * parts + part * (slice.end - slice.begin);
  }

  [[nodiscard]] Index floats_of_images() const {
    return part_.blocks() * (x_->block_stride() + dy_->block_stride());
  }

  /// The first part of every peer; whether each has whole parts of its own blocks.
  [[nodiscard]] bool cut_parts(const std::vector<Window>& windows, Index parts,
                               std::vector<Index>& begins) const {
    begins.clear();
    for (Index p = 0, part = 0; p < part_.count(); ++p) {
      const auto window = [&] { return windows[at(part * count(windows) / parts)]; };
      while (part < parts && window().block < part_.first_block(p)) ++part;
      if (part == parts || window().block != part_.first_block(p) || window().row != 0)
        return false;
      begins.push_back(part);
    }
    begins.push_back(parts);
    return true;
  }

  /// To each peer the partial sums of its slice, as far as they are this process's.
  void exchange_partials(Index parts, const std::vector<Index>& begins) const {
    const auto piece = [&](Index slice, Index peer) {
      const Slice& s = slices_[at(slice)];
      const Index own = begins[at(peer + 1)] - begins[at(peer)];
      return std::span(partials(begins[at(peer)], parts, s), at(own * (s.end - s.begin)));
    };
    std::vector<Peers::Bytes> to;
    std::vector<Peers::Room> from;
    for (Index p = 0; p < part_.count(); ++p) {
      to.push_back(std::as_bytes(piece(p, part_.self())));
      from.push_back(std::as_writable_bytes(piece(part_.self(), p)));
    }
    part_.peers()->exchange(to, from);
  }

  /// Adds the gradient of one tap over one window to the item's sums.
  void add_tap(const Window& window, const Item& item, Index tap, float* sums) const {
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
                               dy_->block_stride(),
                               s.out.width * cy,
                               cy};
    const Index block = window.block - first_block_;
    const Index pixel = (row * s.stride.h + kh - s.padding.h) * s.in.width + ow_begin * s.stride.w +
                        kw - s.padding.w;
    const float* px = (whole ? scratch_.x.block(block) : x_->block(block)) + pixel * cx;
    const float* py = dy_->block(block) + (row * s.out.width + ow_begin) * cy;
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
  template <class T>
  static Index count(const std::vector<T>& all) {
    return static_cast<Index>(all.size());
  }

  const MatrixPlan& plan_;
  const Part& part_;
  GradientScratch& scratch_;
  std::vector<Item> items_;
  std::vector<Slice> slices_;  // by peer
  const Activation *x_ = nullptr, *dy_ = nullptr;
  Index first_block_ = 0;  // of theirs in the batch
};

}  // namespace autoprune::nn::detail
