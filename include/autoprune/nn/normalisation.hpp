/// @file normalisation.hpp
/// Mean and standard deviation of the pixels of a channel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/nn/byte_images.hpp"

namespace autoprune::nn {

/// One number a channel, of pixels between 0 and 1; empty: not known.
struct Normalisation {
  std::vector<float> mean, stddev;

  [[nodiscard]] bool known() const noexcept { return !mean.empty(); }
  /// Makes it the images'. Throws out_of_range unless it is of as many channels.
  void give(ImageSource& images) const {
    const auto channels = static_cast<std::size_t>(images.shape().channels);
    if (mean.size() != channels || stddev.size() != channels)
      fail(ErrorId::out_of_range, "mean of ", mean.size(), " and deviation of ", stddev.size(),
           " channels for images of ", channels, "; give one number a channel each");
    for (const float deviation : stddev)
      if (!(deviation > 0.0F))
        fail(ErrorId::out_of_range, "deviation ", deviation, " of a channel; it must be above 0");
    images.mean = mean;
    images.stddev = stddev;
  }
};

/// Of at most `most` of the images, evenly spaced; a channel that is the same everywhere is only
/// shifted.
[[nodiscard]] inline Normalisation measured(const ByteImages& images, Index most = 512) {
  const Index taken = std::min(most, images.size()),
              area = images.stored.height * images.stored.width;
  std::vector<std::uint8_t> room(static_cast<std::size_t>(images.stored.size()));
  Normalisation found;
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(images.stored.channels)), squares = sums;
  for (Index i = 0; i < taken; ++i) {
    const std::uint8_t* pixel = images.bytes(i * images.size() / taken, room);
    for (std::size_t c = 0; c < sums.size(); ++c)
      for (Index p = 0; p < area; ++p, ++pixel) {
        sums[c] += *pixel;
        squares[c] += std::uint64_t{*pixel} * *pixel;
      }
  }
  const double count = static_cast<double>(taken * area);
  for (std::size_t c = 0; c < sums.size(); ++c) {
    const double mean = static_cast<double>(sums[c]) / count;
    const double variance = static_cast<double>(squares[c]) / count - mean * mean;
    found.mean.push_back(static_cast<float>(mean / 255.0));
    found.stddev.push_back(variance > 0.0 ? static_cast<float>(std::sqrt(variance) / 255.0) : 1.0F);
  }
  return found;
}

}  // namespace autoprune::nn
