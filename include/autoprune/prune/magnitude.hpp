/// @file magnitude.hpp
/// Unstructured pruning: single weights, by magnitude. The most accurate a kept weight, and the
/// least use to a crossbar.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/prune/unit_ranking.hpp"

namespace autoprune::prune {

namespace detail {

/// Sums over `chunk` weights each of pieces (importance a weight, weights), best first: 1 x chunks.
class ChunkSums {
 public:
  explicit ChunkSums(Index chunk) : chunk_(chunk) {}

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

class MagnitudeRanking {
 public:
  /// `weights` is filters x rows. Throws not_finite.
  explicit MagnitudeRanking(ConstMatrixView weights) : magnitudes_(weights.transpose().cwiseAbs()) {
    detail::check_weights(weights);
    sorted_.assign(magnitudes_.data(), magnitudes_.data() + magnitudes_.size());
    std::sort(sorted_.begin(), sorted_.end(), std::greater<>{});
  }

  /// Sums over `weights_per_ou` weights each, best first: the OUs that they would fill.
  [[nodiscard]] Scores ou_scores(Index weights_per_ou) const {
    detail::ChunkSums sums(weights_per_ou);
    for (const float magnitude : sorted_) sums.add(magnitude, 1);
    return sums.scores();
  }

  /// The round(keep_ratio x weights) largest, but at least one; of equal ones the first in
  /// (row, filter) order. Element-wise. Throws out_of_range.
  [[nodiscard]] PruneMask keep(double keep_ratio) const {
    const Index n = keep_count(magnitudes_.size(), keep_ratio);
    const float threshold = sorted_[static_cast<std::size_t>(n - 1)];
    const auto equal =
        std::lower_bound(sorted_.begin(), sorted_.end(), threshold, std::greater<>{});
    detail::Cut cut{threshold, n - (equal - sorted_.begin())};
    PruneMask mask(magnitudes_.rows(), magnitudes_.cols(), 1, false);
    for (Index r = 0; r < mask.rows(); ++r)
      for (Index c = 0; c < mask.cols(); ++c)
        if (cut.takes(magnitudes_(r, c))) mask.set(r, c, true);
    return mask;
  }

 private:
  Matrix magnitudes_;          // rows x filters, as masks are
  std::vector<float> sorted_;  // descending
};

}  // namespace autoprune::prune
