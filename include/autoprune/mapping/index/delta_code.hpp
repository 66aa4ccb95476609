/// @file delta_code.hpp
/// Index code: the gaps between what is kept, row group (or set of rows) after row group, in fields
/// of one width; where rows follow, after the number of what is kept.
#pragma once

#include <array>
#include <vector>

#include "autoprune/mapping/index/row_sets.hpp"

namespace autoprune::mapping::detail {

struct DeltaCode {
  using Sets = std::span<const RowSetView>;
  static constexpr Index kHeader = 5;  ///< bits that hold the width of the gap fields
  static constexpr Index kMaxWidth = (1 << kHeader) - 1;

  /// A field of `width` bits holds a gap below this; equal to it, it is the escape: that many
  /// pruned vectors and no kept one.
  [[nodiscard]] static constexpr Index escape(Index width) noexcept {
    return (Index{1} << width) - 1;
  }

  struct Size {
    Index width, bits;
  };

  /// The field width that makes the code smallest, and its size.
  [[nodiscard]] static Size best(Sets sets, const OuShape& shape) {
    std::array<Index, kMaxWidth + 1> escapes{};
    Index vectors = 0;
    for_each_gap(sets, shape, [&](Index gap) {
      ++vectors;
      for (Index w = 1; w <= kMaxWidth && gap >= escape(w); ++w)
        escapes[static_cast<std::size_t>(w)] += gap / escape(w);
    });
    Size best{1, kHeader + vectors + escapes[1]};
    for (Index w = 2; w <= kMaxWidth; ++w) {
      const Index bits = kHeader + w * (vectors + escapes[static_cast<std::size_t>(w)]);
      if (bits < best.bits) best = {w, bits};
    }
    if (!shape.neighbours()) best.bits += count_bits(shape);
    return best;
  }
  [[nodiscard]] static Index bits(Sets sets, const OuShape& shape) {
    return best(sets, shape).bits;
  }

  static void encode(BitWriter& out, Sets sets, const OuShape& shape) {
    if (!shape.neighbours()) {
      Index vectors = 0;
      for (const RowSetView& s : sets) vectors += std::ssize(s.columns);
      put_count(out, vectors, shape);
    }
    const Index width = best(sets, shape).width;
    out.put(static_cast<std::uint64_t>(width), kHeader);
    for_each_gap(sets, shape, [&](Index gap) {
      for (; gap >= escape(width); gap -= escape(width))
        out.put(static_cast<std::uint64_t>(escape(width)), width);
      out.put(static_cast<std::uint64_t>(gap), width);
    });
  }

  [[nodiscard]] static std::vector<OwnedRowSet> decode(BitReader& in, const OuShape& shape) {
    const bool counted = !shape.neighbours();
    Index left = counted ? in.get(count_bits(shape)) : 0;
    const Index width = in.get(kHeader);
    if (width == 0) fail_index("gap fields have no bits");
    std::vector<OwnedRowSet> sets;
    Index number = 0, column = 0;  // of the next vector, should its gap be 0
    while (counted ? left > 0 : in.remaining() > 0) {
      const Index gap = in.get(width);
      column += gap;
      if (column >= set_cols(shape)) {
        number += column / set_cols(shape);
        column %= set_cols(shape);
      }
      if (number >= (shape.granularity > 0 ? shape.groups() : std::ssize(sets) + 1))
        fail_index("a gap leads out of the layer");
      if (gap == escape(width)) continue;
      if (sets.empty() || sets.back().number != number) sets.push_back({number, {}, {}});
      sets.back().columns.push_back(static_cast<std::int32_t>(column++));
      --left;
    }
    return sets;
  }

 private:
  /// Calls f(gap) with the number of pruned vectors before each kept one.
  template <class F>
  static void for_each_gap(Sets sets, const OuShape& shape, const F& f) {
    Index previous = -1;
    for (const RowSetView& s : sets)
      for (const std::int32_t column : s.columns) {
        const Index position = s.number * set_cols(shape) + column - first_column(shape, s.number);
        f(position - previous - 1);
        previous = position;
      }
  }
};

}  // namespace autoprune::mapping::detail
