/// @file importance.hpp
/// How much a column-vector matters: one number from its weights, or from weights and gradients.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::prune {

/// Importance of every column-vector of one layer: row groups x filters, larger is more important.
/// Computed once and then pruned from as often as wanted.
using Scores = Matrix;

/// Scores a vector by its weights alone.
template <class I>
concept WeightCriterion = requires(const I& criterion, std::span<const float> weights) {
  { criterion.score(weights) } -> std::convertible_to<float>;
};

/// Scores a vector by its weights and dL/dw of each.
template <class I>
concept GradientCriterion = requires(const I& criterion, std::span<const float> weights,
                                     std::span<const float> gradients) {
  { criterion.score(weights, gradients) } -> std::convertible_to<float>;
};

/// A score must not grow with the vector's length, because the last row group may be short.
template <class I>
concept ImportanceCriterion = WeightCriterion<I> || GradientCriterion<I>;

namespace detail {
[[nodiscard]] inline Eigen::Map<const Eigen::ArrayXf> as_array(std::span<const float> values) {
  return {values.data(), static_cast<Index>(values.size())};
}

/// Throws not_finite.
inline void check_weights(ConstMatrixView weights) {
  if (!weights.allFinite())
    fail(ErrorId::not_finite, "weights of ", weights.rows(), " filters x ", weights.cols(),
         " hold NaN or infinity; train again or repair them");
}
}  // namespace detail

/// Mean of |w|.
struct MeanAbsolute {
  [[nodiscard]] float score(std::span<const float> weights) const {
    return detail::as_array(weights).abs().mean();
  }
};

/// Root of the mean of w^2.
struct L2 {
  [[nodiscard]] float score(std::span<const float> weights) const {
    return std::sqrt(detail::as_array(weights).square().mean());
  }
};

/// |mean of w dL/dw|: to first order, the change of the loss a weight when the vector is zeroed
/// (Molchanov et al., "Importance estimation for neural network pruning", CVPR 2019).
struct Taylor {
  [[nodiscard]] float score(std::span<const float> weights,
                            std::span<const float> gradients) const {
    return std::abs((detail::as_array(weights) * detail::as_array(gradients)).mean());
  }
};

namespace detail {

/// `score(begin, length)` of every vector of `cols` filters of `rows` weights.
template <class Score>
[[nodiscard]] Scores score_vectors(Index rows, Index cols, Index granularity, const Score& score) {
  if (granularity < 1)
    fail(ErrorId::out_of_range, "granularity ", granularity,
         "; a column-vector has a weight at least");
  const Index groups = ceil_div(rows, granularity);
  Scores scores(groups, cols);
  for (Index c = 0; c < cols; ++c) {
    for (Index g = 0; g < groups; ++g) {
      const Index begin = g * granularity, length = std::min(granularity, rows - begin);
      const float value = score(c * rows + begin, length);
      if (!std::isfinite(value))
        fail(ErrorId::not_finite, "column-vector (row group ", g, ", filter ", c, "), weights ",
             begin, " to ", begin + length - 1, " of the filter: its importance is ", value,
             "; a weight or gradient is NaN, infinite or too large, so train again or repair it");
      scores(g, c) = value;
    }
  }
  return scores;
}

}  // namespace detail

/// Scores of a layer of C filters x R weights, cut in row groups of `granularity`. Throws
/// not_finite or out_of_range.
template <WeightCriterion I>
[[nodiscard]] Scores importance(ConstMatrixView weights, Index granularity, const I& criterion) {
  return detail::score_vectors(
      weights.cols(), weights.rows(), granularity, [&](Index begin, Index length) -> float {
        return criterion.score({weights.data() + begin, static_cast<std::size_t>(length)});
      });
}

/// The same with the gradient of the loss, of the weights' shape. Throws not_finite, out_of_range
/// or shape_mismatch.
template <GradientCriterion I>
[[nodiscard]] Scores importance(ConstMatrixView weights, ConstMatrixView gradients,
                                Index granularity, const I& criterion) {
  if (gradients.rows() != weights.rows() || gradients.cols() != weights.cols())
    fail(ErrorId::shape_mismatch, "gradients ", gradients.rows(), 'x', gradients.cols(),
         " for weights ", weights.rows(), 'x', weights.cols(), "; they must have one shape");
  return detail::score_vectors(
      weights.cols(), weights.rows(), granularity, [&](Index begin, Index length) -> float {
        const auto size = static_cast<std::size_t>(length);
        return criterion.score({weights.data() + begin, size}, {gradients.data() + begin, size});
      });
}

}  // namespace autoprune::prune
