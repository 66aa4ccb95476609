/// @file lsr.hpp
/// Learning the sparsity for ReRAM (Lin et al., ASP-DAC 2019): filters with weights in the same
/// rows are clustered, and of what the clusters occupy the least used pieces are pruned whole.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "autoprune/prune/unit_ranking.hpp"

namespace autoprune::prune {

struct LsrOptions {
  /// Share of the layer's weights, the largest, by whose places filters are clustered.
  double support = 0.2;
};

/// The clusters of a layer, of ou_cols filters each. `weights` is filters x rows. Throws
/// not_finite.
[[nodiscard]] inline ColumnClusters lsr_clusters(ConstMatrixView weights, Index ou_cols,
                                                 const LsrOptions& options = {}) {
  detail::check_weights(weights);
  Matrix support = weights.cwiseAbs();
  std::vector<float> values(support.data(), support.data() + support.size());
  const Index n = keep_count(support.size(), options.support);
  std::nth_element(values.begin(), values.begin() + n - 1, values.end(), std::greater<>{});
  const float threshold = values[static_cast<std::size_t>(n - 1)];
  support = (support.array() >= threshold).cast<float>().matrix();
  return cluster_columns(support, ou_cols);
}

/// Prunes OUs of clustered filters by the sum of |w|. Inside a kept OU all weights stay: its cells
/// are there anyway. Throws not_finite.
[[nodiscard]] inline UnitRanking rank_lsr(ConstMatrixView weights, Index ou_rows, Index ou_cols,
                                          const LsrOptions& options = {}) {
  return rank_row_chunks(weights, lsr_clusters(weights, ou_cols, options), ou_rows);
}

}  // namespace autoprune::prune
