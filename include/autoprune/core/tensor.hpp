/// @file tensor.hpp
/// xtensor owns N-dimensional storage, Eigen multiplies: a MatrixView is an Eigen::Map on a
/// tensor's memory, never a copy. This is the only header that knows where xtensor keeps its
/// headers.
#pragma once

#include <Eigen/Core>
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include <string>
#include <vector>

#include "autoprune/core/text.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune {

/// A parameter: float32, any rank, row-major.
using Tensor = xt::xarray<float>;

/// Dense row-major matrices on top of somebody's memory.
template <class Scalar>
using MatrixOf = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Matrix = MatrixOf<float>;
using MatrixView = Eigen::Map<Matrix>;
using ConstMatrixView = Eigen::Map<const Matrix>;

/// The weight matrix of a layer as the library stores it: C rows (filters) of R weights, which is
/// PyTorch's [out][in][kh][kw] flattened after its first axis. It is the transpose of the field's
/// R x C matrix: weights(c, r) sits on wordline r and bitline c.
[[nodiscard]] inline ConstMatrixView weight_matrix(const Tensor& weight) {
  const auto filters = static_cast<Index>(weight.shape(0));
  return {weight.data(), filters, static_cast<Index>(weight.size()) / filters};
}
[[nodiscard]] inline MatrixView weight_matrix(Tensor& weight) {
  const auto filters = static_cast<Index>(weight.shape(0));
  return {weight.data(), filters, static_cast<Index>(weight.size()) / filters};
}

/// A zero-filled tensor of the given shape.
[[nodiscard]] inline Tensor make_tensor(const std::vector<Index>& shape, float value = 0.0F) {
  const std::vector<std::size_t> extents(shape.begin(), shape.end());
  return Tensor(Tensor::shape_type(extents.begin(), extents.end()), value);
}

[[nodiscard]] inline std::vector<Index> shape_of(const Tensor& tensor) {
  return {tensor.shape().begin(), tensor.shape().end()};
}

/// "64x3x3x3".
[[nodiscard]] inline std::string shape_text(const std::vector<Index>& shape) {
  std::string out;
  for (const Index extent : shape) out += concat(out.empty() ? "" : "x", extent);
  return out.empty() ? "scalar" : out;
}

}  // namespace autoprune
