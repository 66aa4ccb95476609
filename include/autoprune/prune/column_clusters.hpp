/// @file column_clusters.hpp
/// Filters whose weights lie in the same rows, in clusters of one size.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
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

/// `width` neighbouring filters each, the last cluster of a weight matrix maybe fewer: no
/// clustering at all.
[[nodiscard]] inline ColumnClusters neighbours(Index filters, Index width, Index matrices = 1) {
  const Index each = filters / matrices, across = ceil_div(each, width);
  ColumnClusters clusters(static_cast<std::size_t>(matrices * across));
  for (Index c = 0; c < filters; ++c)
    clusters[static_cast<std::size_t>(c / each * across + c % each / width)].push_back(
        static_cast<std::int32_t>(c));
  return clusters;
}

namespace detail {

/// Of each row.
[[nodiscard]] inline Eigen::VectorXf squared_norms(const Matrix& points) {
  Eigen::VectorXf norms(points.rows());
  for (Index c = 0; c < points.rows(); ++c) norms(c) = points.row(c).squaredNorm();
  return norms;
}

/// Lloyd's algorithm on the rows of `points`, from centres as k-means++ draws them (Arthur and
/// Vassilvitskii, SODA 2007).
struct KMeans {
  Matrix distance;             ///< points x centres, squared
  std::vector<Index> nearest;  ///< centre of each point

  KMeans(const Matrix& points, Index k, Index iterations, Random& random) {
    Matrix centres = spread(points, k, random);
    const Eigen::VectorXf norms = squared_norms(points);
    nearest.resize(static_cast<std::size_t>(points.rows()));
    for (Index step = 0; step < iterations; ++step) {
      distance.noalias() = points * Matrix(centres.transpose());
      const Eigen::VectorXf centre_norms = squared_norms(centres);
      for (Index c = 0; c < points.rows(); ++c) {
        float* const row = distance.row(c).data();
        for (Index i = 0; i < k; ++i) row[i] = -2.0F * row[i] + centre_norms(i) + norms(c);
        nearest[static_cast<std::size_t>(c)] = std::min_element(row, row + k) - row;
      }
      move(points, centres);
    }
  }

 private:
  /// Each centre is a point, drawn by its squared distance from the centres so far.
  [[nodiscard]] static Matrix spread(const Matrix& points, Index k, Random& random) {
    Matrix centres(k, points.cols());
    Eigen::VectorXf far = Eigen::VectorXf::Ones(points.rows());
    for (Index i = 0; i < k; ++i) {
      const double target = random.uniform() * far.cast<double>().sum();
      Index chosen = 0;
      for (double sum = far(0); sum <= target && chosen + 1 < far.size(); sum += far(chosen))
        ++chosen;
      centres.row(i) = points.row(chosen);
      for (Index c = 0; c < far.size(); ++c) {
        const float d = (points.row(c) - centres.row(i)).squaredNorm();
        far(c) = i == 0 ? d : std::min(far(c), d);
      }
    }
    return centres;
  }

  /// To the mean of its points; a centre without any stays.
  void move(const Matrix& points, Matrix& centres) const {
    Matrix sums = Matrix::Zero(centres.rows(), centres.cols());
    Eigen::VectorXf members = Eigen::VectorXf::Zero(centres.rows());
    for (Index c = 0; c < points.rows(); ++c) {
      const Index i = nearest[static_cast<std::size_t>(c)];
      sums.row(i) += points.row(c);
      members(i) += 1.0F;
    }
    for (Index i = 0; i < centres.rows(); ++i)
      if (members(i) > 0.0F) centres.row(i) = sums.row(i) / members(i);
  }
};

/// The `width` points nearest to centre i, of those that belong to it or, should these be too few,
/// of all.
[[nodiscard]] inline std::vector<Index> closest(const KMeans& means, Index i, Index width) {
  std::vector<Index> order(means.nearest.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto own = std::stable_partition(order.begin(), order.end(), [&](Index c) {
    return means.nearest[static_cast<std::size_t>(c)] == i;
  });
  const auto nearer = [&](Index a, Index b) { return means.distance(a, i) < means.distance(b, i); };
  std::stable_sort(order.begin(), own, nearer);
  if (own - order.begin() < width) std::stable_sort(own, order.end(), nearer);
  order.resize(static_cast<std::size_t>(width));
  return order;
}

/// Points in fewer dimensions, at about the same distances from one another: sums with random signs
/// (Achlioptas, "Database-friendly random projections", JCSS 2003).
[[nodiscard]] inline Matrix project(const Matrix& points, Index dimensions, Random& random) {
  Matrix signs(points.cols(), dimensions);
  for (Index i = 0; i < signs.size(); ++i) signs.data()[i] = random.below(2) == 0 ? -1.0F : 1.0F;
  Matrix projected;
  projected.noalias() = points * signs;
  return projected;
}

inline constexpr Index kDimensions = 256;  ///< that points are clustered in, at most

}  // namespace detail

/// Clusters of `width` filters (the rows of `points`) that are near one another; all but one are
/// full. As Lin et al. do it: of each cluster that k-means finds the nearest `width` are taken, and
/// the others are clustered anew. The same on every call. Throws out_of_range, or not_finite for
/// points whose squared distances aren't finite numbers.
[[nodiscard]] inline ColumnClusters cluster_columns(const Matrix& points, Index width,
                                                    Index iterations = 4) {
  if (width < 1) fail(ErrorId::out_of_range, "clusters of ", width, " columns");
  const Eigen::VectorXf norms = detail::squared_norms(points);
  if (!std::all_of(norms.begin(), norms.end(), [](float n) { return std::isfinite(4.0F * n); }))
    fail(ErrorId::not_finite, points.rows(), " columns to cluster hold NaN, infinity or numbers ",
         "whose squares are more than float32 holds");
  Random random(1);
  ColumnClusters clusters;
  std::vector<std::int32_t> left(static_cast<std::size_t>(points.rows()));
  std::iota(left.begin(), left.end(), 0);
  const Matrix projected = points.cols() > 2 * detail::kDimensions
                               ? detail::project(points, detail::kDimensions, random)
                               : points;
  Matrix rest = projected;
  while (rest.rows() > width) {
    const Index k = ceil_div(rest.rows(), width);
    const detail::KMeans means(rest, k, iterations, random);
    std::vector<Index> members(static_cast<std::size_t>(k), 0);
    for (const Index i : means.nearest) ++members[static_cast<std::size_t>(i)];
    const Index most = *std::max_element(members.begin(), members.end());
    const Index enough = std::min(width, most);  // one cluster at least is taken
    std::vector<bool> taken(left.size(), false);
    for (Index i = 0; i < k; ++i) {
      if (members[static_cast<std::size_t>(i)] < enough) continue;
      std::vector<std::int32_t> cluster;
      for (const Index c : detail::closest(means, i, width)) {
        cluster.push_back(left[static_cast<std::size_t>(c)]);
        taken[static_cast<std::size_t>(c)] = true;
      }
      std::sort(cluster.begin(), cluster.end());
      clusters.push_back(std::move(cluster));
      if (enough < width) break;  // it took others' members
    }
    Index n = 0;
    for (std::size_t c = 0; c < taken.size(); ++c)
      if (!taken[c]) {
        left[static_cast<std::size_t>(n)] = left[c];
        rest.row(n++) = projected.row(left[c]);
      }
    left.resize(static_cast<std::size_t>(n));
    rest.conservativeResize(n, Eigen::NoChange);
  }
  if (!left.empty()) clusters.push_back(std::move(left));
  return clusters;
}

}  // namespace autoprune::prune
