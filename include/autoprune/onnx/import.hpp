/// @file import.hpp
/// What the conversions of operators (onnx/ops/) work on. Each is a function of this and a node
/// that adds drafts and answers the views that are the node's outputs, as many as it knows. It
/// throws Unsupported for a node that can't be one of the network's operations.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/onnx/drafts.hpp"
#include "autoprune/onnx/layout.hpp"

namespace autoprune::onnx {

using Maps = std::vector<Map>;

struct Import {
  explicit Import(const Model& model) : values(model) {}

  Values values;
  Drafts drafts;
  Index images = 1;  ///< the extent of the images' axis: the model's, or one that stands for any

  /// The shape of a view, its images included.
  [[nodiscard]] std::vector<Index> full_shape(const Map& map) const {
    std::vector<Index> shape = {images};
    shape.insert(shape.end(), map.extents.begin(), map.extents.end());
    return shape;
  }
  /// A view of that shape, images included, of the same numbers. Throws Unsupported where images
  /// are mixed.
  [[nodiscard]] Map reshape(const Map& map, const std::vector<Index>& shape) {
    if (shape.empty() || shape.front() != images)
      throw Unsupported{"it mixes the images of a batch: its first axis has to stay theirs"};
    return onnx::reshape(drafts, map, {shape.begin() + 1, shape.end()});
  }
  /// An axis of a view, from one that counts the images.
  [[nodiscard]] static std::size_t axis_of(const Map& map, Index axis) {
    const std::size_t k = detail::axis_of(axis, map.extents.size() + 1);
    if (k == 0) throw Unsupported{"it works along the images of a batch"};
    return k - 1;
  }
  /// An op of every number of a view on its own, or of its channels.
  [[nodiscard]] Map same(Map map, nn::Op op, std::vector<Fill> fills = {}) {
    map.draft = drafts.append(std::move(op), {map.draft}, std::move(fills));
    return map;
  }
  /// The channels of a view, along `axis`, become what an op makes of them.
  [[nodiscard]] Map along(Map map, std::size_t axis, nn::Op op, std::vector<Fill> fills = {}) {
    map = with_channels(drafts, map, {axis});
    map.draft = drafts.append(std::move(op), {map.draft}, std::move(fills));
    const nn::Shape3& shape = drafts.shape(map.draft);
    map.extents[axis] = shape.channels;
    map.strides[axis] = shape.height * shape.width;
    return map;
  }
};

}  // namespace autoprune::onnx
