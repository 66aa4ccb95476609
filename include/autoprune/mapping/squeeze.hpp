/// @file squeeze.hpp
/// The two ways to press zeros out of a matrix that keep a crossbar's sums right: rows out of a
/// group of neighbouring filters, or filters out of a group of neighbouring rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/ou_placer.hpp"

namespace autoprune::mapping {

/// Calls f(rows, columns) for each group of `width` neighbouring filters with the rows in which any
/// of them keeps a weight.
template <class F>
void squeeze_rows(const PruneMask& mask, Index width, F&& f) {
  const Index strips = ceil_div(mask.cols(), width);
  std::vector<std::vector<std::int32_t>> rows(static_cast<std::size_t>(strips));
  for (Index r = 0; r < mask.rows(); ++r) {
    const std::uint8_t* flags = mask.flags(mask.group_of(r)).data();
    for (Index s = 0; s < strips; ++s) {
      const Index begin = s * width, end = std::min(mask.cols(), begin + width);
      std::uint8_t any = 0;
      for (Index c = begin; c < end; ++c) any |= flags[c];
      if (any != 0) rows[static_cast<std::size_t>(s)].push_back(static_cast<std::int32_t>(r));
    }
  }
  for (Index s = 0; s < strips; ++s)
    f(rows[static_cast<std::size_t>(s)],
      index_range(s * width, std::min(mask.cols(), (s + 1) * width)));
}

/// Calls f(rows, columns) for each group of `height` neighbouring rows with the filters that keep a
/// weight in any of them.
template <class F>
void squeeze_columns(const PruneMask& mask, Index height, F&& f) {
  std::vector<std::uint8_t> any(static_cast<std::size_t>(mask.cols()));
  std::vector<std::int32_t> columns;
  for (Index row = 0; row < mask.rows(); row += height) {
    const Index end = std::min(mask.rows(), row + height);
    std::fill(any.begin(), any.end(), std::uint8_t{0});
    for (Index r = row; r < end; ++r) {
      const std::uint8_t* flags = mask.flags(mask.group_of(r)).data();
      for (std::size_t c = 0; c < any.size(); ++c) any[c] |= flags[c];
    }
    columns.clear();
    for (std::size_t c = 0; c < any.size(); ++c)
      if (any[c] != 0) columns.push_back(static_cast<std::int32_t>(c));
    f(index_range(row, end), columns);
  }
}

}  // namespace autoprune::mapping
