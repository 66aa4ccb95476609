/// @file pim_mapper.hpp
/// PIM-Prune's mapping (Chu et al., DAC 2020): what is left of the blocks of a crossbar's size is
/// squeezed together in columns of a crossbar's height; input and output indices say what each
/// wordline and bitline belongs to.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "autoprune/mapping/shelf_placer.hpp"
#include "autoprune/mapping/squeeze.hpp"

namespace autoprune::mapping {

/// Columns are squeezed inside each strip of xbar_rows rows, or rows inside each strip of xbar_cols
/// filters: the layer gets whichever takes fewer crossbars. A bitline holds one column of a
/// crossbar's height, from any strip.
class PimMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit PimMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is a bitline of a crossbar.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    ShelfPlacer placer(shape_);
    const auto place = [&](std::span<const std::int32_t> rows, const List& columns) {
      const auto height = static_cast<std::size_t>(shape_.xbar_rows);
      for (std::size_t r = 0; r < rows.size(); r += height)
        placer.place(rows.subspan(r, std::min(height, rows.size() - r)), columns, shape_.xbar_rows,
                     visit);
    };
    if (columns_win(mask))
      squeeze_columns(mask, shape_.xbar_rows, place);
    else
      squeeze_rows(mask, shape_.xbar_cols, place);
    return placer.columns(shape_.xbar_rows);
  }

 private:
  using List = std::vector<std::int32_t>;

  [[nodiscard]] Index bitlines(const List& rows, const List& columns) const noexcept {
    return ceil_div(static_cast<Index>(rows.size()), shape_.xbar_rows) *
           static_cast<Index>(columns.size());
  }

  [[nodiscard]] bool columns_win(const PruneMask& mask) const {
    Index by_rows = 0, by_columns = 0;
    squeeze_rows(mask, shape_.xbar_cols, [&](const List& rows, const List& columns) {
      by_rows += bitlines(rows, columns);
    });
    squeeze_columns(mask, shape_.xbar_rows, [&](const List& rows, const List& columns) {
      by_columns += bitlines(rows, columns);
    });
    return by_columns <= by_rows;
  }

  ArrayShape shape_;
};

}  // namespace autoprune::mapping
