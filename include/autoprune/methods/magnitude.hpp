/// @file magnitude.hpp
/// Unstructured pruning: single weights, by magnitude, mapped where they are. The most accurate a
/// kept weight, and the least use to a crossbar.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/mapping/dense_mapper.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/prune/unit_ranking.hpp"

namespace autoprune::methods {

class MagnitudeRanking {
 public:
  /// `weights` is filters x rows. Throws not_finite.
  explicit MagnitudeRanking(ConstMatrixView weights) : magnitudes_(weights.transpose().cwiseAbs()) {
    prune::detail::check_weights(weights);
    sorted_.assign(magnitudes_.data(), magnitudes_.data() + magnitudes_.size());
    std::sort(sorted_.begin(), sorted_.end(), std::greater<>{});
  }

  /// Sums over `weights_per_ou` weights each, best first: the OUs that they would fill.
  [[nodiscard]] prune::Scores ou_scores(Index weights_per_ou) const {
    prune::detail::ChunkSums sums(weights_per_ou);
    for (const float magnitude : sorted_) sums.add(magnitude, 1);
    return sums.scores();
  }

  /// The round(keep_ratio x weights) largest, but at least one; of equal ones the first in
  /// (row, filter) order. Element-wise. Throws out_of_range.
  [[nodiscard]] PruneMask keep(double keep_ratio) const {
    const Index n = prune::keep_count(magnitudes_.size(), keep_ratio);
    const float threshold = sorted_[static_cast<std::size_t>(n - 1)];
    PruneMask mask(magnitudes_.rows(), magnitudes_.cols(), 1, false);
    // Among floating-point weights the threshold is mostly the last one's alone.
    if (n == magnitudes_.size() || sorted_[static_cast<std::size_t>(n)] < threshold) {
      for (Index r = 0; r < mask.rows(); ++r)
        for (Index c = 0; c < mask.cols(); ++c) mask.set(r, c, magnitudes_(r, c) >= threshold);
      return mask;
    }
    const auto equal =
        std::lower_bound(sorted_.begin(), sorted_.end(), threshold, std::greater<>{});
    prune::detail::Cut cut{threshold, n - (equal - sorted_.begin())};
    for (Index r = 0; r < mask.rows(); ++r)
      for (Index c = 0; c < mask.cols(); ++c)
        if (cut.takes(magnitudes_(r, c))) mask.set(r, c, true);
    return mask;
  }

 private:
  Matrix magnitudes_;          // rows x filters, as masks are
  std::vector<float> sorted_;  // descending
};

struct Magnitude : MethodBase {
  static constexpr const char* kName = "magnitude";
  using MethodBase::MethodBase;

  [[nodiscard]] mapping::DenseMapper placer(Index) const { return mapping::DenseMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked = MagnitudeRanking(weight_matrix(node.weight));
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return element_wise(std::move(ranked), std::move(ous));
  }
};

}  // namespace autoprune::methods
