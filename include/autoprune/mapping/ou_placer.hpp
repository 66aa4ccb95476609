/// @file ou_placer.hpp
/// Cuts blocks of a weight matrix into OUs and gives each the next free place of a crossbar.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/routed_layer.hpp"

namespace autoprune::mapping {

class OuPlacer {
 public:
  explicit OuPlacer(const ArrayShape& shape) : shape_(shape) {}

  /// The block of these rows and columns, in ceil(rows / ou_rows) x ceil(columns / ou_cols) OUs.
  template <class Visit>
  void place(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns,
             Visit&& visit) {
    const auto height = static_cast<std::size_t>(shape_.ou_rows);
    const auto width = static_cast<std::size_t>(shape_.ou_cols);
    for (std::size_t r = 0; r < rows.size(); r += height)
      for (std::size_t c = 0; c < columns.size(); c += width)
        visit(RoutedOu{rows.subspan(r, std::min(height, rows.size() - r)),
                       columns.subspan(c, std::min(width, columns.size() - c)),
                       placed_++ / shape_.ous_per_crossbar()});
  }

  [[nodiscard]] Slots slots() const noexcept { return {placed_, shape_.ous_per_crossbar()}; }

 private:
  ArrayShape shape_;
  Index placed_ = 0;
};

/// begin, begin + 1, ..., end - 1.
[[nodiscard]] inline std::vector<std::int32_t> index_range(Index begin, Index end) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(end - begin));
  std::iota(all.begin(), all.end(), static_cast<std::int32_t>(begin));
  return all;
}

/// The rows of a mask's row group, ascending.
[[nodiscard]] inline std::vector<std::int32_t> rows_of_group(const PruneMask& mask, Index group) {
  std::vector<std::int32_t> rows;
  for (Index i = mask.row_begin(group); i < mask.row_end(group); ++i)
    rows.push_back(static_cast<std::int32_t>(mask.row(i)));
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace autoprune::mapping
