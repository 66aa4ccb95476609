/// @file pim_mapper.hpp
/// PIM-Prune's mapping (Chu et al., DAC 2020): what is left of the blocks of a crossbar's height is
/// squeezed together; input and output indices say what each wordline and bitline belongs to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "autoprune/mapping/ou_placer.hpp"

namespace autoprune::mapping {

/// Filters of a row strip (xbar_rows rows) with the same rows left stand side by side, whichever
/// blocks they come from; pruned rows are squeezed out.
class PimMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit PimMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is an OU.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    OuPlacer placer(shape_);
    for (Index r = 0; r < mask.rows(); r += shape_.xbar_rows) {
      const Strip strip(mask, r, std::min(mask.rows(), r + shape_.xbar_rows));
      for (const auto& [rows, columns] : strip.blocks) placer.place(rows, columns, visit);
    }
    return placer.slots();
  }

 private:
  using List = std::vector<std::int32_t>;

  /// Filters of one strip by the rows that are left of them.
  struct Strip {
    std::map<List, List> blocks;

    Strip(const PruneMask& mask, Index begin, Index end) {
      std::vector<List> rows(static_cast<std::size_t>(mask.cols()));
      for (Index r = begin; r < end; ++r)
        for (Index c = 0; c < mask.cols(); ++c)
          if (mask.kept(r / mask.granularity(), c))
            rows[static_cast<std::size_t>(c)].push_back(static_cast<std::int32_t>(r));
      auto last = blocks.end();
      for (Index c = 0; c < mask.cols(); ++c) {
        const List& left = rows[static_cast<std::size_t>(c)];
        if (left.empty()) continue;
        // Neighbours mostly lie in one block; only others are looked for.
        if (last == blocks.end() || last->first != left) last = blocks.try_emplace(left).first;
        last->second.push_back(static_cast<std::int32_t>(c));
      }
    }
  };

  ArrayShape shape_;
};

}  // namespace autoprune::mapping
