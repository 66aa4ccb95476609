/// @file node.hpp
/// One step of a network: an operation, what it reads, and its parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/op.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn {

struct Node {
  std::string name;           ///< PyTorch's module name; parameters are name + ".weight" and so on
  Op op;                      ///<
  std::vector<Index> inputs;  ///< indices of earlier nodes
  Shape3 shape;               ///< of the output
  Index matrices = 1;         ///< that `weight` holds, one after another: groups of a convolution

  std::vector<Parameter> parameters = {};  ///< which of these the op has
  Tensor weight = {};  ///< conv [out][in / groups][kh][kw]; linear [out][in]; batch-norm [channels]
  Tensor bias = {};    ///< [out] or [channels]
  Tensor running_mean = {}, running_var = {};  ///< batch-norm [channels]

  /// Conv and linear layers have weight matrices that are pruned and mapped.
  [[nodiscard]] bool has_matrix() const { return op.has_matrix(); }
  /// Filters of a layer with a matrix.
  [[nodiscard]] Index filters() const noexcept { return shape.channels; }
  [[nodiscard]] bool has(Tensor Node::*tensor) const {
    return std::any_of(parameters.begin(), parameters.end(),
                       [&](const Parameter& p) { return p.tensor == tensor; });
  }
  [[nodiscard]] bool has_bias() const { return has(&Node::bias); }
};

namespace detail {

/// Throws not_finite for the first number of a parameter that isn't finite, if there is one.
inline void check_parameter(const Node& node, const Parameter& parameter) {
  const Tensor& tensor = node.*parameter.tensor;
  const auto size = static_cast<Index>(tensor.size());
  if (all_finite(tensor.data(), size)) return;
  const float* found =
      std::find_if(tensor.data(), tensor.data() + size, [](float v) { return !std::isfinite(v); });
  fail(ErrorId::not_finite, node.op.name(), " '", node.name, "': number ", found - tensor.data(),
       " of its ", parameter.name, " is ", *found,
       "; use a checkpoint from before the training diverged, or repair it");
}

/// Throws not_finite for a parameter, other than a weight matrix, that isn't finite or that its op
/// can't have.
inline void check_vectors(const Node& node) {
  for (const Parameter& parameter : node.parameters)
    if (!node.has_matrix() || parameter.tensor != &Node::weight) check_parameter(node, parameter);
  node.op.check(node);
}

[[noreturn]] inline void fail_output(const Node& node) {
  fail(ErrorId::not_finite, node.op.name(), " '", node.name,
       "' puts out NaN or infinity: numbers have outgrown float32 there; use a checkpoint from "
       "before the training diverged, or smaller weights");
}

}  // namespace detail

/// Throws not_finite, naming the layer, unless all parameters of a node are finite and as its op
/// needs them.
inline void check_parameters(const Node& node) {
  for (const Parameter& parameter : node.parameters) detail::check_parameter(node, parameter);
  node.op.check(node);
}

}  // namespace autoprune::nn
