/// @file elementwise.hpp
/// Operators of every number on its own, with constants or with another map.
#pragma once

#include <cmath>
#include <limits>
#include <string_view>

#include "autoprune/onnx/import.hpp"

namespace autoprune::onnx::ops {

/// Limits of a Clip are attributes or, since version 11, inputs; either may be missing.
[[nodiscard]] inline std::pair<double, double> limits_of(const GraphNode& node) {
  constexpr double kMost = std::numeric_limits<float>::max();
  const auto limit = [&](const char* key, Index k, double usual) {
    const double given = node.has_input(k) ? decimal(node.number(k)) : node.real(key, usual);
    return std::clamp(given, -kMost, kMost);
  };
  return {limit("min", 1, -kMost), limit("max", 2, kMost)};
}
/// Slope and offset of a HardSigmoid.
[[nodiscard]] inline std::pair<double, double> line_of(const GraphNode& node) {
  return {node.real("alpha", 0.2), node.real("beta", 0.5)};
}

inline Maps activation(Import& import, const GraphNode& node) {
  const std::string& op = node.op();
  const auto is = [&](nn::Op of) -> Maps { return {import.same(node.map(0), std::move(of))}; };
  if (op == "Relu") return is(nn::Relu{});
  if (op == "Sigmoid") return is(nn::Sigmoid{});
  if (op == "Tanh") return is(nn::Tanh{});
  if (op == "HardSwish") return is(nn::HardSwish{});
  if (op == "LeakyRelu") return is(nn::LeakyRelu{{.negative = node.real("alpha", 0.01)}});
  if (op == "Gelu") return is(nn::Gelu{{.tanh = node.text("approximate", "none") == "tanh"}});
  const auto [alpha, beta] = line_of(node);
  return is(nn::HardSigmoid{{.alpha = alpha, .beta = beta}});
}

inline Maps clip(Import& import, const GraphNode& node) {
  const auto [min, max] = limits_of(node);
  const bool relu = min == 0.0 && max == std::numeric_limits<float>::max();
  return {import.same(node.map(0), relu ? nn::Op(nn::Relu{}) : nn::Clip{{.min = min, .max = max}})};
}

inline Maps prelu(Import& import, const GraphNode& node) {
  const Map& map = node.map(0);
  const std::size_t channels = Import::axis_of(map, 1);
  const std::vector<Index> shape = import.values.shape(node.input(1));
  const Index slopes = onnx::detail::size_of(shape);
  const bool of_channels =
      slopes == 1 ||
      (slopes == map.extents[0] && shape.size() == map.extents.size() && shape[0] == slopes);
  if (!of_channels) throw Unsupported{"slopes that aren't a channel's each, or one"};
  return {import.along(map, channels, nn::Prelu{.shared = slopes == 1},
                       {{&nn::Node::weight, node.input(1)}})};
}

/// QuantizeLinear and DequantizeLinear of a map, which networks don't have: an accelerator's own
/// ranges would be another rounding on top.
inline Maps rounding(Import&, const GraphNode&) {
  throw Unsupported{
      "maps of integers aren't read, as an accelerator's inputs get their ranges from calibration "
      "images; export the model with integers for weights alone"};
}

namespace detail {

/// The axes of a view along which a constant differs. Throws Unsupported where it stretches it.
[[nodiscard]] inline std::vector<std::size_t> varying(const Map& map, std::vector<Index> shape) {
  const std::size_t rank = map.extents.size() + 1;
  while (shape.size() > rank && shape.front() == 1) shape.erase(shape.begin());
  if (shape.size() > rank) throw Unsupported{"a constant of more axes than its other input"};
  shape.insert(shape.begin(), rank - shape.size(), 1);
  std::vector<std::size_t> axes;
  if (shape[0] != 1) throw Unsupported{"a constant that differs between the images of a batch"};
  for (std::size_t k = 1; k < rank; ++k) {
    if (shape[k] == 1) continue;
    if (shape[k] != map.extents[k - 1])
      throw Unsupported{"a constant that its other input isn't stretched to"};
    axes.push_back(k - 1);
  }
  return axes;
}

/// Names that exporters invent for constants begin so, or are numbers.
[[nodiscard]] inline bool is_learned(const Value& value) {
  const std::string& name = value.origin;
  return value.stored != nullptr && !name.starts_with("onnx::") && !name.starts_with('/') &&
         name.find_first_not_of("0123456789") != std::string::npos;
}

/// Numbers that are added along the channels: to a layer or normalisation in front as its bias.
[[nodiscard]] inline Index shifted(Import& import, Index at, Fill fill) {
  const Draft& draft = import.drafts[at];
  if (const auto* conv = draft.as<nn::Conv>(); conv != nullptr && !conv->bias) {
    nn::Conv op = *conv;
    op.bias = true;
    return import.drafts.extended(at, op, fill);
  }
  if (const auto* linear = draft.as<nn::Linear>(); linear != nullptr && !linear->bias)
    return import.drafts.extended(at, nn::Linear{.out = linear->out, .bias = true}, fill);
  if (const auto* norm = draft.as<nn::LayerNorm>();
      norm != nullptr && norm->affine && !draft.has(&nn::Node::bias))
    return import.drafts.extended(at, *norm, fill);
  if (const auto* scale = draft.as<nn::Scale>(); scale != nullptr && !scale->bias) {
    if (!scale->learned) fill.parameter = &nn::Node::running_mean;
    return import.drafts.extended(at, nn::Scale{.bias = true, .learned = scale->learned}, fill);
  }
  fill.parameter = &nn::Node::running_mean;
  return import.drafts.append(nn::Scale{.bias = true, .learned = false}, {at}, {fill});
}

/// Numbers that multiply the channels.
[[nodiscard]] inline Index scaled(Import& import, Index at, Fill fill, bool learned) {
  const Draft& draft = import.drafts[at];
  if (const auto* norm = draft.as<nn::LayerNorm>(); norm != nullptr && !norm->affine)
    return import.drafts.extended(at, nn::LayerNorm{.eps = norm->eps, .affine = true}, fill);
  if (!learned) fill.parameter = &nn::Node::running_var;
  return import.drafts.append(nn::Scale{.learned = learned}, {at}, {fill});
}

[[nodiscard]] inline SharedConstant reciprocals(const Constant& of) {
  Reals all = of.reals();
  for (float& value : all) value = 1.0F / value;
  return std::make_shared<const Constant>(Constant{of.shape, std::move(all)});
}

/// scale x + shift; of what is such a line already, one line.
[[nodiscard]] inline Map line(Import& import, Map map, double scale, double shift) {
  if (!std::isfinite(scale) || !std::isfinite(shift))
    throw Unsupported{"a constant that isn't finite"};
  nn::ScalarAffine op{{.scale = scale, .shift = shift}};
  const Draft& draft = import.drafts[map.draft];
  if (const auto* before = draft.as<nn::ScalarAffine>()) {
    op = {{.scale = scale * before->scale, .shift = scale * before->shift + shift}};
    map.draft = draft.inputs.front();
  }
  return import.same(map, op);
}

/// With input `k` constant: one number, or one for each place along some axes.
[[nodiscard]] inline Map with_constant(Import& import, const GraphNode& node, Index k) {
  const std::string& op = node.op();
  Map map = node.map(1 - k);
  const std::vector<std::size_t> axes = varying(map, import.values.shape(node.input(k)));
  if (op == "Pow" && k == 1 && axes.empty() && node.number(1) == 2.0F) {
    map.draft = import.drafts.append(nn::Mul{}, {map.draft, map.draft});
    return map;
  }
  if (axes.empty() && (op == "Min" || op == "Max")) {
    constexpr double kMost = std::numeric_limits<float>::max();
    const double edge = decimal(node.number(k));
    if (op == "Max" && edge == 0.0) return import.same(map, nn::Relu{});
    return import.same(map, op == "Min" ? nn::Clip{{.min = -kMost, .max = edge}}
                                        : nn::Clip{{.min = edge, .max = kMost}});
  }
  const bool sum = op == "Add" || op == "Sub" || op == "Sum";
  const bool minus = op == "Sub";
  if ((!sum && op != "Mul" && op != "Div") || (op == "Div" && k == 0))
    throw Unsupported{"with a constant it isn't one of the network's operations"};
  if (axes.empty()) {
    const double c = decimal(node.number(k));
    const double scale = sum ? (minus && k == 0 ? -1.0 : 1.0) : op == "Mul" ? c : 1.0 / c;
    return line(import, map, scale, !sum ? 0.0 : minus && k == 1 ? -c : c);
  }
  Fill fill{&nn::Node::weight, node.input(k)};
  if (!import.values.read_once(node.input(1 - k)))  // others read it without these numbers
    map = import.same(map, nn::Identity{});
  map = with_channels(import.drafts, map, axes);
  if (sum) {
    if (minus && k == 0) map = line(import, map, -1.0, 0.0);
    fill.parameter = &nn::Node::bias;
    fill.factor = minus && k == 1 ? -1.0 : 1.0;
    map.draft = shifted(import, map.draft, fill);
  } else {
    if (op == "Div") fill.constant = reciprocals(node.known(k));
    map.draft = scaled(import, map.draft, fill, is_learned(*import.values.find(node.input(k))));
  }
  return map;
}

}  // namespace detail

inline Maps negation(Import& import, const GraphNode& node) {
  return {detail::line(import, node.map(0), -1.0, 0.0)};
}

/// Add, Sub, Mul, Div, Pow, Min, Max and Sum of maps and constants.
inline Maps arithmetic(Import& import, const GraphNode& node) {
  const std::string& op = node.op();
  if (op == "Sum" && node.inputs() == 1) return {node.map(0)};
  if (node.inputs() == 2 && node.is_constant(1)) return {detail::with_constant(import, node, 1)};
  if (node.inputs() == 2 && node.is_constant(0)) return {detail::with_constant(import, node, 0)};
  const bool sum = op == "Add" || op == "Sum";
  if (!sum && op != "Sub" && op != "Mul")
    throw Unsupported{"of two maps it isn't one of the network's operations"};
  Map result = node.map(0);
  for (Index k = 1; k < node.inputs(); ++k) {
    const Pair pair = aligned(import.drafts, result, node.map(k));
    result = pair.result;
    result.draft = import.drafts.append(sum           ? nn::Op(nn::Add{})
                                        : op == "Sub" ? nn::Op(nn::Sub{})
                                                      : nn::Op(nn::Mul{}),
                                        {pair.first, pair.second});
  }
  return {result};
}

}  // namespace autoprune::onnx::ops
