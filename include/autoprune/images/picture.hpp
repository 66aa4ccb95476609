/// @file picture.hpp
/// A picture in memory, and its colours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::images {

/// The most pixels of a picture.
inline constexpr Index kMostPixels = Index{1} << 26;

/// Bytes [row][column][channel]: grey, or red, green and blue.
struct Picture {
  Index height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> bytes;

  Picture() = default;
  Picture(Index rows, Index columns, Index of_channels)
      : height(rows),
        width(columns),
        channels(of_channels),
        bytes(static_cast<std::size_t>(rows * columns * of_channels)) {}

  [[nodiscard]] Index row_size() const noexcept { return width * channels; }
  [[nodiscard]] std::uint8_t* row(Index i) noexcept { return bytes.data() + i * row_size(); }
  [[nodiscard]] const std::uint8_t* row(Index i) const noexcept {
    return bytes.data() + i * row_size();
  }
};

/// Throws out_of_range for a picture that `origin` names and that isn't read.
inline void require_size(Index height, Index width, const std::string& origin) {
  if (height < 1 || width < 1 || height > kMostPixels / width)
    fail(ErrorId::out_of_range, origin, " is a picture of ", width, "x", height, " pixels; 1 to ",
         kMostPixels, " are read");
}

/// The same picture in 1 or 3 channels. Grey is the luma of ITU-R BT.601.
[[nodiscard]] inline Picture in_channels(Picture picture, Index channels) {
  if (picture.channels == channels) return picture;
  Picture out(picture.height, picture.width, channels);
  const std::uint8_t* in = picture.bytes.data();
  for (std::uint8_t* to = out.bytes.data(); to != out.bytes.data() + out.bytes.size();
       to += channels, in += picture.channels) {
    if (channels == 3)
      to[0] = to[1] = to[2] = in[0];
    else  // in 1/65536
      to[0] =
          static_cast<std::uint8_t>((19595 * in[0] + 38470 * in[1] + 7471 * in[2] + 32768) >> 16);
  }
  return out;
}

}  // namespace autoprune::images
