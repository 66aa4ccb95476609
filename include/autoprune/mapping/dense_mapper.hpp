/// @file dense_mapper.hpp
/// Naive mapping: every weight sits where it sits in the matrix, several matrices side by side. A
/// crossbar that would hold nothing but zeros isn't built; no other zero saves anything.
#pragma once

#include <algorithm>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/ou_placer.hpp"

namespace autoprune::mapping {

class DenseMapper {
 public:
  static constexpr bool kIndexed = false;  ///< places are known without an index buffer

  explicit DenseMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is a crossbar.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    Index crossbars = 0;
    for (Index row = 0; row < mask.rows(); row += shape_.xbar_rows)
      for (Index col = 0; col < mask.cols(); col += shape_.xbar_cols) {
        const Index row_end = std::min(mask.rows(), row + shape_.xbar_rows);
        const Index col_end = std::min(mask.cols(), col + shape_.xbar_cols);
        if (!holds_any(mask, row, row_end, col, col_end)) continue;
        const std::vector<std::int32_t> rows = index_range(row, row_end);
        for (Index begin = col, end = col; begin < col_end; begin = end) {
          end = std::min(col_end, (begin / mask.matrix_cols() + 1) * mask.matrix_cols());
          const std::vector<std::int32_t> columns = index_range(begin, end);
          OuPlacer(shape_).place(rows, columns, [&](Ou ou) {
            ou.place = {crossbars, ou.rows.front() - row, ou.columns.front() - col};
            visit(ou);
          });
        }
        ++crossbars;
      }
    return {crossbars, 1};
  }

 private:
  [[nodiscard]] static bool holds_any(const PruneMask& mask, Index row, Index row_end, Index col,
                                      Index col_end) {
    for (Index r = row; r < row_end; ++r)
      for (Index c = col; c < col_end; ++c)
        if (mask.kept(mask.group_of(r), c)) return true;
    return false;
  }

  ArrayShape shape_;
};

}  // namespace autoprune::mapping
