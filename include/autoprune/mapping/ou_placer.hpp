/// @file ou_placer.hpp
/// Cuts blocks of a weight matrix into OUs and gives each the next free place of a crossbar.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/mapping/ou_list.hpp"

namespace autoprune::mapping {

/// A crossbar cut into tiles of `height` x `width` weights, which are filled strip of bitlines
/// after strip.
struct TileGrid {
  Index height = 1, width = 1;  ///< of a tile
  Index below = 1, across = 1;  ///< tiles of a crossbar

  TileGrid(const ArrayShape& shape, Index height_, Index width_)
      : height(height_),
        width(width_),
        below(shape.xbar_rows / height_),
        across(shape.xbar_cols / width_) {}

  [[nodiscard]] Index tiles() const noexcept { return below * across; }
  [[nodiscard]] Place at(Index tile) const noexcept {
    const Index slot = tile % tiles();
    return {tile / tiles(), slot % below * height, slot / below * width};
  }
};

class OuPlacer {
 public:
  explicit OuPlacer(const ArrayShape& shape) : grid_(shape, shape.ou_rows, shape.ou_cols) {}

  /// The block of these rows and columns, in ceil(rows / ou_rows) x ceil(columns / ou_cols) OUs.
  template <class Visit>
  void place(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns,
             Visit&& visit) {
    const auto height = static_cast<std::size_t>(grid_.height);
    const auto width = static_cast<std::size_t>(grid_.width);
    for (std::size_t r = 0; r < rows.size(); r += height)
      for (std::size_t c = 0; c < columns.size(); c += width)
        visit(Ou{rows.subspan(r, std::min(height, rows.size() - r)),
                 columns.subspan(c, std::min(width, columns.size() - c)), grid_.at(placed_++)});
  }

  [[nodiscard]] Slots slots() const noexcept { return {placed_, grid_.tiles()}; }

 private:
  TileGrid grid_;
  Index placed_ = 0;
};

/// begin, begin + 1, ..., end - 1.
[[nodiscard]] inline std::vector<std::int32_t> index_range(Index begin, Index end) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(end - begin));
  std::iota(all.begin(), all.end(), static_cast<std::int32_t>(begin));
  return all;
}

}  // namespace autoprune::mapping
