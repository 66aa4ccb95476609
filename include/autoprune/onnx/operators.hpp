/// @file operators.hpp
/// The operators of ONNX that are read: one line each.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "autoprune/onnx/ops/elementwise.hpp"
#include "autoprune/onnx/ops/moves.hpp"
#include "autoprune/onnx/ops/norms.hpp"
#include "autoprune/onnx/ops/products.hpp"
#include "autoprune/onnx/ops/windows.hpp"

namespace autoprune::onnx {

struct Operator {
  std::string_view name;
  Maps (*convert)(Import&, const GraphNode&);
};

/// Null for one that isn't read.
[[nodiscard]] inline const Operator* find_operator(std::string_view name) {
  static constexpr std::array all = {
      Operator{"Add", ops::arithmetic},
      Operator{"AveragePool", ops::average_pool},
      Operator{"BatchNormalization", ops::batch_norm},
      Operator{"Cast", ops::cast},
      Operator{"Clip", ops::clip},
      Operator{"Concat", ops::concatenate},
      Operator{"Conv", ops::conv},
      Operator{"DequantizeLinear", ops::rounding},
      Operator{"Div", ops::arithmetic},
      Operator{"Dropout", ops::dropout},
      Operator{"Expand", ops::expand},
      Operator{"Flatten", ops::reshape},
      Operator{"Gather", ops::gather},
      Operator{"Gelu", ops::activation},
      Operator{"Gemm", ops::gemm},
      Operator{"GlobalAveragePool", ops::global_pool},
      Operator{"GlobalMaxPool", ops::global_pool},
      Operator{"HardSigmoid", ops::activation},
      Operator{"HardSwish", ops::activation},
      Operator{"Identity", ops::alias},
      Operator{"LayerNormalization", ops::layer_norm},
      Operator{"LeakyRelu", ops::activation},
      Operator{"LogSoftmax", ops::softmax},
      Operator{"MatMul", ops::matmul},
      Operator{"Max", ops::arithmetic},
      Operator{"MaxPool", ops::max_pool},
      Operator{"Min", ops::arithmetic},
      Operator{"Mul", ops::arithmetic},
      Operator{"Neg", ops::negation},
      Operator{"PRelu", ops::prelu},
      Operator{"Pad", ops::pad},
      Operator{"Pow", ops::arithmetic},
      Operator{"QuantizeLinear", ops::rounding},
      Operator{"ReduceMax", ops::reduce},
      Operator{"ReduceMean", ops::reduce},
      Operator{"Relu", ops::activation},
      Operator{"Reshape", ops::reshape},
      Operator{"Sigmoid", ops::activation},
      Operator{"Slice", ops::slice},
      Operator{"Softmax", ops::softmax},
      Operator{"Split", ops::split},
      Operator{"Squeeze", ops::reshape},
      Operator{"Sub", ops::arithmetic},
      Operator{"Sum", ops::arithmetic},
      Operator{"Tanh", ops::activation},
      Operator{"Transpose", ops::transpose},
      Operator{"Unsqueeze", ops::reshape},
  };
  const auto* const found =
      std::find_if(all.begin(), all.end(), [&](const Operator& one) { return one.name == name; });
  return found == all.end() ? nullptr : found;
}

}  // namespace autoprune::onnx
