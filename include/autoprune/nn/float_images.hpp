/// @file float_images.hpp
/// Images that are numbers already, in memory.
#pragma once

#include <span>
#include <vector>

#include "autoprune/nn/byte_images.hpp"

namespace autoprune::nn {

class FloatImages : public ImageSource {
 public:
  Shape3 stored;              ///< shape of an image
  std::vector<float> pixels;  ///< [image][channel][row][column]
  std::vector<Label> labels;  ///< [image]

  [[nodiscard]] Index size() const override { return static_cast<Index>(labels.size()); }
  [[nodiscard]] Shape3 shape() const override { return stored; }
  [[nodiscard]] Label label(Index i) const override { return labels[static_cast<std::size_t>(i)]; }

  /// Shifted images have zeros, before normalisation, where nothing of the stored one is.
  void load(std::span<const Index> indices, const Augmentation* augmentation, Batch& batch,
            ThreadPool& pool) const override {
    batch.images.resize(stored, static_cast<Index>(indices.size()));
    batch.images.fill(0.0F);
    batch.labels.clear();
    for (const Index i : indices) batch.labels.push_back(label(i));
    pool.for_each(std::ssize(indices), [&](Index at) {
      const Index image = indices[static_cast<std::size_t>(at)];
      const ByteImages::Place from = ByteImages::place(augmentation, image);
      const float* in = pixels.data() + image * stored.size();
      for (Index c = 0; c < stored.channels; ++c)
        for (Index h = 0; h < stored.height; ++h)
          for (Index w = 0; w < stored.width; ++w) {
            const Index row = h + from.dy;
            const Index column = (from.flip ? stored.width - 1 - w : w) + from.dx;
            const bool inside =
                row >= 0 && row < stored.height && column >= 0 && column < stored.width;
            const float x = inside ? in[(c * stored.height + row) * stored.width + column] : 0.0F;
            const auto channel = static_cast<std::size_t>(c);
            batch.images.at(at, c, h, w) = (x - mean[channel]) / stddev[channel];
          }
    });
  }
};

}  // namespace autoprune::nn
