/// @file zero_mask.hpp
/// The mask that a network's own zeros spell out, and the zeros that a mask asks for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/prune/row_groups.hpp"

namespace autoprune::prune {

namespace detail {

/// An order in which rows with the same nonzero weights stand together, `height` of them a group;
/// what is left over of each such set comes last.
[[nodiscard]] inline RowOrder gather_equal_rows(ConstMatrixView weights, Index height) {
  std::map<std::vector<bool>, std::vector<std::int32_t>> alike;  // rows by their nonzero weights
  for (Index r = 0; r < weights.cols(); ++r) {
    std::vector<bool> kept;
    for (Index c = 0; c < weights.rows(); ++c) kept.push_back(weights(c, r) != 0.0F);
    alike[std::move(kept)].push_back(static_cast<std::int32_t>(r));
  }
  std::vector<std::int32_t> order, rest;
  for (const auto& [kept, rows] : alike) {
    const auto full = rows.begin() + static_cast<Index>(rows.size()) / height * height;
    order.insert(order.end(), rows.begin(), full);
    rest.insert(rest.end(), full, rows.end());
  }
  order.insert(order.end(), rest.begin(), rest.end());
  return std::make_shared<const std::vector<std::int32_t>>(std::move(order));
}

}  // namespace detail

/// Keeps the column-vectors of C filters x R weights that hold anything but zeros: the mask of a
/// layer whose pruned weights have been erased; rows of several weight matrices side by side stay
/// neighbours. Throws out_of_range for a granularity below 1.
[[nodiscard]] inline PruneMask zero_mask(ConstMatrixView weights, Index granularity,
                                         RowGrouping rows = RowGrouping::neighbours,
                                         Index matrices = 1) {
  PruneMask mask =
      PruneMask(weights.cols(), weights.rows(), granularity, false).in_matrices(matrices);
  if (rows == RowGrouping::gathered && matrices == 1)
    mask = std::move(mask).in_order(detail::gather_equal_rows(weights, granularity));
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c)
      mask.for_rows(g, [&](Index begin, Index end) {
        if (!weights.row(c).segment(begin, end - begin).isZero(0.0F)) mask.set(g, c, true);
      });
  return mask;
}

/// Sets the weights that a mask has pruned to zero.
inline void erase_pruned(MatrixView weights, const PruneMask& mask) {
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c)
      if (!mask.kept(g, c))
        mask.for_rows(g, [&](Index begin, Index end) {
          weights.row(c).segment(begin, end - begin).setZero();
        });
}

}  // namespace autoprune::prune
