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

/// Gives each OU a tile of its own, full or not. Where a layer has several weight matrices OUs are
/// narrow, as none mixes them; there OUs stand side by side in a tile as long as it has room.
class TileFiller {
 public:
  TileFiller(const TileGrid& grid, Index matrices)
      : grid_(grid), shared_(matrices > 1), used_(grid.width) {}

  /// The place of the next OU, of `width` filters.
  Place next(Index width) noexcept {
    if (used_ + width > grid_.width) {
      ++tiles_;
      used_ = 0;
    }
    Place place = grid_.at(tiles_ - 1);
    place.bitline += used_;
    used_ = shared_ ? used_ + width : grid_.width;
    return place;
  }
  /// A place of a crossbar is a tile.
  [[nodiscard]] Slots slots() const noexcept { return {tiles_, grid_.tiles()}; }

 private:
  TileGrid grid_;
  bool shared_;
  Index used_, tiles_ = 0;  // bitlines of the last tile, and tiles
};

class OuPlacer {
 public:
  explicit OuPlacer(const ArrayShape& shape, Index matrices = 1)
      : height_(shape.ou_rows),
        width_(shape.ou_cols),
        tiles_({shape, shape.ou_rows, shape.ou_cols}, matrices) {}

  /// The block of these rows and columns, in ceil(rows / ou_rows) x ceil(columns / ou_cols) OUs.
  template <class Visit>
  void place(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns,
             Visit&& visit) {
    const auto height = static_cast<std::size_t>(height_);
    const auto width = static_cast<std::size_t>(width_);
    for (std::size_t r = 0; r < rows.size(); r += height)
      for (std::size_t c = 0; c < columns.size(); c += width) {
        Ou ou{rows.subspan(r, std::min(height, rows.size() - r)),
              columns.subspan(c, std::min(width, columns.size() - c))};
        ou.place = tiles_.next(ou.n_cols());
        visit(ou);
      }
  }

  [[nodiscard]] Slots slots() const noexcept { return tiles_.slots(); }

 private:
  Index height_, width_;
  TileFiller tiles_;
};

/// Calls f(mask, first) for each weight matrix of a layer, `first` being its first filter.
template <class F>
void for_each_matrix(const PruneMask& mask, F&& f) {
  if (mask.matrices() == 1) return f(mask, std::int32_t{0});
  for (Index m = 0; m < mask.matrices(); ++m)
    f(mask.matrix(m), static_cast<std::int32_t>(m * mask.matrix_cols()));
}

/// `visit` of OUs whose filters are counted from `first` on.
template <class Visit>
[[nodiscard]] auto counted_from(std::int32_t first, Visit& visit) {
  return [first, &visit](Ou ou) {
    if (first == 0) return visit(ou);
    std::vector<std::int32_t> columns(ou.columns.begin(), ou.columns.end());
    for (std::int32_t& column : columns) column += first;
    ou.columns = columns;
    visit(ou);
  };
}

/// begin, begin + 1, ..., end - 1.
[[nodiscard]] inline std::vector<std::int32_t> index_range(Index begin, Index end) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(end - begin));
  std::iota(all.begin(), all.end(), static_cast<std::int32_t>(begin));
  return all;
}

}  // namespace autoprune::mapping
