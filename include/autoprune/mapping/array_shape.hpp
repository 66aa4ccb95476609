/// @file array_shape.hpp
/// The hardware in weights instead of cells, for mappers that take their geometry at run time.
#pragma once

#include <compare>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/hardware/weight_code.hpp"

namespace autoprune::mapping {

/// Columns are filters: where the slices of a weight are adjacent, a filter takes several bitlines.
struct ArrayShape {
  Index xbar_rows = 0, xbar_cols = 0;
  Index ou_rows = 0, ou_cols = 0;
  Index cell_bits = 0;
  Index arrays = 1;  ///< physical arrays that hold the same places: bit planes times sign arrays

  ArrayShape() = default;
  /// Throws out_of_range, or geometry_mismatch when an OU can't hold whole weights.
  explicit ArrayShape(const Geometry<>& geometry, const hardware::WeightCode& options = {}) {
    geometry.validate();
    options.validate();
    const Index bitlines = options.bitlines_per_weight(geometry.cell_bits);
    if (geometry.ou_cols % bitlines != 0)
      fail(ErrorId::geometry_mismatch, "geometry ", geometry.to_string(), ": ", bitlines,
           " adjacent slices of a weight don't divide the ", geometry.ou_cols,
           " OU columns; change weight_bits or keep the bit planes apart");
    xbar_rows = geometry.xbar_rows;
    xbar_cols = geometry.xbar_cols / bitlines;
    ou_rows = geometry.ou_rows;
    ou_cols = geometry.ou_cols / bitlines;
    cell_bits = geometry.cell_bits;
    arrays = options.arrays(geometry.cell_bits);
  }

  [[nodiscard]] Index ous_per_crossbar() const noexcept {
    return xbar_rows / ou_rows * (xbar_cols / ou_cols);
  }
  /// Crossbars of an R x C layer without pruning: rows packed, no index needed. Weight matrices of
  /// a convolution in groups stand side by side, C being all filters: as only an OU is active at a
  /// time, they share wordlines.
  [[nodiscard]] Index dense_crossbars(Index rows, Index cols) const noexcept {
    return ceil_div(rows, xbar_rows) * ceil_div(cols, xbar_cols) * arrays;
  }

  friend auto operator<=>(const ArrayShape&, const ArrayShape&) = default;
};

}  // namespace autoprune::mapping
