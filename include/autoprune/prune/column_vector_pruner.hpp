/// @file column_vector_pruner.hpp
/// Column-vector pruning: of all pieces of G weights of one filter, the most important are kept.
#pragma once

#include <concepts>
#include <utility>

#include "autoprune/hardware/geometry.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::prune {

/// Ranks a layer's column-vectors by its weights.
template <class P>
concept WeightPruner = requires(const P& pruner, ConstMatrixView weights) {
  { pruner.scores(weights) } -> std::same_as<Scores>;
};

/// Ranks them by weights and dL/dw.
template <class P>
concept GradientPruner = !WeightPruner<P> && requires(const P& pruner, ConstMatrixView weights) {
  { pruner.scores(weights, weights) } -> std::same_as<Scores>;
};

/// Turns a layer's scores and a keep ratio into a mask.
template <class P>
concept Pruner = (WeightPruner<P> || GradientPruner<P>) &&
    requires(const P& pruner, const Scores& scores, Index rows, double keep_ratio) {
  { pruner.granularity } -> std::convertible_to<Index>;
  { pruner.prune(scores, rows, keep_ratio) } -> std::same_as<PruneMask>;
};

namespace detail {
template <Index G>
struct Granularity {
  static_assert(G > 0, "a column-vector has at least one weight");
  static constexpr Index granularity = G;
};
template <>
struct Granularity<kDynamic> {
  Index granularity = 32;  ///< weights of a column-vector
};
}  // namespace detail

/// Prunes pieces of G rows of one filter, ranked over the whole layer (slides; the criterion is
/// ours). A search computes `scores` once and prunes from them in every episode. G is a constant,
/// or given at run time: `ColumnVectorPruner(32)`.
template <Index G = kDynamic, ImportanceCriterion I = MeanAbsolute>
class ColumnVectorPruner : public detail::Granularity<G> {
 public:
  using detail::Granularity<G>::granularity;

  explicit ColumnVectorPruner(I criterion = {}) : criterion_(std::move(criterion)) {}
  /// Throws out_of_range.
  explicit ColumnVectorPruner(Index rows, I criterion = {}) requires(G == kDynamic)
      : detail::Granularity<G>{rows}, criterion_(std::move(criterion)) {
    require_range(rows, "granularity", 1, kMaxCrossbarSize);
  }

  /// Importance of every vector of C filters x R weights. Throws not_finite.
  [[nodiscard]] Scores scores(ConstMatrixView weights) const requires WeightCriterion<I> {
    return importance(weights, granularity, criterion_);
  }
  /// The same from weights and dL/dw. Throws not_finite or shape_mismatch.
  [[nodiscard]] Scores scores(ConstMatrixView weights,
                              ConstMatrixView gradients) const requires GradientCriterion<I> {
    return importance(weights, gradients, granularity, criterion_);
  }

  /// Keeps max(1, round(keep_ratio x vectors)) vectors, keep_ratio in (0, 1].
  /// Throws out_of_range or not_finite.
  [[nodiscard]] PruneMask prune(ConstMatrixView weights,
                                double keep_ratio) const requires WeightCriterion<I> {
    return prune(scores(weights), weights.cols(), keep_ratio);
  }
  /// The same from scores of a layer with `rows` weights a filter.
  [[nodiscard]] PruneMask prune(const Scores& scores, Index rows, double keep_ratio) const {
    return keep_best(scores, rows, granularity, keep_ratio);
  }

 private:
  I criterion_;
};

ColumnVectorPruner(Index)->ColumnVectorPruner<>;
template <ImportanceCriterion I>
ColumnVectorPruner(Index, I) -> ColumnVectorPruner<kDynamic, I>;

}  // namespace autoprune::prune
