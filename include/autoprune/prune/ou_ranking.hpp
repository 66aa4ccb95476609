/// @file ou_ranking.hpp
/// Ranking by what the hardware pays for. A row group's vectors, best first, are cut into OUs; as
/// an OU costs the same however full or good it is, the layer keeps the OUs with the largest sums
/// of importance. No kept OU is part-filled, unless its matrix has fewer filters than an OU.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::prune {

/// One layer's vectors in OUs. Sorting is done once; masks for many keep ratios are cheap.
class OuRanking {
 public:
  /// `scores` is groups x filters of an R-row layer at granularity G, none of them negative; the
  /// filters are those of `matrices` weight matrices side by side, which share no OU. Throws
  /// shape_mismatch, out_of_range or not_finite.
  OuRanking(const Scores& scores, Index rows, Index granularity, Index ou_cols, Index matrices = 1)
      : rows_(rows), granularity_(granularity), ou_cols_(ou_cols), cols_(scores.cols()) {
    if (ou_cols < 1) fail(ErrorId::out_of_range, "OU of ", ou_cols, " columns; needs at least 1");
    const PruneMask empty = PruneMask(rows, cols_, granularity, false).in_matrices(matrices);
    detail::check_scores(scores, empty);
    matrix_cols_ = empty.matrix_cols();
    if (scores.minCoeff() < 0.0F)
      fail(ErrorId::out_of_range, "importance ", scores.minCoeff(),
           " of a column-vector; sums over an OU need importance of at least 0");
    order_.resize(static_cast<std::size_t>(scores.size()));
    sums_.setZero(scores.rows(), matrices * ous_of_matrix());
    for (Index g = 0; g < scores.rows(); ++g) {
      const std::span<std::int32_t> columns = group(g);
      std::iota(columns.begin(), columns.end(), 0);
      for (auto first = columns.begin(); first != columns.end(); first += matrix_cols_)
        std::stable_sort(first, first + matrix_cols_,
                         [&](auto a, auto b) { return scores(g, a) > scores(g, b); });
      // A short last group has fewer weights a vector, and so less to lose.
      const auto share = static_cast<float>(empty.row_end(g) - empty.row_begin(g)) /
                         static_cast<float>(granularity);
      for (Index i = 0; i < cols_; ++i)
        sums_(g, i / matrix_cols_ * ous_of_matrix() + i % matrix_cols_ / ou_cols) +=
            share * scores(g, columns[static_cast<std::size_t>(i)]);
    }
    ranked_.resize(static_cast<std::size_t>(sums_.size()));
    std::iota(ranked_.begin(), ranked_.end(), 0);
    std::stable_sort(ranked_.begin(), ranked_.end(),
                     [&](auto a, auto b) { return sums_.data()[a] > sums_.data()[b]; });
  }

  /// Importance of every OU: groups x OUs of a group, falling along a row, or along those of each
  /// matrix.
  [[nodiscard]] const Scores& ou_scores() const noexcept { return sums_; }
  /// Of what fills a tile, which OUs of several matrices share: of so many vectors, the best OUs'
  /// first, 1 x tiles. Of one matrix: of every OU.
  [[nodiscard]] Scores tile_scores() const {
    if (matrix_cols_ == cols_) return sums_;
    detail::ChunkSums tiles(ou_cols_);
    for (const std::int32_t ou : ranked_) {
      const auto [g, begin, end] = vectors_of(ou);
      tiles.add(sums_.data()[ou] / static_cast<float>(end - begin), end - begin);
    }
    return tiles.scores();
  }

  /// Keeps the best OUs, as many as bring the share of kept vectors nearest to the keep ratio, but
  /// at least one; the share that comes out, asked for again, gives the same mask. Throws
  /// out_of_range.
  [[nodiscard]] PruneMask keep(double keep_ratio) const {
    detail::check_keep_ratio(keep_ratio);
    PruneMask mask = PruneMask(rows_, cols_, granularity_, false).in_matrices(cols_ / matrix_cols_);
    const double wanted = keep_ratio * static_cast<double>(mask.vectors());
    Index kept = 0;
    for (const std::int32_t ou : ranked_) {
      const auto [g, begin, end] = vectors_of(ou);
      const Index more = kept + end - begin;
      if (kept > 0 && static_cast<double>(more) - wanted > wanted - static_cast<double>(kept))
        break;
      for (Index i = begin; i < end; ++i)
        mask.set(g, order_[static_cast<std::size_t>(g * cols_ + i)], true);
      kept = more;
    }
    return mask;
  }

 private:
  /// A row group, and places [begin, end) in its order.
  struct OuVectors {
    Index group, begin, end;
  };
  [[nodiscard]] OuVectors vectors_of(Index ou) const noexcept {
    const Index of_group = ou % sums_.cols(), first = of_group / ous_of_matrix() * matrix_cols_;
    const Index begin = first + of_group % ous_of_matrix() * ou_cols_;
    return {ou / sums_.cols(), begin, std::min(first + matrix_cols_, begin + ou_cols_)};
  }
  /// OUs of a row group of one matrix.
  [[nodiscard]] Index ous_of_matrix() const noexcept { return ceil_div(matrix_cols_, ou_cols_); }
  [[nodiscard]] std::span<std::int32_t> group(Index g) {
    return std::span(order_).subspan(static_cast<std::size_t>(g * cols_),
                                     static_cast<std::size_t>(cols_));
  }

  Index rows_, granularity_, ou_cols_, cols_, matrix_cols_ = 1;
  std::vector<std::int32_t> order_;  // [group][filter], the best of each matrix first
  Scores sums_;
  std::vector<std::int32_t> ranked_;  // OUs (group * OUs of a group + OU), best first
};

}  // namespace autoprune::prune
