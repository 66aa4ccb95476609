/// @file activations.hpp
/// Functions of one number, each with its slope, and of nothing else: a line each in this table.
#pragma once

#include <algorithm>
#include <string_view>

#include "autoprune/nn/functions.hpp"
#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

/// An op that puts a function in the place of every number. `Function` has a kName, y(x) and
/// slope(x), and attributes() and validate() where it has some.
template <class Function>
struct Elementwise : Function {
  Elementwise() = default;
  Elementwise(Function f) : Function(f) {}  // NOLINT: `{.slope = 0.2}` is what everyone writes

  void describe(AttributeVisitor& visit) {
    if constexpr (requires { &Function::attributes; }) Function::attributes(visit);
  }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    if constexpr (requires { &Function::validate; }) Function::validate(in);
    return in.front();
  }
  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    const Function f = *this;
    return pass.each([f](float x) { return f.y(x); });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    const Function f = *this;
    pass.each(dx, [f](float x) { return f.slope(x); });
  }
};

namespace detail {

struct ClipFunction {
  static constexpr std::string_view kName = "clip";
  double min = 0.0, max = 6.0;
  void attributes(AttributeVisitor& visit) {
    visit("min", min);
    visit("max", max);
  }
  void validate(const OpInputs& in) const {
    if (!(min < max)) in.fail(ErrorId::out_of_range, "min ", min, " has to be below max ", max);
  }
  [[nodiscard]] float y(float x) const {
    return std::min(std::max(x, static_cast<float>(min)), static_cast<float>(max));
  }
  [[nodiscard]] float slope(float x) const {
    return x > static_cast<float>(min) && x < static_cast<float>(max) ? 1.0F : 0.0F;
  }
};

struct LeakyReluFunction {
  static constexpr std::string_view kName = "leaky_relu";
  double negative = 0.01;
  void attributes(AttributeVisitor& visit) { visit("slope", negative); }
  [[nodiscard]] float y(float x) const { return x * slope(x); }
  [[nodiscard]] float slope(float x) const {
    return x > 0.0F ? 1.0F : static_cast<float>(negative);
  }
};

struct SigmoidFunction {
  static constexpr std::string_view kName = "sigmoid";
  [[nodiscard]] static float y(float x) { return logistic(x); }
  [[nodiscard]] static float slope(float x) {
    const float s = logistic(x);
    return s * (1.0F - s);
  }
};

/// clamp(alpha x + beta, 0, 1): PyTorch's with these defaults.
struct HardSigmoidFunction {
  static constexpr std::string_view kName = "hard_sigmoid";
  double alpha = 1.0 / 6.0, beta = 0.5;
  void attributes(AttributeVisitor& visit) {
    visit("alpha", alpha);
    visit("beta", beta);
  }
  [[nodiscard]] float line(float x) const {
    return static_cast<float>(alpha) * x + static_cast<float>(beta);
  }
  [[nodiscard]] float y(float x) const { return std::min(std::max(line(x), 0.0F), 1.0F); }
  [[nodiscard]] float slope(float x) const {
    return line(x) > 0.0F && line(x) < 1.0F ? static_cast<float>(alpha) : 0.0F;
  }
};

/// x sigmoid(x), swish
struct SiluFunction {
  static constexpr std::string_view kName = "silu";
  [[nodiscard]] static float y(float x) { return x * logistic(x); }
  [[nodiscard]] static float slope(float x) {
    const float s = logistic(x);
    return s + x * s * (1.0F - s);
  }
};

/// x clamp(x / 6 + 1 / 2, 0, 1)
struct HardSwishFunction {
  static constexpr std::string_view kName = "hard_swish";
  [[nodiscard]] static float y(float x) {
    return x * std::min(std::max(x + 3.0F, 0.0F), 6.0F) / 6.0F;
  }
  [[nodiscard]] static float slope(float x) {
    return x <= -3.0F ? 0.0F : x >= 3.0F ? 1.0F : x / 3.0F + 0.5F;
  }
};

struct TanhFunction {
  static constexpr std::string_view kName = "tanh";
  [[nodiscard]] static float y(float x) { return hyperbolic_tangent(x); }
  [[nodiscard]] static float slope(float x) {
    const float t = hyperbolic_tangent(x);
    return 1.0F - t * t;
  }
};

/// x times the normal distribution up to x, or its approximation by a tanh.
struct GeluFunction {
  static constexpr std::string_view kName = "gelu";
  bool tanh = false;
  void attributes(AttributeVisitor& visit) { visit("tanh", tanh); }
  static constexpr float kScale = 0.79788456F, kCube = 0.044715F;  // sqrt(2 / pi)
  [[nodiscard]] float y(float x) const {
    const float inner = kScale * (x + kCube * x * x * x);
    const float t = tanh ? hyperbolic_tangent(inner) : error_function(0.70710678F * x);
    return 0.5F * x * (1.0F + t);
  }
  [[nodiscard]] float slope(float x) const {
    if (!tanh)
      return 0.5F * (1.0F + error_function(0.70710678F * x)) +
             0.39894228F * x * exponential(-0.5F * x * x);
    const float t = hyperbolic_tangent(kScale * (x + kCube * x * x * x));
    return 0.5F * (1.0F + t) + 0.5F * x * (1.0F - t * t) * kScale * (1.0F + 3.0F * kCube * x * x);
  }
};

/// scale x + shift, with constants.
struct LineFunction {
  static constexpr std::string_view kName = "affine";
  double scale = 1.0, shift = 0.0;
  void attributes(AttributeVisitor& visit) {
    visit("scale", scale);
    visit("shift", shift);
  }
  [[nodiscard]] float y(float x) const {
    return static_cast<float>(scale) * x + static_cast<float>(shift);
  }
  [[nodiscard]] float slope(float) const { return static_cast<float>(scale); }
};

struct IdentityFunction {
  static constexpr std::string_view kName = "identity";
  [[nodiscard]] static float y(float x) { return x; }
  [[nodiscard]] static float slope(float) { return 1.0F; }
};

}  // namespace detail

/// clamp(x, min, max); ReLU6 with its defaults.
using Clip = Elementwise<detail::ClipFunction>;
using LeakyRelu = Elementwise<detail::LeakyReluFunction>;
using Sigmoid = Elementwise<detail::SigmoidFunction>;
using HardSigmoid = Elementwise<detail::HardSigmoidFunction>;
using Silu = Elementwise<detail::SiluFunction>;
using HardSwish = Elementwise<detail::HardSwishFunction>;
using Tanh = Elementwise<detail::TanhFunction>;
using Gelu = Elementwise<detail::GeluFunction>;
using ScalarAffine = Elementwise<detail::LineFunction>;
using Identity = Elementwise<detail::IdentityFunction>;

}  // namespace autoprune::nn
