/// @file products.hpp
/// Gemm and MatMul with constant matrices: linear layers, and convolutions of 1x1 where a map has
/// positions.
#pragma once

#include <numeric>

#include "autoprune/onnx/import.hpp"

namespace autoprune::onnx::ops {

namespace detail {

/// A matrix of the graph with its filters' inputs along its last axis.
struct Matrix {
  Index out, in;
  Fill fill;
};
[[nodiscard]] inline Matrix matrix_of(const GraphNode& node, bool transposed, double factor) {
  if (!node.is_constant(1))
    throw Unsupported{"a product of two maps; its second input has to be a constant matrix"};
  const std::vector<Index> shape = node.values().shape(node.input(1));
  if (shape.size() != 2) throw Unsupported{"a product with other than a matrix"};
  return {shape[transposed ? 1 : 0],
          shape[transposed ? 0 : 1],
          {.parameter = &nn::Node::weight,
           .value = node.input(1),
           .transposed = transposed,
           .factor = factor}};
}

[[nodiscard]] inline Map product(Import& import, const GraphNode& node, Matrix matrix, bool bias) {
  const Map& map = node.map(0);
  const std::size_t rank = map.extents.size();
  if (rank == 0 || map.extents.back() != matrix.in)
    fail(ErrorId::invalid_graph, node_text(node.message()), " multiplies ",
         rank == 0 ? Index{1} : map.extents.back(), " numbers with a matrix for ", matrix.in);
  std::vector<Fill> fills = {matrix.fill};
  if (rank > 1) {
    const Map laid = with_channels(import.drafts, map, {rank - 1});
    const nn::Shape3& shape = import.drafts.shape(laid.draft);
    if (shape.height * shape.width > 1)
      return import.along(laid, rank - 1, nn::Conv{.out = matrix.out, .kernel = 1}, fills);
    return import.along(laid, rank - 1, nn::Linear{.out = matrix.out, .bias = bias}, fills);
  }
  // A linear layer reads a map in PyTorch's order, whatever its shape.
  const bool lies_so = onnx::detail::merged(map, {0}).empty() || map.strides[0] == 1;
  const Index from = lies_so ? map.draft : settle(import.drafts, map, {0}, {map.extents[0], 1, 1});
  const nn::Linear op{.out = matrix.out, .bias = bias};
  return {import.drafts.append(op, {from}, fills), {matrix.out}, {1}};
}

}  // namespace detail

inline Maps gemm(Import& import, const GraphNode& node) {
  if (node.integer("transA", 0) != 0) throw Unsupported{"its first input is transposed"};
  if (node.map(0).extents.size() != 1) throw Unsupported{"its first input isn't a vector an image"};
  const auto matrix =
      detail::matrix_of(node, node.integer("transB", 0) == 0, node.real("alpha", 1.0));
  const bool bias = node.has_input(2);
  Map out = detail::product(import, node, matrix, bias);
  if (bias) {
    if (!node.is_constant(2)) throw Unsupported{"its bias isn't constant"};
    import.drafts[out.draft].fills.push_back(
        {.parameter = &nn::Node::bias, .value = node.input(2), .factor = node.real("beta", 1.0)});
  }
  return {out};
}

/// A bias that is added behind becomes the layer's (ops/elementwise.hpp).
inline Maps matmul(Import& import, const GraphNode& node) {
  return {detail::product(import, node, detail::matrix_of(node, true, 1.0), false)};
}

}  // namespace autoprune::onnx::ops
