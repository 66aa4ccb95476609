/// @file arithmetic.hpp
/// Operators of two inputs, number by number: of constants, and of functions' values.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

namespace autoprune::onnx::detail {

/// Nothing for other operators.
template <class Real>
[[nodiscard]] std::optional<Real> combine(std::string_view op, Real a, Real b) {
  if (op == "Add" || op == "Sum") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  if (op == "Pow") return std::pow(a, b);
  return std::nullopt;
}

}  // namespace autoprune::onnx::detail
