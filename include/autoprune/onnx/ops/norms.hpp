/// @file norms.hpp
/// Normalisations and softmax; layer normalisation also as the nodes that exporters write for it.
#pragma once

#include <cmath>

#include "autoprune/onnx/import.hpp"

namespace autoprune::onnx::ops {

/// As in inference, whatever mode it was exported in.
inline Maps batch_norm(Import& import, const GraphNode& node) {
  std::vector<Fill> fills;
  Tensor nn::Node::*const parameters[] = {&nn::Node::weight, &nn::Node::bias,
                                          &nn::Node::running_mean, &nn::Node::running_var};
  for (Index k = 1; k <= 4; ++k) {
    if (!node.is_constant(k)) throw Unsupported{"its parameters aren't constants"};
    fills.push_back({parameters[k - 1], node.input(k)});
  }
  // ONNX names the share of the old statistics, in a float.
  const double momentum = std::round((1.0 - node.real("momentum", 0.9)) * 1e6) / 1e6;
  const nn::BatchNorm op{.eps = node.real("epsilon", 1e-5), .momentum = momentum};
  return {import.along(node.map(0), Import::axis_of(node.map(0), 1), op, std::move(fills))};
}

namespace detail {

/// All axes from one on, as channels.
[[nodiscard]] inline Map from_axis(Import& import, const Map& map, std::size_t first) {
  std::vector<std::size_t> group;
  for (std::size_t k = first; k < map.extents.size(); ++k) group.push_back(k);
  return with_channels(import.drafts, map, group);
}

}  // namespace detail

inline Maps layer_norm(Import& import, const GraphNode& node) {
  const Map map = detail::from_axis(import, node.map(0),
                                    Import::axis_of(node.map(0), node.integer("axis", -1)));
  std::vector<Fill> fills = {{&nn::Node::weight, node.input(1)}};
  if (node.has_input(2)) fills.push_back({&nn::Node::bias, node.input(2)});
  for (const Fill& fill : fills)
    if (!import.values.is_constant(fill.value))
      throw Unsupported{"its parameters aren't constants"};
  return {import.same(map, nn::LayerNorm{.eps = node.real("epsilon", 1e-5)}, fills)};
}

/// Softmax and LogSoftmax: since version 13 along one axis, before along all from one on.
inline Maps softmax(Import& import, const GraphNode& node) {
  const Map& map = node.map(0);
  const std::size_t axis = Import::axis_of(map, node.integer("axis", node.opset() < 13 ? 1 : -1));
  const Map laid = node.opset() < 13 ? detail::from_axis(import, map, axis)
                                     : with_channels(import.drafts, map, {axis});
  return {import.same(laid, nn::Softmax{.log = node.op() == "LogSoftmax"})};
}

namespace detail {

/// The node of an op that makes a tensor, if that is what makes it.
[[nodiscard]] inline const proto::NodeProto* made_by(const Values& values, const std::string& name,
                                                     std::string_view op, int inputs) {
  const Value* value = values.find(name);
  const proto::NodeProto* node = value == nullptr ? nullptr : value->producer;
  return node != nullptr && node->op_type() == op && node->input_size() >= inputs ? node : nullptr;
}

/// x, where a tensor is x - mean(x).
[[nodiscard]] inline std::string centred(const Values& values, const std::string& name,
                                         std::vector<std::size_t>& axes) {
  const auto* difference = made_by(values, name, "Sub", 2);
  if (difference == nullptr) return {};
  const std::string& x = difference->input(0);
  const auto* mean = made_by(values, difference->input(1), "ReduceMean", 1);
  const Value* map = values.find(x);
  if (mean == nullptr || mean->input(0) != x || map == nullptr || !map->map || !map->map->known)
    return {};
  const GraphNode node(*mean, values);
  if (node.integer("keepdims", 1) == 0) return {};
  axes = node.axes(map->map->extents.size() + 1);
  return x;
}

}  // namespace detail

/// (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) as one op, where a Div is that; its factors
/// and summands follow. Nothing otherwise.
inline Maps decomposed_layer_norm(Import& import, const GraphNode& node) {
  using detail::made_by;
  const Values& values = import.values;
  std::vector<std::size_t> axes, again, third;
  const std::string x = detail::centred(values, node.input(0), axes);
  const auto* root = made_by(values, node.input(1), "Sqrt", 1);
  const auto* sum = root == nullptr ? nullptr : made_by(values, root->input(0), "Add", 2);
  if (x.empty() || sum == nullptr) return {};
  const GraphNode added(*sum, values);
  const Index constant = added.is_constant(0) ? 0 : 1;
  const auto* variance = made_by(values, added.input(1 - constant), "ReduceMean", 1);
  if (variance == nullptr || !added.is_constant(constant)) return {};
  const auto* power = made_by(values, variance->input(0), "Pow", 2);
  const auto* square = power != nullptr ? power : made_by(values, variance->input(0), "Mul", 2);
  if (square == nullptr || detail::centred(values, square->input(0), again) != x) return {};
  const bool squared = power != nullptr ? GraphNode(*power, values).number(1) == 2.0F
                                        : detail::centred(values, square->input(1), third) == x;
  const Map& map = *values.find(x)->map;
  const std::vector<std::size_t> along = GraphNode(*variance, values).axes(map.extents.size() + 1);
  if (!squared || axes != again || axes != along || axes.empty() || axes.front() == 0 ||
      map.padded() || (!third.empty() && third != axes))
    return {};
  for (std::size_t& axis : axes) --axis;  // without the images
  return {import.same(with_channels(import.drafts, map, axes),
                      nn::LayerNorm{.eps = decimal(added.number(constant)), .affine = false})};
}

}  // namespace autoprune::onnx::ops
