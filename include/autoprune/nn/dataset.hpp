/// @file dataset.hpp
/// Labelled images in memory, as bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/nn/byte_images.hpp"

namespace autoprune::nn {

class Dataset : public ByteImages {
 public:
  std::vector<std::uint8_t> pixels;  ///< [image][channel][row][column]
  std::vector<Label> labels;         ///< [image]

  [[nodiscard]] Index size() const override { return static_cast<Index>(labels.size()); }
  [[nodiscard]] Label label(Index i) const override { return labels[static_cast<std::size_t>(i)]; }
  [[nodiscard]] const std::uint8_t* image(Index i) const noexcept {
    return pixels.data() + i * stored.size();
  }
  [[nodiscard]] const std::uint8_t* bytes(Index i, std::span<std::uint8_t>) const override {
    return image(i);
  }
};

}  // namespace autoprune::nn
