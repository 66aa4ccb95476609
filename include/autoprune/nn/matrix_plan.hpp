/// @file matrix_plan.hpp
/// How one weight layer is executed under a mask. Rows of the weight matrix with the same kept
/// filters, neighbours or not, form a span; the work of a layer is the sum over spans of (rows of
/// the span) x (its kept filters), so a pruned column-vector costs nothing. A dense layer is the
/// mask that keeps all.
#pragma once

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/microkernels.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::nn::detail {

/// Calls f(begin, end) for n rows cut into equal tiles of at most `most` rows.
template <class F>
void for_tiles(Index n, Index most, F&& f) {
  const Index tiles = ceil_div(n, most);
  for (Index t = 0; t < tiles; ++t) f(t * n / tiles, (t + 1) * n / tiles);
}

/// Sizes of a weight layer. A linear layer is a convolution whose kernel covers its whole input. In
/// groups, rows are those of one: filters of another read the same rows of other channels.
struct MatrixShape {
  Shape3 in, out;
  Size2 kernel, stride;
  Padding padding;
  Size2 dilation;
  Index groups = 1;

  MatrixShape(const Network& network, const Node& node)
      : in(network.node(node.inputs.front()).shape), out(node.shape) {
    const MatrixForm form = node.op.matrix(in);
    const Window& window = form.window;
    groups = form.groups;
    kernel = window.kernel;
    stride = window.stride;
    padding = window.padding;
    dilation = window.dilation;
  }

  [[nodiscard]] Index taps() const noexcept { return kernel.h * kernel.w; }
  [[nodiscard]] Index rows() const noexcept { return in.channels / groups * taps(); }
  /// Rows of all groups, one after another.
  [[nodiscard]] Index inputs() const noexcept { return groups * rows(); }
  [[nodiscard]] Index filters() const noexcept { return out.channels; }
  [[nodiscard]] Index positions() const noexcept { return out.height * out.width; }

  /// Offset in floats of input r, a row of group 0 or behind them of other groups, from the first
  /// pixel of its window.
  [[nodiscard]] Index row_offset(Index r) const noexcept {
    const Index channel = r / taps(), tap = r % taps();
    const Index h = tap / kernel.w * dilation.h, w = tap % kernel.w * dilation.w;
    return ((h * in.width + w) * in.channels + channel) * kLanes;
  }
  /// Offset in floats of the first pixel of an output position's window; it may lie outside.
  [[nodiscard]] Index window(Index oh, Index ow) const noexcept {
    return ((oh * stride.h - padding.h) * in.width + ow * stride.w - padding.w) * in.channels *
           kLanes;
  }
};

/// Taps [low, high) of one axis that fall inside the input, for one output coordinate.
struct TapRange {
  Index low, high;
  friend bool operator==(const TapRange&, const TapRange&) = default;
};
[[nodiscard]] inline TapRange valid_taps(Index output, Index input_size, Index kernel, Index stride,
                                         Index padding, Index dilation = 1) {
  const Index first = output * stride - padding;
  const auto taps_before = [&](Index position) {
    return std::min(ceil_div(std::max<Index>(position - first, 0), dilation), kernel);
  };
  return {taps_before(0), taps_before(input_size)};
}

/// Output positions fall into classes by the taps that the border cuts off; taps outside are
/// skipped, not multiplied by zeros (at 2x2 with a 3x3 kernel that is more than half of them).
struct BorderClasses {
  std::vector<std::vector<std::pair<Index, Index>>> runs;  ///< [class] runs of consecutive taps
  std::vector<Index> row_class, column_class;              ///< [oh], [ow]
  Index columns = 0;                                       ///< distinct column classes

  explicit BorderClasses(const MatrixShape& s) {
    std::vector<TapRange> rows, cols;
    row_class = classify(rows, s.out.height, s.in.height, s.kernel.h, s.stride.h, s.padding.h,
                         s.dilation.h);
    column_class =
        classify(cols, s.out.width, s.in.width, s.kernel.w, s.stride.w, s.padding.w, s.dilation.w);
    columns = static_cast<Index>(cols.size());
    for (const TapRange& h : rows)
      for (const TapRange& w : cols) {
        auto& list = runs.emplace_back();
        for (Index kh = h.low; kh < h.high; ++kh) {
          const Index begin = kh * s.kernel.w + w.low, end = kh * s.kernel.w + w.high;
          if (!list.empty() && list.back().second == begin)
            list.back().second = end;
          else if (begin < end)
            list.emplace_back(begin, end);
        }
      }
  }

  [[nodiscard]] std::size_t of(Index oh, Index ow) const {
    return static_cast<std::size_t>(row_class[static_cast<std::size_t>(oh)] * columns +
                                    column_class[static_cast<std::size_t>(ow)]);
  }

 private:
  static std::vector<Index> classify(std::vector<TapRange>& distinct, Index outputs, Index inputs,
                                     Index kernel, Index stride, Index padding, Index dilation) {
    std::vector<Index> classes;
    for (Index o = 0; o < outputs; ++o) {
      const TapRange range = valid_taps(o, inputs, kernel, stride, padding, dilation);
      const auto found = std::find(distinct.begin(), distinct.end(), range);
      classes.push_back(found - distinct.begin());
      if (found == distinct.end()) distinct.push_back(range);
    }
    return classes;
  }
};

/// Rows of the weight matrix which keep the same filters. Inside a span rows are ordered by tap, so
/// that the taps of a border class are few segments of the offset table.
struct Span {
  std::vector<std::int32_t> filters;     ///< kept filters, ascending
  std::vector<std::int32_t> filter_off;  ///< filters * kLanes
  std::vector<std::int32_t> row;         ///< weight-matrix row of each entry
  std::vector<std::int32_t> row_off;     ///< its offset in the window
  Index channel = 0;                     ///< the first one that its group of filters reads
  bool opens = false;                    ///< it is the first one of its group of filters
  std::vector<std::int32_t> tap_begin;   ///< [taps + 1] first entry of each tap
  std::vector<Segment> segments;         ///< of all border classes
  std::vector<Index> class_begin;        ///< [classes + 1] into segments
  std::vector<std::int32_t> class_off;   ///< [class][entry] row_off, or -1 outside of the input
  Index packed_begin = 0;                ///< place in the packed weights
  bool tiled = false;                    ///< each tap has whole tiles of kLanes channels
  bool contiguous = false;               ///< the rows are neighbours, in ascending order

  [[nodiscard]] Index rows() const noexcept { return static_cast<Index>(row.size()); }
  [[nodiscard]] Index kept() const noexcept { return static_cast<Index>(filters.size()); }

  void index(const MatrixShape& shape, const BorderClasses& classes) {
    for (const auto f : filters) filter_off.push_back(static_cast<std::int32_t>(f * kLanes));
    const Index taps = shape.taps();
    std::stable_sort(row.begin(), row.end(), [&](auto a, auto b) { return a % taps < b % taps; });
    contiguous = std::adjacent_find(row.begin(), row.end(),
                                    [](auto a, auto b) { return b != a + 1; }) == row.end();
    for (const std::int32_t r : row)
      row_off.push_back(static_cast<std::int32_t>(shape.row_offset(r) + channel * kLanes));
    tiled = true;
    Index entry = 0;
    for (Index tap = 0; tap < taps; ++tap) {
      tap_begin.push_back(static_cast<std::int32_t>(entry));
      while (entry < rows() && row[static_cast<std::size_t>(entry)] % taps == tap) ++entry;
      tiled = tiled && whole_tiles(taps, tap_begin.back(), entry);
    }
    tap_begin.push_back(static_cast<std::int32_t>(entry));
    for (const auto& runs : classes.runs) {
      class_begin.push_back(static_cast<Index>(segments.size()));
      const std::size_t first = class_off.size();
      class_off.resize(first + row.size(), -1);
      for (const auto& [begin, end] : runs) {
        const Segment segment{tap_begin[static_cast<std::size_t>(begin)],
                              tap_begin[static_cast<std::size_t>(end)]};
        segments.push_back(segment);
        std::copy(row_off.begin() + segment.begin, row_off.begin() + segment.end,
                  class_off.begin() + static_cast<Index>(first) + segment.begin);
      }
    }
    class_begin.push_back(static_cast<Index>(segments.size()));
  }

 private:
  /// Whether the entries from `first` up to `end`, all of one tap, are tiles of neighbouring
  /// channels: the last one may be short, if it isn't the only one.
  [[nodiscard]] bool whole_tiles(Index taps, Index first, Index end) const {
    for (Index e = first; e < end; ++e) {
      const auto at = [&](Index entry) {
        return channel + row[static_cast<std::size_t>(entry)] / taps;
      };
      const bool begins = (e - first) % kLanes == 0;
      if (begins ? at(e) % kLanes != 0 : at(e) != at(e - 1) + 1) return false;
    }
    return end - first >= kTileLanes;
  }
};

/// Rows of a span at most: its slice of the patches (128 bytes a row) has to stay in the L1 cache.
/// Thirty-two channels of a 3x3 kernel just fit.
inline constexpr Index kSpanRows = 288;

/// The execution plan of one layer under one mask.
struct MatrixPlan {
  MatrixShape shape;
  BorderClasses classes;
  std::vector<Span> spans;
  Index kept_weights = 0;
  bool opened = false;  ///< every filter is in a span that opens

  MatrixPlan(const Network& network, const Node& node, const PruneMask& mask)
      : shape(network, node), classes(shape) {
    if (mask.rows() != shape.rows() || mask.cols() != shape.filters())
      fail(ErrorId::mask_mismatch, "layer '", node.name, "' has ", shape.rows(), 'x',
           shape.filters(), " weights, its mask is for ", mask.rows(), 'x', mask.cols());
    std::map<std::vector<std::int32_t>, std::size_t> open;  // last span of these filters
    Index opening = 0;                                      // filters of spans that open
    for (Index group = 0; group < shape.groups; ++group) {
      const std::size_t first = spans.size();
      for (Index g = 0; g < mask.groups(); ++g) add_group(mask, g, group, open);
      if (spans.size() == first) continue;
      spans[first].opens = true;
      opening += spans[first].kept();
    }
    opened = opening == shape.filters();
    for (Span& span : spans) {
      span.index(shape, classes);
      span.packed_begin = kept_weights;
      kept_weights += span.rows() * span.kept();
    }
  }

  /// The mask of a dense layer, cut into spans of good size.
  [[nodiscard]] static PruneMask dense_mask(const MatrixShape& shape) {
    const Index channels = std::max<Index>(1, kSpanRows / shape.taps());
    return {shape.rows(), shape.filters(),
            shape.taps() * (channels > kLanes ? channels / kLanes * kLanes : channels)};
  }

 private:
  void add_group(const PruneMask& mask, Index g, Index group,
                 std::map<std::vector<std::int32_t>, std::size_t>& open) {
    std::vector<std::int32_t> filters;
    const Index each = shape.filters() / shape.groups;
    for (Index c = group * each; c < (group + 1) * each; ++c)
      if (mask.kept(g, c)) filters.push_back(static_cast<std::int32_t>(c));
    if (filters.empty()) return;
    const Index rows = mask.row_end(g) - mask.row_begin(g);
    const auto [known, added] = open.try_emplace(std::move(filters), spans.size());
    if (added || spans[known->second].rows() + rows > kSpanRows) {
      known->second = spans.size();
      spans.emplace_back().filters = known->first;
      spans.back().channel = group * (shape.in.channels / shape.groups);
    }
    for (Index i = mask.row_begin(g); i < mask.row_end(g); ++i)
      spans[known->second].row.push_back(static_cast<std::int32_t>(mask.row(i)));
  }
};

}  // namespace autoprune::nn::detail
