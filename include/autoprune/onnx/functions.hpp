/// @file functions.hpp
/// Activations that exporters write as several nodes, such as x * sigmoid(x). A tensor that is a
/// function of every number of another one is known by that function's values at some places, in
/// whatever order and with whatever constants it is put together.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/nn/ops/activations.hpp"

namespace autoprune::onnx {

/// Values of a function at places().
using Samples = std::array<double, 48>;

/// That a tensor is a function of every number of the tensor `of`.
struct FunctionOf {
  std::string of;
  Samples samples;
};

/// So many earlier tensors are looked at.
inline constexpr std::size_t kLongestFunction = 12;

namespace detail {

/// Where functions are compared: dense around zero, where they bend, and far out.
[[nodiscard]] inline const Samples& places() {
  static const Samples all = [] {
    Samples x{};
    for (std::size_t k = 0; k < 40; ++k) x[k] = -6.17 + 0.31 * static_cast<double>(k);
    const std::array<double, 8> far = {-1e4, -90.0, -21.0, -9.5, 9.5, 21.0, 90.0, 1e4};
    std::copy(far.begin(), far.end(), x.begin() + 40);
    return x;
  }();
  return all;
}

using Function = double (*)(double);

/// An operator of one input as a function, or null.
[[nodiscard]] inline Function function_of(std::string_view op) {
  struct Known {
    std::string_view op;
    Function f;
  };
  static const std::array<Known, 13> known = {{
      {"Abs", [](double x) { return std::abs(x); }},
      {"Erf", [](double x) { return std::erf(x); }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"HardSwish", [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }},
      {"Identity", [](double x) { return x; }},
      {"Log", [](double x) { return std::log(x); }},
      {"Neg", [](double x) { return -x; }},
      {"Reciprocal", [](double x) { return 1.0 / x; }},
      {"Relu", [](double x) { return std::max(x, 0.0); }},
      {"Sigmoid", [](double x) { return 1.0 / (1.0 + std::exp(-x)); }},
      {"Softplus", [](double x) { return x > 30.0 ? x : std::log1p(std::exp(x)); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
  }};
  for (const Known& one : known)
    if (one.op == op) return one.f;
  return nullptr;
}

/// Whether a function that was computed in float32 is f.
[[nodiscard]] inline bool agrees(const Samples& y, Function f) {
  for (std::size_t k = 0; k < y.size(); ++k) {
    const double wanted = f(places()[k]);
    if (!(std::abs(y[k] - wanted) <= 2e-6 * (1.0 + std::abs(wanted)))) return false;
  }
  return true;
}

}  // namespace detail

/// The operation that a function is, if it is one that networks are built of.
[[nodiscard]] inline std::optional<nn::Op> known_function(const Samples& samples) {
  struct Known {
    nn::Op op;
    detail::Function f;
  };
  static const std::array<Known, 5> known = {{
      {nn::Silu{}, [](double x) { return x / (1.0 + std::exp(-x)); }},
      {nn::HardSwish{}, [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }},
      {nn::HardSigmoid{}, [](double x) { return std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }},
      {nn::Gelu{}, [](double x) { return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2)); }},
      {nn::Gelu{{.tanh = true}},
       [](double x) {
         const double inner = std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x);
         return 0.5 * x * (1.0 + std::tanh(inner));
       }},
  }};
  for (const Known& one : known)
    if (detail::agrees(samples, one.f)) return one.op;
  return std::nullopt;
}

}  // namespace autoprune::onnx
