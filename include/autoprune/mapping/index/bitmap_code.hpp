/// @file bitmap_code.hpp
/// Index code: of every row group one bit whether it holds anything (or the number of sets of
/// rows), and of every one that does a bit a filter.
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include "autoprune/mapping/index/row_sets.hpp"

namespace autoprune::mapping::detail {

struct BitmapCode {
  using Sets = std::span<const RowSetView>;
  static constexpr Index kChunk = 32;  ///< bits that are written at once

  [[nodiscard]] static Index bits(Sets sets, const OuShape& shape) {
    return (shape.granularity > 0 ? shape.groups() : count_bits(shape)) +
           std::ssize(sets) * set_cols(shape);
  }

  static void encode(BitWriter& out, Sets sets, const OuShape& shape) {
    const bool groups = shape.granularity > 0;
    if (!groups) put_count(out, std::ssize(sets), shape);
    Index next = 0;  // row group
    for (const RowSetView& s : sets) {
      if (groups) {
        for (; next < s.number; ++next) out.put(0, 1);
        out.put(1, 1);
        ++next;
      }
      auto column = s.columns.begin();
      const Index first = first_column(shape, s.number), end = first + set_cols(shape);
      for (Index base = first; base < end; base += kChunk) {
        std::uint64_t chunk = 0;
        for (; column != s.columns.end() && *column < base + kChunk; ++column)
          chunk |= std::uint64_t{1} << (*column - base);
        out.put(chunk, std::min(kChunk, end - base));
      }
    }
    for (; next < shape.groups(); ++next) out.put(0, 1);
  }

  [[nodiscard]] static std::vector<OwnedRowSet> decode(BitReader& in, const OuShape& shape) {
    const bool groups = shape.granularity > 0;
    const Index count = groups ? shape.groups() : in.get(count_bits(shape));
    std::vector<OwnedRowSet> sets;
    for (Index n = 0; n < count; ++n) {
      if (groups && in.get(1) == 0) continue;
      sets.push_back({n, {}, {}});
      for (Index base = 0; base < set_cols(shape); base += kChunk) {
        auto chunk = static_cast<std::uint64_t>(in.get(std::min(kChunk, set_cols(shape) - base)));
        for (; chunk != 0; chunk &= chunk - 1)
          sets.back().columns.push_back(static_cast<std::int32_t>(base + std::countr_zero(chunk)));
      }
      if (sets.back().columns.empty()) fail_index("a set of rows has no columns");
    }
    return sets;
  }
};

}  // namespace autoprune::mapping::detail
