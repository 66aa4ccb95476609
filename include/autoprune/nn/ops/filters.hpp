/// @file filters.hpp
/// What the ops with a weight matrix have in common.
#pragma once

#include <vector>

#include "autoprune/nn/node.hpp"

namespace autoprune::nn::detail {

inline void check_filters(const OpInputs& in, Index filters) {
  if (filters < 1) in.fail(ErrorId::out_of_range, filters, " filters; at least 1 is needed");
}

/// A weight matrix of `shape`, whose first extent are the filters, and a bias where there is one.
[[nodiscard]] inline std::vector<Parameter> matrix_parameters(std::vector<Index> shape, bool bias) {
  std::vector<Parameter> all = {{"weight", &Node::weight, std::move(shape)}};
  if (bias) all.push_back({"bias", &Node::bias, {all.front().shape.front()}});
  return all;
}

}  // namespace autoprune::nn::detail
