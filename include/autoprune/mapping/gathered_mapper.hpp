/// @file gathered_mapper.hpp
/// Row groups of any rows: those that keep the same filters are driven together, wherever they are.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/ou_placer.hpp"

namespace autoprune::mapping {

/// Each set of rows with the same kept filters is a block of its own, cut into OUs.
class GatheredMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit GatheredMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is an OU; those of the same rows are visited together.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    std::map<std::string_view, std::vector<std::int32_t>> alike;  // rows by the flags of filters
    for (Index g = 0; g < mask.groups(); ++g) {
      const auto flags = mask.flags(g);
      const std::string_view key(reinterpret_cast<const char*>(flags.data()), flags.size());
      if (key.find(kKept) == key.npos) continue;
      const auto rows = index_range(mask.row_begin(g), mask.row_end(g));
      auto& all = alike[key];
      all.insert(all.end(), rows.begin(), rows.end());
    }
    OuPlacer placer(shape_);
    for (const auto& [flags, rows] : alike) {
      std::vector<std::int32_t> columns;
      for (auto c = flags.find(kKept); c != flags.npos; c = flags.find(kKept, c + 1))
        columns.push_back(static_cast<std::int32_t>(c));
      placer.place(rows, columns, visit);
    }
    return placer.slots();
  }

 private:
  static constexpr char kKept = 1;
  ArrayShape shape_;
};

}  // namespace autoprune::mapping
