/// @file naive.hpp
/// Naive mapping: nothing is pruned, every weight sits where it sits in the matrix.
#pragma once

#include "autoprune/mapping/dense_mapper.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::methods {

struct Naive : MethodBase {
  static constexpr const char* kName = "naive";
  using MethodBase::MethodBase;

  [[nodiscard]] mapping::DenseMapper placer(Index) const { return mapping::DenseMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    const ConstMatrixView w = weight_matrix(node.weight);
    const prune::Scores one = prune::Scores::Constant(1, 1, w.cwiseAbs().sum());
    return {one, one, [rows = w.cols(), cols = w.rows()](double keep) {
              prune::detail::check_keep_ratio(keep);
              return PruneMask(rows, cols, 1);
            }};
  }
};

}  // namespace autoprune::methods
