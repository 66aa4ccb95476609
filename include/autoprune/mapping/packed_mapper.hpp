/// @file packed_mapper.hpp
/// Column-vectors of any number a row group, without places left free: where one row group's
/// vectors end, the next one's begin, on the same shelf of a crossbar.
#pragma once

#include <cstdint>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/shelf_placer.hpp"

namespace autoprune::mapping {

/// CrossbarMapper gives an OU a tile of its own, full or not; here a tile's bitlines may serve two
/// row groups, which are activated one after the other. Crossbars are those of the kept vectors
/// alone; activations are as many as before.
class PackedMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit PackedMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is that of one column-vector, or a wordline where G doesn't divide the crossbar's
  /// rows.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    ShelfPlacer placer(shape_);
    for (Index g = 0; g < mask.groups(); ++g) {
      std::vector<std::int32_t> columns;
      for (Index c = 0; c < mask.cols(); ++c)
        if (mask.kept(g, c)) columns.push_back(static_cast<std::int32_t>(c));
      placer.place(mask.rows_of(g), columns, mask.granularity(), visit);
    }
    const bool divides = shape_.xbar_rows % mask.granularity() == 0;
    return divides ? placer.columns(mask.granularity()) : placer.slots();
  }

 private:
  ArrayShape shape_;
};

}  // namespace autoprune::mapping
