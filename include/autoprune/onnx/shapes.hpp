/// @file shapes.hpp
/// Shapes of tensors of any rank, as ONNX's operators name them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "autoprune/core/types.hpp"

namespace autoprune::onnx {

/// Thrown, and caught by the reader, where a node can't be read: an error only if the network's
/// output depends on it. All such nodes are reported together.
struct Unsupported {
  std::string reason;
};

using Integers = std::vector<std::int64_t>;

namespace detail {

/// The axis of a tensor of that rank; those below zero count from behind. Throws Unsupported.
[[nodiscard]] inline std::size_t axis_of(Index axis, std::size_t rank) {
  const auto axes = static_cast<Index>(rank);
  if (axis < -axes || axis >= axes) throw Unsupported{"an axis that its input doesn't have"};
  return static_cast<std::size_t>(axis < 0 ? axis + axes : axis);
}

/// Throws Unsupported for more numbers than integers count.
[[nodiscard]] inline Index size_of(const std::vector<Index>& shape) {
  Index size = 1;
  bool empty = false;
  for (const Index extent : shape) {
    empty = empty || extent == 0;
    if (extent < 0 || __builtin_mul_overflow(size, std::max<Index>(extent, 1), &size))
      throw Unsupported{"a shape beyond measure"};
  }
  return empty ? 0 : size;
}

/// What Reshape makes of a shape: 0 stands for the input's extent, unless `zeros` are meant, and
/// -1 for what is left. Throws Unsupported.
[[nodiscard]] inline std::vector<Index> reshaped(const std::vector<Index>& shape,
                                                 const Integers& target, bool zeros) {
  std::vector<Index> out(target.begin(), target.end());
  const auto open = std::find(out.begin(), out.end(), -1);
  for (std::size_t k = 0; k < out.size(); ++k)
    if (out[k] == 0 && !zeros) {
      if (k >= shape.size()) throw Unsupported{"a 0 in its shape beyond the axes of its input"};
      out[k] = shape[k];
    }
  if (open != out.end()) {
    *open = 1;
    const Index given = size_of(out);
    *open = given == 0 ? 0 : size_of(shape) / given;
  }
  if (size_of(out) != size_of(shape)) throw Unsupported{"a shape of another size than its input"};
  return out;
}

/// Two extents: of the axes before `axis`, and from there on.
[[nodiscard]] inline std::vector<Index> flattened(const std::vector<Index>& shape, Index axis) {
  const auto rank = static_cast<Index>(shape.size());
  const auto split = axis == rank ? rank : static_cast<Index>(axis_of(axis, shape.size()));
  return {size_of({shape.begin(), shape.begin() + split}),
          size_of({shape.begin() + split, shape.end()})};
}

/// Part of an axis: `size` places from `begin` on, `step` apart.
struct Step {
  std::size_t axis;
  Index begin, size, step;
};
using Steps = std::vector<Step>;

/// As Python's begin:end:step of an axis of `size`. Throws Unsupported.
[[nodiscard]] inline Step python_slice(std::size_t axis, Index size, Index begin, Index end,
                                       Index step) {
  if (step == 0 || step == std::numeric_limits<Index>::min())
    throw Unsupported{"a Slice without steps"};
  const Index least = step < 0 ? -1 : 0, most = step < 0 ? size - 1 : size;
  const auto clamped = [&](Index at) { return std::clamp(at < 0 ? at + size : at, least, most); };
  begin = clamped(begin);
  end = clamped(end);
  const Index way = step > 0 ? end - begin : begin - end, pace = step > 0 ? step : -step;
  return {axis, begin, way <= 0 ? 0 : (way - 1) / pace + 1, step};
}

}  // namespace detail

}  // namespace autoprune::onnx
