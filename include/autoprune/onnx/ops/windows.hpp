/// @file windows.hpp
/// Conv, pools, and Pad, whose zeros the next of them takes up.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "autoprune/onnx/import.hpp"

namespace autoprune::onnx::ops {

namespace detail {

/// Two numbers of a node, or the usual one for both.
[[nodiscard]] inline nn::Size2 pair_of(const GraphNode& node, const char* key, nn::Size2 usual) {
  const Integers all = node.integers(key);
  if (all.empty()) return usual;
  if (all.size() != 2 || std::min(all[0], all[1]) < 0 || std::max(all[0], all[1]) > nn::kMaxMap)
    throw Unsupported{concat("its ", key, " aren't two numbers that make sense")};
  return {all[0], all[1]};
}

/// "pads", or what "auto_pad" says for an input of that size.
[[nodiscard]] inline nn::Padding padding_of(const GraphNode& node, const nn::Window& window,
                                            const nn::Shape3& in) {
  const std::string how = node.text("auto_pad", "NOTSET");
  if (how == "NOTSET" || how.empty()) {
    const Integers pads = node.integers("pads");
    if (pads.empty()) return 0;
    if (pads.size() != 4 || *std::max_element(pads.begin(), pads.end()) > nn::kMaxMap)
      throw Unsupported{"its pads aren't four numbers that make sense"};
    return {pads[0], pads[1], pads[2], pads[3]};
  }
  if (how == "VALID") return 0;
  if (how != "SAME_UPPER" && how != "SAME_LOWER") throw Unsupported{concat("auto_pad ", how)};
  const nn::Size2 reach = window.reach();
  const auto [h, w] = std::pair{in.height, in.width};
  if (std::min(window.stride.h, window.stride.w) < 1 || std::max(reach.h, reach.w) > nn::kMaxMap)
    throw Unsupported{"strides or a kernel beyond measure"};
  const auto total = [](Index size, Index stride, Index reaches) {
    return std::max<Index>(0, ((size + stride - 1) / stride - 1) * stride + reaches - size);
  };
  const Index rows = total(h, window.stride.h, reach.h);
  const Index columns = total(w, window.stride.w, reach.w);
  const Index top = how == "SAME_UPPER" ? rows / 2 : rows - rows / 2;
  const Index left = how == "SAME_UPPER" ? columns / 2 : columns - columns / 2;
  return {top, left, rows - top, columns - left};
}

[[nodiscard]] inline nn::Padding sum_of(const nn::Padding& a, const nn::Padding& b) {
  return {a.h + b.h, a.w + b.w, a.h_end + b.h_end, a.w_end + b.w_end};
}

/// The map of an input, without the zeros that are still to be taken up.
[[nodiscard]] inline Index unpadded_map(Import& import, Map map) {
  if (map.padded()) {
    const auto& p = map.padding;
    map.extents[1] -= p.h + p.h_end;
    map.extents[2] -= p.w + p.w_end;
    map.padding = {};
  }
  return image_map(import.drafts, map);
}

[[nodiscard]] inline nn::Window window_of(const GraphNode& node, nn::Size2 kernel,
                                          const Map& input) {
  if (input.extents.size() != 3)
    throw Unsupported{"it works on other than images x channels x height x width"};
  nn::Window window{kernel, pair_of(node, "strides", 1), {}, pair_of(node, "dilations", 1)};
  window.padding = padding_of(node, window, {1, input.extents[1], input.extents[2]});
  return window;
}

/// Whether a map has no number below zero, as far as its op tells.
[[nodiscard]] inline bool never_negative(const Draft& draft) {
  const auto* clip = draft.as<nn::Clip>();
  return clip != nullptr ? clip->min >= 0.0 : draft.as<nn::Relu>() || draft.as<nn::Sigmoid>();
}

}  // namespace detail

inline Maps conv(Import& import, const GraphNode& node) {
  const Map& input = node.padded_map(0);
  if (!node.is_constant(1)) throw Unsupported{"its weights aren't constants"};
  const std::vector<Index> weight = import.values.shape(node.input(1));
  if (weight.size() != 4) throw Unsupported{"it isn't a convolution of two dimensions"};
  if (node.has_input(2) && !node.is_constant(2)) throw Unsupported{"its bias isn't constant"};
  const nn::Window window = detail::window_of(node, {weight[2], weight[3]}, input);
  const nn::Conv op{.out = weight[0],
                    .kernel = window.kernel,
                    .stride = window.stride,
                    .padding = detail::sum_of(window.padding, input.padding),
                    .bias = node.has_input(2),
                    .dilation = window.dilation,
                    .groups = node.integer("group", 1)};
  std::vector<Fill> fills = {{&nn::Node::weight, node.input(1)}};
  if (op.bias) fills.push_back({&nn::Node::bias, node.input(2)});
  const Index from = detail::unpadded_map(import, input);
  return {whole(import.drafts, import.drafts.append(op, {from}, std::move(fills)))};
}

inline Maps max_pool(Import& import, const GraphNode& node) {
  const Map& input = node.padded_map(0);
  if (input.padded() && !detail::never_negative(import.drafts[input.draft]))
    throw Unsupported{"a Pad in front whose zeros may be the largest"};
  const nn::Window window =
      detail::window_of(node, detail::pair_of(node, "kernel_shape", 0), input);
  const nn::MaxPool op{.kernel = window.kernel,
                       .stride = window.stride,
                       .padding = detail::sum_of(window.padding, input.padding),
                       .ceil = node.integer("ceil_mode", 0) != 0,
                       .dilation = window.dilation};
  const Index from = detail::unpadded_map(import, input);
  return {whole(import.drafts, import.drafts.append(op, {from}))};
}

inline Maps average_pool(Import& import, const GraphNode& node) {
  const Map& input = node.padded_map(0);
  const nn::Window window =
      detail::window_of(node, detail::pair_of(node, "kernel_shape", 0), input);
  const bool pads = !(window.padding == nn::Padding{});
  const bool counts = node.integer("count_include_pad", 0) != 0;
  if (!(window.dilation == nn::Size2(1))) throw Unsupported{"a mean with dilation"};
  if (input.padded() && pads && !counts)
    throw Unsupported{"a Pad in front, and padding of its own that doesn't count"};
  const nn::AvgPool op{.kernel = window.kernel,
                       .stride = window.stride,
                       .padding = detail::sum_of(window.padding, input.padding),
                       .ceil = node.integer("ceil_mode", 0) != 0,
                       .count_padding = counts || !pads};
  const Index from = detail::unpadded_map(import, input);
  return {whole(import.drafts, import.drafts.append(op, {from}))};
}

/// Of constants, around rows and columns: what a convolution or pool takes up.
inline Maps pad(Import& import, const GraphNode& node) {
  Map map = node.padded_map(0);
  if (node.text("mode", "constant") != "constant")
    throw Unsupported{"padding with other than zeros"};
  const double value = node.has_input(2) ? node.number(2) : node.real("value", 0.0);
  const Integers pads = node.integers("pads", 1);
  Integers axes;
  if (node.has_input(3)) axes = integers_of(node.known(3));
  for (std::size_t k = 0; k < pads.size() / 2 && axes.size() < pads.size() / 2; ++k)
    axes.push_back(static_cast<Index>(k));
  nn::Padding more;
  for (std::size_t k = 0; k < axes.size() && pads.size() == 2 * axes.size(); ++k) {
    const Index before = pads[k], behind = pads[axes.size() + k];
    if (before == 0 && behind == 0) continue;
    if (std::min(before, behind) < 0 || std::max(before, behind) > nn::kMaxMap)
      throw Unsupported{"padding below zero, or beyond measure"};
    const std::size_t axis = Import::axis_of(map, axes[k]);
    if (map.extents.size() != 3 || axis == 0)
      throw Unsupported{"padding of other axes than height and width"};
    (axis == 1 ? more.h : more.w) += before;
    (axis == 1 ? more.h_end : more.w_end) += behind;
  }
  if (more == nn::Padding{}) return {map};
  if (value != 0.0) throw Unsupported{"padding with other than zeros"};
  const nn::Padding before = map.padding;
  map = whole(import.drafts, detail::unpadded_map(import, map));
  map.padding = detail::sum_of(before, more);
  map.extents[1] += map.padding.h + map.padding.h_end;
  map.extents[2] += map.padding.w + map.padding.w_end;
  return {map};
}

namespace detail {

/// A pool over all positions, for which `channels` are the axes that stay.
[[nodiscard]] inline Map pooled(Import& import, const Map& map,
                                const std::vector<std::size_t>& kept, bool maximum,
                                bool keeps_axes) {
  const Map laid = with_channels(import.drafts, map, kept);
  const nn::Shape3 shape = import.drafts.shape(laid.draft);
  const nn::Op op = maximum ? nn::Op(nn::MaxPool{.kernel = {shape.height, shape.width}})
                            : nn::Op(nn::GlobalAvgPool{});
  Map out{import.drafts.append(op, {laid.draft})};
  for (std::size_t k = 0; k < map.extents.size(); ++k) {
    const bool stays = std::find(kept.begin(), kept.end(), k) != kept.end();
    if (stays || keeps_axes) out.extents.push_back(stays ? map.extents[k] : 1);
  }
  out.strides = onnx::detail::strides_of(out.extents, onnx::detail::in_order(out.extents.size()));
  return out;
}

}  // namespace detail

inline Maps global_pool(Import& import, const GraphNode& node) {
  const std::size_t channels = Import::axis_of(node.map(0), 1);
  return {detail::pooled(import, node.map(0), {channels}, node.op() == "GlobalMaxPool", true)};
}

/// ReduceMean and ReduceMax, along any axes but the images'.
inline Maps reduce(Import& import, const GraphNode& node) {
  const Map& map = node.map(0);
  const std::size_t rank = map.extents.size();
  std::vector<std::size_t> along = node.axes(rank + 1), kept;
  if (along.empty()) throw Unsupported{"a mean over the images of a batch"};
  if (along.front() == 0) throw Unsupported{"it works along the images of a batch"};
  for (std::size_t k = 0; k < rank; ++k)
    if (std::find(along.begin(), along.end(), k + 1) == along.end()) kept.push_back(k);
  return {detail::pooled(import, map, kept, node.op() == "ReduceMax",
                         node.integer("keepdims", 1) != 0)};
}

}  // namespace autoprune::onnx::ops
