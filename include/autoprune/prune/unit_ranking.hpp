/// @file unit_ranking.hpp
/// Ranking of weights that are kept or pruned together, whatever their shape: what the methods that
/// prune whole pieces of crossbars have in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/prune/column_clusters.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::prune {

/// The weights at `rows` x `columns` of a layer.
struct Unit {
  std::vector<std::int32_t> rows, columns;
  float importance = 0.0F;  ///< sum of |w|
  Index ous = 1;            ///< that are saved when it goes
};

namespace detail {

/// How many of the pieces that end at `ends` (weights, ascending) bring the kept weights nearest to
/// a keep ratio; at least one. Throws out_of_range.
[[nodiscard]] inline std::size_t nearest_prefix(std::span<const Index> ends, double keep_ratio) {
  check_keep_ratio(keep_ratio);
  const double wanted = keep_ratio * static_cast<double>(ends.back());
  const auto next = std::lower_bound(ends.begin(), ends.end(), wanted, [](Index end, double w) {
    return static_cast<double>(end) < w;
  });
  if (next == ends.begin() || next == ends.end()) return next == ends.end() ? ends.size() : 1;
  const bool fewer =
      wanted - static_cast<double>(*(next - 1)) <= static_cast<double>(*next) - wanted;
  return static_cast<std::size_t>(next - ends.begin()) + (fewer ? 0 : 1);
}

}  // namespace detail

/// A layer's units, best first. A keep ratio counts weights.
class UnitRanking {
 public:
  /// The units cover an R x C layer, no weight twice.
  UnitRanking(Index rows, Index cols, std::vector<Unit> units)
      : rows_(rows), cols_(cols), units_(std::move(units)) {
    Index weights = 0;
    for (const Unit& unit : units_) {
      weights += static_cast<Index>(unit.rows.size() * unit.columns.size());
      ends_.push_back(weights);
    }
  }

  [[nodiscard]] std::span<const Unit> units() const noexcept { return units_; }

  /// Sums of |w| over `weights_per_ou` weights each, best first: 1 x OUs.
  [[nodiscard]] Scores ou_scores(Index weights_per_ou) const {
    detail::ChunkSums sums(weights_per_ou);
    for (const Unit& unit : units_) {
      const auto weights = static_cast<Index>(unit.rows.size() * unit.columns.size());
      sums.add(unit.importance / static_cast<float>(weights), weights);
    }
    return sums.scores();
  }

  /// The best units, as many as bring the share of kept weights nearest to the keep ratio, but at
  /// least one; the share that comes out, asked for again, gives the same mask. Element-wise.
  /// Throws out_of_range.
  [[nodiscard]] PruneMask keep(double keep_ratio) const {
    const std::size_t kept = detail::nearest_prefix(ends_, keep_ratio);
    const bool fill = 2 * kept < units_.size();  // whichever is less to write
    PruneMask mask(rows_, cols_, 1, !fill);
    for (std::size_t i = fill ? 0 : kept; i < (fill ? kept : units_.size()); ++i)
      for (const std::int32_t r : units_[i].rows)
        for (const std::int32_t c : units_[i].columns) mask.set(r, c, fill);
    return mask;
  }

  /// Sum of |w| that a keep ratio leaves.
  [[nodiscard]] double importance(double keep_ratio) const {
    const std::size_t kept = detail::nearest_prefix(ends_, keep_ratio);
    double sum = 0.0;
    for (std::size_t i = 0; i < kept; ++i) sum += static_cast<double>(units_[i].importance);
    return sum;
  }

 private:
  Index rows_, cols_;
  std::vector<Unit> units_;
  std::vector<Index> ends_;  // weights of a unit and all better ones
};

/// Of every cluster of filters, its rows by the sum of |w| over the cluster, best first and cut
/// into OUs of ou_rows rows; the OUs ranked over the layer. `weights` is filters x rows. Throws
/// not_finite.
[[nodiscard]] inline UnitRanking rank_row_chunks(ConstMatrixView weights,
                                                 const ColumnClusters& clusters, Index ou_rows) {
  detail::check_weights(weights);
  const Index rows = weights.cols();
  std::vector<Unit> units;
  for (const auto& columns : clusters) {
    Eigen::RowVectorXf sums = Eigen::RowVectorXf::Zero(rows);
    for (const std::int32_t c : columns) sums += weights.row(c).cwiseAbs();
    std::vector<std::int32_t> order(static_cast<std::size_t>(rows));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return sums(a) > sums(b); });
    for (Index begin = 0; begin < rows; begin += ou_rows) {
      const auto first = order.begin() + begin,
                 last = order.begin() + std::min(rows, begin + ou_rows);
      Unit unit{{first, last}, columns, 0.0F, 1};
      for (const std::int32_t r : unit.rows) unit.importance += sums(r);
      std::sort(unit.rows.begin(), unit.rows.end());
      units.push_back(std::move(unit));
    }
  }
  std::stable_sort(units.begin(), units.end(),
                   [](const Unit& a, const Unit& b) { return a.importance > b.importance; });
  return {rows, weights.rows(), std::move(units)};
}

}  // namespace autoprune::prune
