/// @file vector_mapper.hpp
/// The mapping of CrossbarMapper in its routed form, so that it can stand beside the other
/// methods'.
#pragma once

#include <algorithm>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/ou_list.hpp"
#include "autoprune/mapping/ou_placer.hpp"

namespace autoprune::mapping {

/// Column-vectors of the mask's granularity G in tiles of G x OuCols cells.
class VectorMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit VectorMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is a tile; an OU of more rows than can be active is visited in pieces. Throws
  /// mask_mismatch when G doesn't divide the crossbar's rows.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    if (shape_.xbar_rows % mask.granularity() != 0)
      fail(ErrorId::mask_mismatch, "granularity ", mask.granularity(), " doesn't divide the ",
           shape_.xbar_rows, " rows of a crossbar");
    const Index tiles = shape_.xbar_rows / mask.granularity() * (shape_.xbar_cols / shape_.ou_cols);
    const OuList ous(mask, shape_.ou_cols);
    for (Index i = 0; i < ous.size(); ++i) {
      const Ou ou = ous[i];
      OuPlacer pieces(shape_);
      pieces.place(index_range(ou.row_begin, ou.row_end), ou.columns, [&](RoutedOu piece) {
        piece.crossbar = i / tiles;
        visit(piece);
      });
    }
    return {ous.size(), tiles};
  }

 private:
  ArrayShape shape_;
};

}  // namespace autoprune::mapping
