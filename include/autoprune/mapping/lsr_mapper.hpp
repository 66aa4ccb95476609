/// @file lsr_mapper.hpp
/// Column clustering (Lin et al., ASP-DAC 2019): filters with weights in the same rows are brought
/// together, so that the rows they all lack can go.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/mapping/ou_placer.hpp"
#include "autoprune/prune/column_clusters.hpp"

namespace autoprune::mapping {

/// Clusters of ou_cols filters, anywhere in the layer. Filters with the very same rows meet first;
/// what is left over is clustered by k-means. Filters without weights are left out.
class LsrMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit LsrMapper(const ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is an OU.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    OuPlacer placer(shape_);
    for (const auto& columns : clusters(mask)) {
      std::vector<std::uint8_t> any(static_cast<std::size_t>(mask.groups()));
      for (Index g = 0; g < mask.groups(); ++g) {
        const std::uint8_t* flags = mask.flags(g).data();
        for (const std::int32_t c : columns) any[static_cast<std::size_t>(g)] |= flags[c];
      }
      std::vector<std::int32_t> rows;
      for (Index r = 0; r < mask.rows(); ++r)
        if (any[static_cast<std::size_t>(mask.group_of(r))] != 0)
          rows.push_back(static_cast<std::int32_t>(r));
      placer.place(rows, columns, visit);
    }
    return placer.slots();
  }

 private:
  /// A number for each filter that tells rows apart; 0 for none. Should two sets of rows ever share
  /// a number, their filters meet all the same, on the rows of both.
  [[nodiscard]] static std::vector<std::uint64_t> fingerprints(const PruneMask& mask) {
    std::vector<std::uint64_t> prints(static_cast<std::size_t>(mask.cols()), 0);
    std::uint64_t factor = 1;
    for (Index g = 0; g < mask.groups(); ++g) {
      factor *= 0x9E3779B97F4A7C15u;
      const std::uint64_t own = factor ^ (factor >> 29);
      const std::uint8_t* flags = mask.flags(g).data();
      for (std::size_t c = 0; c < prints.size(); ++c) prints[c] += own * flags[c];
    }
    return prints;
  }

  [[nodiscard]] prune::ColumnClusters clusters(const PruneMask& mask) const {
    const std::vector<std::uint64_t> prints = fingerprints(mask);
    std::map<std::uint64_t, std::vector<std::int32_t>> equal;
    for (Index c = 0; c < mask.cols(); ++c)
      if (const std::uint64_t print = prints[static_cast<std::size_t>(c)]; print != 0)
        equal[print].push_back(static_cast<std::int32_t>(c));
    prune::ColumnClusters all;
    std::vector<std::int32_t> rest;
    for (const auto& [print, columns] : equal) {
      const auto full = static_cast<Index>(columns.size()) / shape_.ou_cols * shape_.ou_cols;
      for (Index c = 0; c < full; c += shape_.ou_cols)
        all.emplace_back(columns.begin() + c, columns.begin() + c + shape_.ou_cols);
      rest.insert(rest.end(), columns.begin() + full, columns.end());
    }
    std::sort(rest.begin(), rest.end());
    for (auto& cluster : prune::cluster_columns(supports(mask, rest), shape_.ou_cols)) {
      for (std::int32_t& c : cluster) c = rest[static_cast<std::size_t>(c)];
      all.push_back(std::move(cluster));
    }
    return all;
  }

  /// 1 where a filter has a weight: filters x row groups.
  [[nodiscard]] static Matrix supports(const PruneMask& mask,
                                       const std::vector<std::int32_t>& columns) {
    Matrix points(static_cast<Index>(columns.size()), mask.groups());
    for (Index i = 0; i < points.rows(); ++i)
      for (Index g = 0; g < mask.groups(); ++g)
        points(i, g) = mask.kept(g, columns[static_cast<std::size_t>(i)]) ? 1.0F : 0.0F;
    return points;
  }

  ArrayShape shape_;
};

}  // namespace autoprune::mapping
