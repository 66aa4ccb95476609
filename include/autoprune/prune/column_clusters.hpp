/// @file column_clusters.hpp
/// Filters whose weights lie in the same rows, found by k-means with clusters of one size.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::prune {

/// Filters of each cluster, ascending.
using ColumnClusters = std::vector<std::vector<std::int32_t>>;

/// `width` neighbouring filters each, the last cluster maybe fewer: no clustering at all.
[[nodiscard]] inline ColumnClusters neighbours(Index filters, Index width) {
  ColumnClusters clusters(static_cast<std::size_t>(ceil_div(filters, width)));
  for (Index c = 0; c < filters; ++c)
    clusters[static_cast<std::size_t>(c / width)].push_back(static_cast<std::int32_t>(c));
  return clusters;
}

namespace detail {

/// Squared distances of all points (rows) to all centres (rows), but for the points' own norms.
[[nodiscard]] inline Matrix distances(const Matrix& points, const Matrix& centres) {
  Matrix d = -2.0F * (points * centres.transpose());
  d.rowwise() += centres.rowwise().squaredNorm().transpose();
  return d;
}

/// The cluster of every point: the nearest pairs first, until a cluster holds `width`.
[[nodiscard]] inline std::vector<Index> assign(const Matrix& d, Index width) {
  std::vector<std::int32_t> pairs(static_cast<std::size_t>(d.size()));
  std::iota(pairs.begin(), pairs.end(), 0);
  // A point's own norm moves all of its distances; its nearest centre has to come first, not the
  // point with the smallest norm.
  const Eigen::VectorXf nearest = d.rowwise().minCoeff();
  const auto excess = [&](std::int32_t pair) { return d.data()[pair] - nearest(pair / d.cols()); };
  std::stable_sort(pairs.begin(), pairs.end(),
                   [&](auto a, auto b) { return excess(a) < excess(b); });
  std::vector<Index> cluster(static_cast<std::size_t>(d.rows()), -1),
      size(static_cast<std::size_t>(d.cols()), 0);
  for (const std::int32_t pair : pairs) {
    Index& mine = cluster[static_cast<std::size_t>(pair / d.cols())];
    Index& members = size[static_cast<std::size_t>(pair % d.cols())];
    if (mine >= 0 || members == width) continue;
    mine = pair % d.cols();
    ++members;
  }
  return cluster;
}

}  // namespace detail

/// Clusters of `width` filters (the rows of `points`) that are near one another; all but one are
/// full. The same on every call. Throws out_of_range.
[[nodiscard]] inline ColumnClusters cluster_columns(const Matrix& points, Index width,
                                                    Index iterations = 6) {
  if (width < 1) fail(ErrorId::out_of_range, "clusters of ", width, " columns");
  const Index n = points.rows(), k = ceil_div(n, width);
  if (k <= 1) return neighbours(n, width);
  const std::vector<Index> start = Random(1).permutation(n);
  Matrix centres(k, points.cols());
  for (Index i = 0; i < k; ++i) centres.row(i) = points.row(start[static_cast<std::size_t>(i)]);
  std::vector<Index> cluster;
  for (Index step = 0; step < iterations; ++step) {
    cluster = detail::assign(detail::distances(points, centres), width);
    Eigen::VectorXf members = Eigen::VectorXf::Zero(k);
    centres.setZero();
    for (Index c = 0; c < n; ++c) {
      const Index i = cluster[static_cast<std::size_t>(c)];
      centres.row(i) += points.row(c);
      members(i) += 1.0F;
    }
    for (Index i = 0; i < k; ++i) centres.row(i) /= std::max(1.0F, members(i));
  }
  ColumnClusters clusters(static_cast<std::size_t>(k));
  for (Index c = 0; c < n; ++c)
    clusters[static_cast<std::size_t>(cluster[static_cast<std::size_t>(c)])].push_back(
        static_cast<std::int32_t>(c));
  std::erase_if(clusters, [](const auto& members) { return members.empty(); });
  return clusters;
}

}  // namespace autoprune::prune
