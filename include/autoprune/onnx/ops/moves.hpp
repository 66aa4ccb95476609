/// @file moves.hpp
/// Operators that put numbers elsewhere: most change the view alone.
#pragma once

#include <algorithm>
#include <numeric>

#include "autoprune/onnx/fold.hpp"
#include "autoprune/onnx/import.hpp"

namespace autoprune::onnx::ops {

/// What is the same in inference.
inline Maps alias(Import&, const GraphNode& node) { return {node.padded_map(0)}; }

/// Real numbers stay real, whatever their precision.
inline Maps cast(Import&, const GraphNode& node) {
  using Type = proto::TensorProto;
  const Index to = node.integer("to", 0);
  if (to != Type::FLOAT && to != Type::DOUBLE && to != Type::FLOAT16 && to != Type::BFLOAT16)
    throw Unsupported{"a Cast of a map to other than real numbers"};
  return {node.padded_map(0)};
}

/// The rate is an attribute or, since version 12, an input.
inline Maps dropout(Import& import, const GraphNode& node) {
  const double rate = node.has_input(1) ? decimal(node.number(1)) : node.real("ratio", 0.5);
  if (!(rate > 0.0 && rate < 1.0)) return {node.map(0)};
  return {import.same(node.map(0), nn::Dropout{.rate = rate})};
}

/// Reshape, Flatten, Squeeze and Unsqueeze.
inline Maps reshape(Import& import, const GraphNode& node) {
  const Map& map = node.map(0);
  const std::vector<Index> shape = import.full_shape(map);
  if (node.op() == "Flatten")
    return {import.reshape(map, onnx::detail::flattened(shape, node.integer("axis", 1)))};
  if (node.op() != "Reshape") return {import.reshape(map, node.squeezed(shape))};
  return {import.reshape(map, onnx::detail::reshaped(shape, integers_of(node.known(1)),
                                                     node.integer("allowzero", 0) != 0))};
}

inline Maps transpose(Import&, const GraphNode& node) {
  Map map = node.map(0);
  const Map from = map;
  const std::vector<std::size_t> order = node.permutation(map.extents.size() + 1);
  if (order.front() != 0) throw Unsupported{"it moves the images of a batch to another axis"};
  for (std::size_t k = 1; k < order.size(); ++k) {
    map.extents[k - 1] = from.extents[order[k] - 1];
    map.strides[k - 1] = from.strides[order[k] - 1];
  }
  return {map};
}

/// Where it changes nothing.
inline Maps expand(Import& import, const GraphNode& node) {
  const Map& map = node.map(0);
  const std::vector<Index> shape = import.full_shape(map);
  const Integers to = integers_of(node.known(1));
  if (onnx::detail::common_shape(shape, {to.begin(), to.end()}) != shape)
    throw Unsupported{"it repeats a map"};
  return {map};
}

inline Maps concatenate(Import& import, const GraphNode& node) {
  const std::size_t axis = Import::axis_of(node.map(0), node.integer("axis", 1));
  Maps laid;
  bool alike = true;
  for (Index k = 0; k < node.inputs(); ++k) {
    const Map& map = node.map(k);
    if (map.extents.size() != node.map(0).extents.size())
      throw Unsupported{"inputs of several ranks"};
    for (std::size_t a = 0; a < map.extents.size(); ++a)
      if (a != axis && map.extents[a] != node.map(0).extents[a])
        throw Unsupported{"inputs whose other axes differ"};
    laid.push_back(with_channels(import.drafts, map, {axis}));
    const nn::Shape3 &first = import.drafts.shape(laid.front().draft),
                     &own = import.drafts.shape(laid.back().draft);
    alike = alike && own.height == first.height && own.width == first.width;
    for (std::size_t a = 0; a < map.extents.size(); ++a)
      alike = alike && (a == axis || map.extents[a] == 1 ||
                        laid.back().strides[a] == laid.front().strides[a]);
  }
  if (!alike) throw Unsupported{"inputs whose axes lie in different orders"};
  std::vector<Index> from;
  Map all = laid.front();
  all.extents[axis] = 0;
  for (const Map& map : laid) {
    from.push_back(map.draft);
    all.extents[axis] += map.extents[axis];
  }
  const nn::Shape3& shape = import.drafts.shape(all.draft);
  all.strides[axis] = shape.height * shape.width;
  all.draft = from.size() == 1 ? from[0] : import.drafts.append(nn::Concat{}, from);
  return {all};
}

namespace detail {

/// Places [begin, end) of an axis.
[[nodiscard]] inline Map part(Import& import, const Map& map, std::size_t axis, Index begin,
                              Index end) {
  if (begin == 0 && end == map.extents[axis]) return map;
  return import.along(map, axis, nn::Slice{{.begin = begin, .end = end}});
}

}  // namespace detail

inline Maps slice(Import& import, const GraphNode& node) {
  Map map = node.map(0);
  for (const auto& [axis, begin, size, step] : node.steps(import.full_shape(map))) {
    if (axis == 0 && begin == 0 && size == import.images && step == 1) continue;
    if (axis == 0) throw Unsupported{"it takes some images of a batch"};
    if (step != 1 && size > 1) throw Unsupported{"a Slice in steps"};
    if (size < 1) throw Unsupported{"a Slice of nothing"};
    map = detail::part(import, map, axis - 1, begin, begin + size);
  }
  return {map};
}

/// Sizes are an attribute or, since version 13, an input; or all are alike.
inline Maps split(Import& import, const GraphNode& node) {
  const Map& map = node.map(0);
  const std::size_t axis = Import::axis_of(map, node.integer("axis", 0));
  Integers sizes = node.integers("split", 1);
  const Index parts = node.message().output_size(), whole_axis = map.extents[axis];
  for (Index left = whole_axis, each = (whole_axis + parts - 1) / parts;
       left > 0 && static_cast<Index>(sizes.size()) < parts && node.integers("split", 1).empty();
       left -= each)
    sizes.push_back(std::min(each, left));
  if (static_cast<Index>(sizes.size()) != parts ||
      std::accumulate(sizes.begin(), sizes.end(), Index{0}) != whole_axis)
    throw Unsupported{"parts that don't add up to its input"};
  Maps all;
  Index begin = 0;
  for (const Index size : sizes) {
    if (size < 1) throw Unsupported{"a part of nothing"};
    all.push_back(detail::part(import, map, axis, begin, begin + size));
    begin += size;
  }
  return all;
}

/// Of constant places: a slice a run of neighbours, one after another.
inline Maps gather(Import& import, const GraphNode& node) {
  const std::size_t axis = Import::axis_of(node.map(0), node.integer("axis", 0));
  const Constant& indices = node.known(1);
  if (indices.shape.size() > 1) throw Unsupported{"places in a matrix"};
  const Map map = with_channels(import.drafts, node.map(0), {axis});
  const Integers places = integers_of(indices);
  const Index size = map.extents[axis];
  Maps parts;
  for (std::size_t k = 0; k < places.size();) {
    const Index first = places[k] < 0 ? places[k] + size : places[k];
    std::size_t run = 1;
    while (k + run < places.size() && places[k + run] == places[k] + static_cast<Index>(run)) ++run;
    if (first < 0 || first + static_cast<Index>(run) > size)
      throw Unsupported{"places that aren't there"};
    parts.push_back(detail::part(import, map, axis, first, first + static_cast<Index>(run)));
    k += run;
  }
  if (parts.empty()) throw Unsupported{"a Gather of nothing"};
  Map all = parts.front();
  if (parts.size() > 1) {
    std::vector<Index> from;
    for (const Map& one : parts) from.push_back(one.draft);
    all.draft = import.drafts.append(nn::Concat{}, from);
    all.extents[axis] = static_cast<Index>(places.size());
  }
  if (indices.shape.empty()) {
    all.extents.erase(all.extents.begin() + static_cast<std::ptrdiff_t>(axis));
    all.strides.erase(all.strides.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return {all};
}

}  // namespace autoprune::onnx::ops
