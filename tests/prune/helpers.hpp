// Random layers for the tests of the room.
#pragma once

#include <algorithm>
#include <vector>

#include "../error_of.hpp"
#include "autoprune/core.hpp"
#include "autoprune/prune.hpp"

namespace autoprune::prune::test {

inline Matrix random_matrix(Random& random, Index rows, Index cols) {
  Matrix m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<float>(random.normal());
  return m;
}

/// Weights with rows and filters of very different size.
inline Matrix layer(Random& random, Index filters, Index rows) {
  Matrix w = test::random_matrix(random, filters, rows);
  for (Index c = 0; c < filters; ++c) w.row(c) *= static_cast<float>(random.uniform(0.1, 2.0));
  for (Index r = 0; r < rows; ++r) w.col(r) *= static_cast<float>(random.uniform(0.1, 2.0));
  return w;
}

/// Scores from few distinct values, so that ties are the rule.
inline Scores random_scores(Random& random, Index groups, Index cols, Index distinct = 6) {
  Scores scores(groups, cols);
  for (Index i = 0; i < scores.size(); ++i)
    scores.data()[i] = static_cast<float>(random.below(distinct));
  return scores;
}

inline ConstMatrixView view(const Matrix& m) { return {m.data(), m.rows(), m.cols()}; }

/// Flat positions of `candidates`, best first, ties by position: the ranking in its plainest form.
inline std::vector<Index> ranked(const Scores& scores, std::vector<Index> candidates) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](Index a, Index b) { return scores.data()[a] > scores.data()[b]; });
  return candidates;
}

}  // namespace autoprune::prune::test
