/// @file ranking.hpp
/// The n best of a layer's column-vectors, the same ones on every machine: ties go to the lower
/// (row group, filter).
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/prune/importance.hpp"

namespace autoprune::prune {

namespace detail {
inline void check_keep_ratio(double keep_ratio) {
  if (!(keep_ratio > 0.0 && keep_ratio <= 1.0))
    fail(ErrorId::out_of_range, "keep ratio ", keep_ratio, " is not in (0, 1]; 1 keeps everything");
}
}  // namespace detail

/// Vectors kept of `vectors` at a keep ratio in (0, 1]: the nearest integer, at least 1.
/// Throws out_of_range.
[[nodiscard]] inline Index keep_count(Index vectors, double keep_ratio) {
  detail::check_keep_ratio(keep_ratio);
  return std::max<Index>(1, std::llround(keep_ratio * static_cast<double>(vectors)));
}

namespace detail {

/// Where a ranking cuts: larger values are in, and the first `ties` that equal the threshold.
struct Cut {
  float threshold;
  Index ties;
  /// To be asked in ascending order of index.
  [[nodiscard]] bool takes(float value) noexcept {
    return value > threshold || (value == threshold && ties-- > 0);
  }
};

/// The cut that takes the n largest of `values`, which it reorders.
[[nodiscard]] inline Cut cut_at(std::span<float> values, Index n) {
  if (n == 0) return {std::numeric_limits<float>::infinity(), 0};
  const auto last = values.begin() + (n - 1);
  std::nth_element(values.begin(), last, values.end(), std::greater<>{});
  const float threshold = *last;
  return {threshold,
          n - std::count_if(values.begin(), last, [&](float v) { return v > threshold; })};
}

/// NaN has no rank. Scores of a pruner are finite; those of a user may not be.
inline void check_finite(const Scores& scores) {
  if (!scores.allFinite())
    fail(ErrorId::not_finite, "scores of ", scores.rows(), 'x', scores.cols(),
         " column-vectors hold NaN or infinity; they can't be ranked");
}

inline void check_scores(const Scores& scores, const PruneMask& mask) {
  if (scores.rows() != mask.groups() || scores.cols() != mask.cols())
    fail(ErrorId::shape_mismatch, "scores ", scores.rows(), 'x', scores.cols(), " for ",
         mask.groups(), " row groups x ", mask.cols(), " filters");
  check_finite(scores);
}

/// Sums over `chunk` weights (or vectors) each of pieces of several, best first: 1 x chunks.
class ChunkSums {
 public:
  explicit ChunkSums(Index chunk) : chunk_(chunk) {}

  /// A piece of so many, each of this importance.
  void add(float importance, Index weights) {
    while (weights > 0) {
      if (filled_ == 0) sums_.push_back(0.0F);
      const Index taken = std::min(weights, chunk_ - filled_);
      sums_.back() += importance * static_cast<float>(taken);
      filled_ = (filled_ + taken) % chunk_;
      weights -= taken;
    }
  }
  [[nodiscard]] Scores scores() const {
    return Eigen::Map<const Scores>(sums_.data(), 1, static_cast<Index>(sums_.size()));
  }

 private:
  Index chunk_, filled_ = 0;
  std::vector<float> sums_;
};

}  // namespace detail

/// Mask of a layer of `rows` weights a filter that keeps the best vectors, ranked over the whole
/// layer. Throws out_of_range, shape_mismatch or not_finite.
[[nodiscard]] inline PruneMask keep_best(const Scores& scores, Index rows, Index granularity,
                                         double keep_ratio) {
  PruneMask mask(rows, scores.cols(), granularity, false);
  detail::check_scores(scores, mask);
  std::vector<float> values(scores.data(), scores.data() + scores.size());
  detail::Cut cut = detail::cut_at(values, keep_count(mask.vectors(), keep_ratio));
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c)
      if (cut.takes(scores(g, c))) mask.set(g, c, true);
  return mask;
}

}  // namespace autoprune::prune
