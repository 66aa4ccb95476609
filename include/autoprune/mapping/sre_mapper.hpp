/// @file sre_mapper.hpp
/// The Sparse ReRAM Engine's mapping (Yang et al., ISCA 2019): rows of an OU that hold nothing but
/// zeros are squeezed out, and an index says which input each wordline is left with.
#pragma once

#include "autoprune/mapping/squeeze.hpp"

namespace autoprune::mapping {

/// Rows are squeezed inside each group of ou_cols neighbouring filters, or filters inside each
/// group of ou_rows neighbouring rows: the layer gets whichever takes fewer OUs.
class SreMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit SreMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is an OU.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    OuPlacer placer(shape_);
    const auto place = [&](const auto& rows, const auto& columns) {
      placer.place(rows, columns, visit);
    };
    if (rows_win(mask))
      squeeze_rows(mask, shape_.ou_cols, place);
    else
      squeeze_columns(mask, shape_.ou_rows, place);
    return placer.slots();
  }

 private:
  [[nodiscard]] bool rows_win(const PruneMask& mask) const {
    Index by_rows = 0, by_columns = 0;
    squeeze_rows(mask, shape_.ou_cols, [&](const auto& rows, const auto&) {
      by_rows += ceil_div(static_cast<Index>(rows.size()), shape_.ou_rows);
    });
    squeeze_columns(mask, shape_.ou_rows, [&](const auto&, const auto& columns) {
      by_columns += ceil_div(static_cast<Index>(columns.size()), shape_.ou_cols);
    });
    return by_rows <= by_columns;
  }

  ArrayShape shape_;
};

}  // namespace autoprune::mapping
