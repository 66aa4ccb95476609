/// @file column_vector_pruner.hpp
/// Column-vector pruning: of all pieces of G weights of one filter, the most important are kept.
#pragma once

#include <array>
#include <concepts>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::prune {

/// Turns a layer's weights and a keep ratio into a mask.
template <class P>
concept Pruner = requires(const P& pruner, ConstMatrixView weights, double keep_ratio) {
  { P::granularity } -> std::convertible_to<Index>;
  { pruner.prune(weights, keep_ratio) } -> std::same_as<PruneMask>;
};

/// Prunes pieces of G rows of one filter, ranked over the whole layer (slides; the criterion is
/// ours). A search computes `scores` once and prunes from them in every episode.
template <Index G, ImportanceCriterion I = MeanAbsolute>
class ColumnVectorPruner {
 public:
  static_assert(G > 0, "a column-vector has at least one weight");
  static constexpr Index granularity = G;

  explicit ColumnVectorPruner(I criterion = {}) : criterion_(std::move(criterion)) {}

  /// Importance of every vector of C filters x R weights. Throws not_finite.
  [[nodiscard]] Scores scores(ConstMatrixView weights) const requires WeightCriterion<I> {
    return importance<G>(weights, criterion_);
  }
  /// The same from weights and dL/dw. Throws not_finite or shape_mismatch.
  [[nodiscard]] Scores scores(ConstMatrixView weights,
                              ConstMatrixView gradients) const requires GradientCriterion<I> {
    return importance<G>(weights, gradients, criterion_);
  }

  /// Keeps max(1, round(keep_ratio x vectors)) vectors, keep_ratio in (0, 1].
  /// Throws out_of_range or not_finite.
  [[nodiscard]] PruneMask prune(ConstMatrixView weights,
                                double keep_ratio) const requires WeightCriterion<I> {
    return prune(scores(weights), weights.cols(), keep_ratio);
  }
  /// The same from scores of a layer with `rows` weights a filter.
  [[nodiscard]] PruneMask prune(const Scores& scores, Index rows, double keep_ratio) const {
    return keep_best(scores, rows, G, keep_ratio);
  }

 private:
  I criterion_;
};

/// The granularities that with_granularity() was compiled for.
inline constexpr std::array<Index, 6> kGranularities = {4, 8, 16, 32, 64, 128};

namespace detail {
template <std::size_t I, class F>
decltype(auto) with_granularity(Index granularity, F&& f) {
  if (granularity == kGranularities[I])
    return std::forward<F>(f)(std::integral_constant<Index, kGranularities[I]>{});
  if constexpr (I + 1 < kGranularities.size()) {
    return with_granularity<I + 1>(granularity, std::forward<F>(f));
  } else {
    std::vector<std::string> available;
    for (const Index g : kGranularities) available.push_back(concat(g));
    fail(ErrorId::not_instantiated, "granularity ", granularity,
         " was not compiled into this program; available: ", join(available));
  }
}
}  // namespace detail

/// Calls f(std::integral_constant<Index, G>{}) for the G that equals `granularity` and returns what
/// it returns: `with_granularity(g, [&](auto g) { return ColumnVectorPruner<g>{}.scores(w); })`.
/// Throws not_instantiated.
template <class F>
decltype(auto) with_granularity(Index granularity, F&& f) {
  return detail::with_granularity<0>(granularity, std::forward<F>(f));
}

}  // namespace autoprune::prune
