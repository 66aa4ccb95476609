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

  /// A place is a tile; OUs of more rows than can be active are visited in pieces, those of a row
  /// group with the same inputs together. Throws mask_mismatch when G doesn't divide the crossbar's
  /// rows.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    if (shape_.xbar_rows % mask.granularity() != 0)
      fail(ErrorId::mask_mismatch, "granularity ", mask.granularity(), " doesn't divide the ",
           shape_.xbar_rows, " rows of a crossbar");
    const Index tiles = shape_.xbar_rows / mask.granularity() * (shape_.xbar_cols / shape_.ou_cols);
    const OuList ous(mask, shape_.ou_cols);
    for (Index first = 0; first < ous.size();) {
      const Ou head = ous[first];
      Index end = first;
      while (end < ous.size() && ous[end].row_group == head.row_group) ++end;
      const std::vector<std::int32_t> rows = rows_of_group(mask, head.row_group);
      for (std::size_t r = 0; r < rows.size(); r += static_cast<std::size_t>(shape_.ou_rows))
        for (Index i = first; i < end; ++i)
          visit(
              RoutedOu{std::span(rows).subspan(
                           r, std::min(static_cast<std::size_t>(shape_.ou_rows), rows.size() - r)),
                       ous[i].columns, i / tiles});
      first = end;
    }
    return {ous.size(), tiles};
  }

 private:
  ArrayShape shape_;
};

}  // namespace autoprune::mapping
