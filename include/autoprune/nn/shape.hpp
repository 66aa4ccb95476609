/// @file shape.hpp
/// Shapes of feature maps, and of the windows that move over them.
#pragma once

#include <string>

#include "autoprune/core/text.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::nn {

/// Height and width; one number means both.
struct Size2 {
  Index h = 1, w = 1;
  Size2() = default;
  Size2(Index both) : h(both), w(both) {}  // NOLINT: {.kernel = 3} is what everyone writes
  Size2(Index height, Index width) : h(height), w(width) {}
  friend bool operator==(const Size2&, const Size2&) = default;
};

/// Shape of one image or feature map.
struct Shape3 {
  Index channels = 0, height = 1, width = 1;
  [[nodiscard]] Index size() const noexcept { return channels * height * width; }
  friend bool operator==(const Shape3&, const Shape3&) = default;
};

[[nodiscard]] inline std::string shape_text(const Shape3& s) {
  return concat(s.channels, 'x', s.height, 'x', s.width);
}

/// What convolutions and pools move over a map, which `padding` surrounds with zeros.
struct Window {
  Size2 kernel{1}, stride{1}, padding{0};
};

/// Numbers of one map at most: offsets of 32 images fit 32 bits.
inline constexpr Index kMaxMap = Index{1} << 26;

}  // namespace autoprune::nn
