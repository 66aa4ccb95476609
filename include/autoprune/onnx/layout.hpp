/// @file layout.hpp
/// Where the numbers of a view lie, and the maps that lay them out as an operation needs them.
#pragma once

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "autoprune/onnx/drafts.hpp"
#include "autoprune/onnx/map.hpp"
#include "autoprune/onnx/shapes.hpp"

namespace autoprune::onnx {

namespace detail {

/// An axis of a view: so many numbers, so far apart.
struct Axis {
  Index extent, stride;
};

/// The axes of a view in that order, those of 1 left out, neighbours that lie side by side as one.
[[nodiscard]] inline std::vector<Axis> merged(const Map& map,
                                              const std::vector<std::size_t>& order) {
  std::vector<Axis> all;
  for (const std::size_t k : order) {
    const Axis axis{map.extents[k], map.strides[k]};
    if (axis.extent == 1) continue;
    if (!all.empty() && all.back().stride == axis.extent * axis.stride)
      all.back() = {all.back().extent * axis.extent, axis.stride};
    else
      all.push_back(axis);
  }
  return all;
}

[[nodiscard]] inline std::vector<std::size_t> in_order(std::size_t rank) {
  std::vector<std::size_t> all(rank);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

/// Strides of a tensor whose axes in that order are row-major.
[[nodiscard]] inline std::vector<Index> strides_of(const std::vector<Index>& extents,
                                                   const std::vector<std::size_t>& order) {
  std::vector<Index> strides(extents.size(), 1);
  Index stride = 1;
  for (auto k = order.rbegin(); k != order.rend(); ++k) {
    strides[*k] = stride;
    stride *= extents[*k];
  }
  return strides;
}

[[nodiscard]] inline Index shaped(Drafts& drafts, Index node, const nn::Shape3& shape) {
  if (drafts.shape(node) == shape) return node;
  if (shape.height * shape.width == 1) return drafts.append(nn::Flatten{}, {node}, {}, true);
  return drafts.append(nn::Reshape{{shape.channels, shape.height, shape.width}}, {node}, {}, true);
}

/// The map whose numbers in PyTorch's order are those of `node` along two or three axes.
[[nodiscard]] inline Index permuted(Drafts& drafts, Index node, const std::vector<Axis>& axes) {
  if (axes.size() > 3) throw Unsupported{"a transposition of four axes or more"};
  std::vector<Axis> factors = axes;  // as the node has them
  std::sort(factors.begin(), factors.end(), [](Axis a, Axis b) { return a.stride > b.stride; });
  const nn::Shape3 own = drafts.shape(node);
  const Index outer = factors[0].extent, inner = factors[1].extent;
  const Index rest = axes.size() == 3 ? factors[2].extent : 1;
  const bool swapped =
      axes[0].stride < axes[1].stride && (axes.size() == 2 || axes[2].stride < axes[0].stride);
  if (swapped && own.channels == outer * inner && own.height * own.width == rest)
    return drafts.append(nn::ChannelShuffle{{.groups = outer}}, {node}, {}, true);
  if (axes.size() == 2 && own.channels == outer)
    return drafts.append(nn::Transpose{{1, 2, 0}}, {node}, {}, true);
  if (axes.size() == 2 && own.channels * own.height == outer)
    return drafts.append(nn::Transpose{{2, 0, 1}}, {node}, {}, true);
  const auto place = [&](const Axis& axis) {
    return std::find_if(factors.begin(), factors.end(),
                        [&](const Axis& f) { return f.stride == axis.stride; }) -
           factors.begin();
  };
  node = shaped(drafts, node, {outer, inner, rest});
  return drafts.append(
      nn::Transpose{{place(axes[0]), place(axes[1]), axes.size() == 3 ? place(axes[2]) : 2}},
      {node}, {}, true);
}

}  // namespace detail

/// The node of a map of that shape which holds the numbers of a view, its axes in that order.
[[nodiscard]] inline Index settle(Drafts& drafts, const Map& map,
                                  const std::vector<std::size_t>& order, const nn::Shape3& shape) {
  const std::vector<detail::Axis> axes = detail::merged(map, order);
  const Index node = axes.size() < 2 ? map.draft : detail::permuted(drafts, map.draft, axes);
  return detail::shaped(drafts, node, shape);
}

/// A whole map as a view with axes (channel, row, column).
[[nodiscard]] inline Map whole(const Drafts& drafts, Index node) {
  const nn::Shape3& s = drafts.shape(node);
  return {node, {s.channels, s.height, s.width}, {s.height * s.width, s.width, 1}};
}

/// The node of a view with axes (channel, row, column).
[[nodiscard]] inline Index image_map(Drafts& drafts, const Map& map) {
  if (map.extents.size() != 3)
    throw Unsupported{"an input that isn't images x channels x height x width"};
  return settle(drafts, map, {0, 1, 2}, {map.extents[0], map.extents[1], map.extents[2]});
}

/// A view of the same numbers in whose map the axes of `group`, one after another, are the
/// channels; the others are positions, in any order.
[[nodiscard]] inline Map with_channels(Drafts& drafts, const Map& map,
                                       const std::vector<std::size_t>& group) {
  Index channels = 1;
  for (const std::size_t k : group) channels *= map.extents[k];
  const nn::Shape3 own = drafts.shape(map.draft);
  const Index positions = own.height * own.width;
  const std::vector<detail::Axis> axes = detail::merged(map, group);
  const bool are = axes.empty() || (axes.size() == 1 && axes[0].stride == positions);
  if (are && own.channels == channels) {
    Map same = map;
    // An axis of 1 has any stride; what grows out of it needs the right one.
    for (const std::size_t k : group)
      if (axes.empty()) same.strides[k] = positions;
    return same;
  }
  std::vector<std::size_t> order = group;
  for (std::size_t k = 0; k < map.extents.size(); ++k)
    if (std::find(group.begin(), group.end(), k) == group.end()) order.push_back(k);
  const Index rest =
      std::accumulate(map.extents.begin(), map.extents.end(), Index{1}, std::multiplies<>{}) /
      std::max<Index>(channels, 1);
  return {settle(drafts, map, order, {channels, rest, 1}), map.extents,
          detail::strides_of(map.extents, order)};
}

namespace detail {

/// Strides of the same numbers as a tensor of other extents, where they lie in no way that needs
/// another map; extents of 1 come and go.
[[nodiscard]] inline std::optional<std::vector<Index>> viewed(const Map& map,
                                                              const std::vector<Index>& target) {
  std::vector<Axis> axes = merged(map, in_order(map.extents.size()));
  std::reverse(axes.begin(), axes.end());
  std::vector<Index> strides(target.size(), 1);
  std::size_t axis = 0;
  Index taken = 1;  // of the axis, by the target's axes from the last one on
  for (std::size_t k = target.size(); k-- > 0;) {
    if (axis < axes.size() && taken == axes[axis].extent) {
      ++axis;
      taken = 1;
    }
    strides[k] = axis < axes.size() ? axes[axis].stride * taken : 1;
    if (target[k] == 1) continue;
    if (axis == axes.size() || axes[axis].extent % (taken * target[k]) != 0) return std::nullopt;
    taken *= target[k];
  }
  return strides;
}

}  // namespace detail

/// The same numbers in the same order as a tensor of other extents.
[[nodiscard]] inline Map reshape(Drafts& drafts, const Map& map, const std::vector<Index>& target) {
  if (auto strides = detail::viewed(map, target)) return {map.draft, target, *strides};
  const Index size = std::accumulate(target.begin(), target.end(), Index{1}, std::multiplies<>{});
  const nn::Shape3 shape = target.size() == 3   ? nn::Shape3{target[0], target[1], target[2]}
                           : target.size() == 2 ? nn::Shape3{target[0], target[1], 1}
                                                : nn::Shape3{size, 1, 1};
  const Index node = settle(drafts, map, detail::in_order(map.extents.size()), shape);
  return {node, target, detail::strides_of(target, detail::in_order(target.size()))};
}

/// Both views as maps that can be added, multiplied and so on, number by number, and the view that
/// the result is.
struct Pair {
  Index first, second;
  Map result;  ///< its draft is still to be named
};
[[nodiscard]] inline Pair aligned(Drafts& drafts, const Map& a, const Map& b) {
  if (a.extents == b.extents && drafts.shape(a.draft) == drafts.shape(b.draft)) {
    bool alike = true;
    for (std::size_t k = 0; k < a.extents.size(); ++k)
      alike = alike && (a.extents[k] == 1 || a.strides[k] == b.strides[k]);
    if (alike) return {a.draft, b.draft, a};
  }
  const std::size_t rank = a.extents.size();
  if (rank != b.extents.size() || rank > 3 || rank == 0)
    throw Unsupported{"inputs of different ranks, or of more than four axes"};
  const auto shape = [&](const Map& map) {
    const auto& e = map.extents;
    return nn::Shape3{e[0], rank > 1 ? e[1] : 1, rank > 2 ? e[2] : 1};
  };
  const auto order = detail::in_order(rank);
  Pair pair{settle(drafts, a, order, shape(a)), settle(drafts, b, order, shape(b)), a};
  for (std::size_t k = 0; k < rank; ++k)
    pair.result.extents[k] = std::max(a.extents[k], b.extents[k]);
  pair.result.strides = detail::strides_of(pair.result.extents, order);
  return pair;
}

}  // namespace autoprune::onnx
