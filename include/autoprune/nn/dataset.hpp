/// @file dataset.hpp
/// Labelled images in memory, as bytes, with the normalisation that the network was trained under.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::nn {

/// Pixel values become (byte / 255 - mean[c]) / stddev[c]; `border` pixels of value 0 (before
/// normalisation) surround the stored image.
struct Dataset {
  std::string name;  ///< "cifar10", "mnist"
  Shape3 stored;     ///< shape of one image in `pixels`
  Index border = 0;  ///< pixels added on each side
  Index classes = 10;
  bool mirrors = true;  ///< a mirrored image is of the same class: photographs, not digits
  std::vector<float> mean, stddev;   ///< one a channel
  std::vector<std::uint8_t> pixels;  ///< [image][channel][row][column]
  std::vector<std::uint8_t> labels;  ///< [image]

  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(labels.size()); }
  /// Shape that the network sees.
  [[nodiscard]] Shape3 shape() const noexcept {
    return {stored.channels, stored.height + 2 * border, stored.width + 2 * border};
  }
  [[nodiscard]] const std::uint8_t* image(Index i) const noexcept {
    return pixels.data() + i * stored.size();
  }
};

/// Images [begin, end) of a data set, in order.
[[nodiscard]] inline std::vector<Index> range(Index begin, Index end) {
  std::vector<Index> indices(static_cast<std::size_t>(std::max<Index>(0, end - begin)));
  std::iota(indices.begin(), indices.end(), begin);
  return indices;
}

/// Images for training and images held out of it for the search: the last `held_out` of the
/// training set. The test set is for final reports alone.
struct Split {
  std::vector<Index> train, held_out;
};
[[nodiscard]] inline Split split(const Dataset& data, Index held_out) {
  if (held_out < 1 || held_out >= data.size())
    fail(ErrorId::out_of_range, "held-out images = ", held_out, " of ", data.size(),
         "; needs 1 to size - 1");
  return {range(0, data.size() - held_out), range(data.size() - held_out, data.size())};
}

}  // namespace autoprune::nn
