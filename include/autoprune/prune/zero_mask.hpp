/// @file zero_mask.hpp
/// The mask that a network's own zeros spell out.
#pragma once

#include <algorithm>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"

namespace autoprune::prune {

/// Keeps the column-vectors of C filters x R weights that hold anything but zeros: the mask of a
/// layer whose pruned weights have been erased. Throws out_of_range for a granularity below 1.
[[nodiscard]] inline PruneMask zero_mask(ConstMatrixView weights, Index granularity) {
  PruneMask mask(weights.cols(), weights.rows(), granularity, false);
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c) {
      const auto vector =
          weights.row(c).segment(mask.row_begin(g), mask.row_end(g) - mask.row_begin(g));
      mask.set(g, c, !vector.isZero(0.0F));
    }
  return mask;
}

}  // namespace autoprune::prune
