/// @file resize.hpp
/// Pictures brought to a network's size as ImageNet's are for evaluation: scaled, then cropped.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "autoprune/images/picture.hpp"

namespace autoprune::images {

namespace detail {

/// What the pixels of one axis are made of: `weights` of neighbours from `first` on, which add up
/// to 2^kPlaces but for rounding.
struct Taps {
  static constexpr int kPlaces = 22;
  struct Pixel {
    Index first;
    std::vector<std::int32_t> weights;
  };
  std::vector<Pixel> pixels;

  /// A triangle around each pixel's place, which is as wide as an output pixel where the axis gets
  /// shorter (antialiasing), else as an input pixel.
  Taps(Index in, Index out) {
    const double scale = static_cast<double>(in) / static_cast<double>(out);
    const double reach = std::max(scale, 1.0);
    for (Index i = 0; i < out; ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * scale;
      const auto first = std::max<Index>(0, static_cast<Index>(std::floor(centre - reach + 0.5)));
      const auto end = std::min(in, static_cast<Index>(std::floor(centre + reach + 0.5)));
      std::vector<double> weights;
      double sum = 0.0;
      for (Index k = first; k < end; ++k) {
        const double distance = std::abs((static_cast<double>(k) - centre + 0.5) * (1.0 / reach));
        weights.push_back(std::max(0.0, 1.0 - distance));
        sum += weights.back();
      }
      Pixel pixel{first, {}};
      for (const double weight : weights)
        pixel.weights.push_back(
            static_cast<std::int32_t>(std::lround(weight * (1.0 / sum) * (1 << kPlaces))));
      pixels.push_back(std::move(pixel));
    }
  }

  /// Byte i of the axis whose bytes are `stride` apart in `in`.
  [[nodiscard]] std::uint8_t at(std::size_t i, const std::uint8_t* in, Index stride) const {
    const Pixel& pixel = pixels[i];
    std::int32_t sum = 1 << (kPlaces - 1);
    in += pixel.first * stride;
    for (const std::int32_t weight : pixel.weights) {
      sum += weight * *in;
      in += stride;
    }
    return static_cast<std::uint8_t>(std::clamp(sum >> kPlaces, 0, 255));
  }
};

}  // namespace detail

/// Bilinear, antialiased, columns first, rounded to bytes after each axis: what Pillow gives.
[[nodiscard]] inline Picture resized(const Picture& picture, Index height, Index width) {
  Picture narrow(picture.height, width, picture.channels);
  if (width == picture.width) {
    narrow = picture;
  } else {
    const detail::Taps taps(picture.width, width);
    for (Index h = 0; h < picture.height; ++h)
      for (Index w = 0; w < width; ++w)
        for (Index c = 0; c < picture.channels; ++c)
          narrow.row(h)[w * picture.channels + c] =
              taps.at(static_cast<std::size_t>(w), picture.row(h) + c, picture.channels);
  }
  if (height == picture.height) return narrow;
  Picture out(height, width, picture.channels);
  const detail::Taps taps(picture.height, height);
  for (Index h = 0; h < height; ++h)
    for (Index i = 0; i < out.row_size(); ++i)
      out.row(h)[i] = taps.at(static_cast<std::size_t>(h), narrow.bytes.data() + i, out.row_size());
  return out;
}

/// The middle height x width of a picture that covers 256/224 of that as it is scaled, its aspect
/// kept.
[[nodiscard]] inline Picture fitted(const Picture& picture, Index height, Index width) {
  Index rows = height * 256 / 224, columns = width * 256 / 224;
  // The side that is scarcer gets its length; the other one as much more as it has.
  if (rows * picture.width >= columns * picture.height)
    columns = rows * picture.width / picture.height;
  else
    rows = columns * picture.height / picture.width;
  const Picture scaled = resized(picture, rows, columns);
  // Halves go to the even number.
  const auto offset = [](Index all, Index part) {
    return static_cast<Index>(std::nearbyint(static_cast<double>(all - part) / 2.0));
  };
  const Index top = offset(rows, height), left = offset(columns, width);
  Picture out(height, width, picture.channels);
  for (Index h = 0; h < height; ++h)
    std::copy_n(scaled.row(top + h) + left * picture.channels, out.row_size(), out.row(h));
  return out;
}

}  // namespace autoprune::images
