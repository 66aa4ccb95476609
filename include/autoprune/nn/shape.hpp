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

/// Zeros around a map. One number means all four sides, two mean those of its height and its width.
struct Padding {
  Index h = 0, w = 0;          ///< before the first row and column
  Index h_end = 0, w_end = 0;  ///< behind the last ones
  Padding() = default;
  Padding(Index all) : Padding(all, all) {}  // NOLINT: as of Size2
  Padding(Index height, Index width) : Padding(height, width, height, width) {}
  Padding(Size2 both) : Padding(both.h, both.w) {}  // NOLINT: as of Size2
  Padding(Index top, Index left, Index bottom, Index right)
      : h(top), w(left), h_end(bottom), w_end(right) {}
  [[nodiscard]] bool symmetric() const noexcept { return h == h_end && w == w_end; }
  friend bool operator==(const Padding&, const Padding&) = default;
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

/// The kernel, and the stride, of a window that is as large as its map.
inline constexpr Index kWholeMap = 0;

/// What convolutions and pools move over a map, which `padding` surrounds with zeros. Neighbours in
/// the kernel are `dilation` positions apart.
struct Window {
  Size2 kernel{1}, stride{1};
  Padding padding{0};
  Size2 dilation{1};

  /// Positions from the kernel's first to its last, both of them included.
  [[nodiscard]] Size2 reach() const noexcept {
    return {(kernel.h - 1) * dilation.h + 1, (kernel.w - 1) * dilation.w + 1};
  }
};

/// Numbers of one map at most: offsets of 32 images fit 32 bits.
inline constexpr Index kMaxMap = Index{1} << 26;

}  // namespace autoprune::nn
