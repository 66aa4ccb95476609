/// @file sre_mapper.hpp
/// The Sparse ReRAM Engine's mapping (Yang et al., ISCA 2019): rows of an OU that hold nothing but
/// zeros are squeezed out, and an index says which input each wordline is left with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "autoprune/mapping/ou_placer.hpp"

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
    const auto count = [](const RoutedOu&) {};
    const Index by_rows = squeeze_rows(mask, count).taken;
    const Index by_columns = squeeze_columns(mask, count).taken;
    return by_rows <= by_columns ? squeeze_rows(mask, visit) : squeeze_columns(mask, visit);
  }

 private:
  template <class Visit>
  Slots squeeze_rows(const PruneMask& mask, Visit&& visit) const {
    OuPlacer placer(shape_);
    std::vector<std::int32_t> rows;
    for (Index c = 0; c < mask.cols(); c += shape_.ou_cols) {
      const Index end = std::min(mask.cols(), c + shape_.ou_cols);
      rows.clear();
      for (Index g = 0; g < mask.groups(); ++g) {
        bool any = false;
        for (Index j = c; j < end; ++j) any |= mask.kept(g, j);
        for (Index r = mask.row_begin(g); any && r < mask.row_end(g); ++r)
          rows.push_back(static_cast<std::int32_t>(r));
      }
      placer.place(rows, index_range(c, end), visit);
    }
    return placer.slots();
  }

  template <class Visit>
  Slots squeeze_columns(const PruneMask& mask, Visit&& visit) const {
    OuPlacer placer(shape_);
    std::vector<std::uint8_t> any(static_cast<std::size_t>(mask.cols()));
    for (Index r = 0; r < mask.rows(); r += shape_.ou_rows) {
      const Index end = std::min(mask.rows(), r + shape_.ou_rows);
      std::fill(any.begin(), any.end(), std::uint8_t{0});
      for (Index g = r / mask.granularity(); mask.row_begin(g) < end; ++g)
        for (Index c = 0; c < mask.cols(); ++c)
          any[static_cast<std::size_t>(c)] |= static_cast<std::uint8_t>(mask.kept(g, c));
      std::vector<std::int32_t> columns;
      for (Index c = 0; c < mask.cols(); ++c)
        if (any[static_cast<std::size_t>(c)] != 0) columns.push_back(static_cast<std::int32_t>(c));
      placer.place(index_range(r, end), columns, visit);
    }
    return placer.slots();
  }

  ArrayShape shape_;
};

}  // namespace autoprune::mapping
