/// @file byte_images.hpp
/// Images of one byte a pixel and channel, from wherever they come: padding, augmentation and
/// normalisation are done here.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/nn/image_source.hpp"

namespace autoprune::nn {

/// A source is left to say how many images there are, their labels and their bytes. A pixel becomes
/// (byte / 255 - mean[c]) / stddev[c]; `border` pixels of value 0 (before normalisation) surround
/// the stored image.
class ByteImages : public ImageSource {
 public:
  Shape3 stored;     ///< shape of one image's bytes
  Index border = 0;  ///< pixels added on each side

  /// The stored.size() bytes of image `i`, [channel][row][column]: its own, or written into `room`,
  /// which holds as many. Called from several threads at once.
  [[nodiscard]] virtual const std::uint8_t* bytes(Index i, std::span<std::uint8_t> room) const = 0;

  [[nodiscard]] Shape3 shape() const override {
    return {stored.channels, stored.height + 2 * border, stored.width + 2 * border};
  }
  void load(std::span<const Index> indices, const Augmentation* augmentation, Batch& batch,
            ThreadPool& pool) const override;

  /// Where the pixels of an augmented image come from.
  struct Place {
    Index dy = 0, dx = 0;
    bool flip = false;
  };
  /// Of an image under an augmentation, which may be null.
  [[nodiscard]] static Place place(const Augmentation* augmentation, Index image) {
    if (augmentation == nullptr) return {};
    const Augmentation& a = *augmentation;
    Random random(a.seed, (a.variant << 32) ^ static_cast<std::uint64_t>(image));
    const Index span = 2 * a.shift + 1;
    return {random.below(span) - a.shift, random.below(span) - a.shift,
            a.flip && random.below(2) == 1};
  }

  /// What a byte of a channel becomes.
  [[nodiscard]] float value(int byte, std::size_t channel) const {
    return (static_cast<float>(byte) / 255.0F - mean[channel]) / stddev[channel];
  }

 private:
  /// Pixel (h, w) of the image that the network sees; 0 outside of the stored one.
  [[nodiscard]] std::uint8_t pixel(const std::uint8_t* image, Index channel, Index h, Index w,
                                   const Place& p) const {
    if (p.flip) w = shape().width - 1 - w;
    h += p.dy - border;
    w += p.dx - border;
    if (h < 0 || w < 0 || h >= stored.height || w >= stored.width) return 0;
    return image[(channel * stored.height + h) * stored.width + w];
  }
};

inline void ByteImages::load(std::span<const Index> indices, const Augmentation* augmentation,
                             Batch& batch, ThreadPool& pool) const {
  const Shape3 seen = ByteImages::shape();
  batch.images.resize(seen, static_cast<Index>(indices.size()));
  batch.labels.clear();
  for (const Index i : indices) batch.labels.push_back(label(i));

  std::vector<std::array<float, 256>> values(mean.size());
  for (std::size_t c = 0; c < values.size(); ++c)
    for (int v = 0; v < 256; ++v) values[c][static_cast<std::size_t>(v)] = value(v, c);

  pool.for_each(batch.images.blocks(), [&](Index b) {
    const auto size = static_cast<std::size_t>(stored.size());
    std::vector<std::uint8_t> room(static_cast<std::size_t>(kLanes) * size);
    std::array<const std::uint8_t*, kLanes> images{};
    std::array<Place, kLanes> places;
    const Index lanes = batch.images.lanes(b);
    const Index* image = indices.data() + b * kLanes;
    for (std::size_t l = 0; l < static_cast<std::size_t>(lanes); ++l) {
      images[l] = bytes(image[l], std::span(room).subspan(l * size, size));
      places[l] = place(augmentation, image[l]);
    }
    float* out = batch.images.block(b);
    for (Index h = 0; h < seen.height; ++h)
      for (Index w = 0; w < seen.width; ++w)
        for (Index c = 0; c < seen.channels; ++c, out += kLanes)
          for (std::size_t l = 0; l < static_cast<std::size_t>(kLanes); ++l)
            out[l] = l < static_cast<std::size_t>(lanes)
                         ? values[static_cast<std::size_t>(c)][pixel(images[l], c, h, w, places[l])]
                         : 0.0F;
  });
}

}  // namespace autoprune::nn
