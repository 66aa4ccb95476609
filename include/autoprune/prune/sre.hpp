/// @file sre.hpp
/// What the Sparse ReRAM Engine (Yang et al., ISCA 2019) can make use of: rows of an OU that are
/// zero throughout. The paper takes networks that are sparse already; here they are made so.
#pragma once

#include "autoprune/prune/unit_ranking.hpp"

namespace autoprune::prune {

/// Prunes pieces of one row over ou_cols neighbouring filters, in sets of ou_rows, which is what
/// saves an OU. `weights` is filters x rows. Throws not_finite.
[[nodiscard]] inline UnitRanking rank_sre(ConstMatrixView weights, Index ou_rows, Index ou_cols) {
  return rank_row_chunks(weights, neighbours(weights.rows(), ou_cols), ou_rows);
}

}  // namespace autoprune::prune
