/// @file lsr.hpp
/// Learning the sparsity for ReRAM (Lin et al., ASP-DAC 2019): filters with weights in the same
/// rows are clustered, and of what the clusters occupy the least used pieces are pruned whole.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/mapping/ou_placer.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/prune/column_clusters.hpp"
#include "autoprune/prune/unit_ranking.hpp"

namespace autoprune::methods {

struct LsrOptions {
  /// Share of the layer's weights, the largest, by whose places filters are clustered.
  double support = 0.2;
};

/// The clusters of a layer, of ou_cols filters each. `weights` is filters x rows, of weight
/// matrices side by side. Throws not_finite.
[[nodiscard]] inline prune::ColumnClusters lsr_clusters(ConstMatrixView weights, Index ou_cols,
                                                        const LsrOptions& options = {},
                                                        Index matrices = 1) {
  prune::detail::check_weights(weights);
  Matrix support = weights.cwiseAbs();
  std::vector<float> values(support.data(), support.data() + support.size());
  const Index n = prune::keep_count(support.size(), options.support);
  std::nth_element(values.begin(), values.begin() + n - 1, values.end(), std::greater<>{});
  const float threshold = values[static_cast<std::size_t>(n - 1)];
  support = (support.array() >= threshold).cast<float>().matrix();
  prune::ColumnClusters all;
  const Index each = weights.rows() / matrices;
  for (Index first = 0; first < weights.rows(); first += each)
    for (auto& cluster : prune::cluster_columns(support.middleRows(first, each), ou_cols)) {
      for (std::int32_t& c : cluster) c += static_cast<std::int32_t>(first);
      all.push_back(std::move(cluster));
    }
  return all;
}

/// Prunes OUs of clustered filters by the sum of |w|. Inside a kept OU all weights stay: its cells
/// are there anyway. Throws not_finite.
[[nodiscard]] inline prune::UnitRanking rank_lsr(ConstMatrixView weights, Index ou_rows,
                                                 Index ou_cols, const LsrOptions& options = {},
                                                 Index matrices = 1) {
  return prune::rank_row_chunks(weights, lsr_clusters(weights, ou_cols, options, matrices),
                                ou_rows);
}

/// Clusters of ou_cols filters, anywhere in the matrix. Filters with the very same rows meet first;
/// what is left over is clustered by k-means. Filters without weights are left out.
class LsrMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit LsrMapper(const mapping::ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return shape_; }

  /// A place is an OU.
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    mapping::OuPlacer placer(shape_, mask.matrices());
    mapping::for_each_matrix(mask, [&](const PruneMask& one, std::int32_t first) {
      for (const auto& columns : clusters(one))
        placer.place(rows_of(one, columns), columns, mapping::counted_from(first, visit));
    });
    return placer.slots();
  }

 private:
  /// In which any of the filters keeps a weight.
  [[nodiscard]] static std::vector<std::int32_t> rows_of(const PruneMask& mask,
                                                         std::span<const std::int32_t> columns) {
    std::vector<std::uint8_t> any(static_cast<std::size_t>(mask.groups()));
    for (Index g = 0; g < mask.groups(); ++g) {
      const std::uint8_t* flags = mask.flags(g).data();
      for (const std::int32_t c : columns) any[static_cast<std::size_t>(g)] |= flags[c];
    }
    std::vector<std::int32_t> rows;
    for (Index r = 0; r < mask.rows(); ++r)
      if (any[static_cast<std::size_t>(mask.group_of(r))] != 0)
        rows.push_back(static_cast<std::int32_t>(r));
    return rows;
  }

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

  mapping::ArrayShape shape_;
};

struct Lsr : MethodBase {
  static constexpr const char* kName = "lsr";
  LsrOptions options = {};
  using MethodBase::MethodBase;

  [[nodiscard]] LsrMapper placer(Index) const { return LsrMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked =
        rank_lsr(weight_matrix(node.weight), shape.ou_rows, shape.ou_cols, options, node.matrices);
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return element_wise(std::move(ranked), std::move(ous));
  }
};

}  // namespace autoprune::methods
