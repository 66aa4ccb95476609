/// @file batch.hpp
/// From a data set to normalised batches, with the crop-and-flip augmentation of CIFAR training.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/dataset.hpp"

namespace autoprune::nn {

/// Images ready for a network, with their labels.
struct Batch {
  Activation images;
  std::vector<std::uint8_t> labels;
};

/// Random shift by up to `shift` pixels (zeros come in at the border), and a mirror image in half
/// of the cases. An image's draw depends on (seed, variant, image) alone.
struct Augmentation {
  Index shift = 4;
  bool flip = true;
  std::uint64_t seed = 0;
  std::uint64_t variant = 0;
};

namespace detail {

/// Where the pixels of an augmented image come from.
struct Placement {
  Index dy = 0, dx = 0;
  bool flip = false;
};
[[nodiscard]] inline Placement place(const Augmentation* augmentation, Index image) {
  if (augmentation == nullptr) return {};
  const Augmentation& a = *augmentation;
  Random random(a.seed, (a.variant << 32) ^ static_cast<std::uint64_t>(image));
  const Index span = 2 * a.shift + 1;
  return {random.below(span) - a.shift, random.below(span) - a.shift,
          a.flip && random.below(2) == 1};
}

/// Byte value of pixel (h, w) of the image that the network sees; 0 outside of the stored one.
[[nodiscard]] inline std::uint8_t pixel(const Dataset& data, Index image, Index channel, Index h,
                                        Index w, const Placement& p) {
  if (p.flip) w = data.shape().width - 1 - w;
  h += p.dy - data.border;
  w += p.dx - data.border;
  if (h < 0 || w < 0 || h >= data.stored.height || w >= data.stored.width) return 0;
  return data.image(image)[(channel * data.stored.height + h) * data.stored.width + w];
}

}  // namespace detail

/// Loads the images with the given indices, in that order. `augmentation` may be null.
inline void load_batch(const Dataset& data, std::span<const Index> indices, Batch& batch,
                       ThreadPool& pool, const Augmentation* augmentation = nullptr) {
  const Shape3 shape = data.shape();
  batch.images.resize(shape, static_cast<Index>(indices.size()));
  batch.labels.clear();
  for (const Index i : indices) batch.labels.push_back(data.labels[static_cast<std::size_t>(i)]);

  std::vector<std::array<float, 256>> values(data.mean.size());
  for (std::size_t c = 0; c < values.size(); ++c)
    for (std::size_t v = 0; v < 256; ++v)
      values[c][v] = (static_cast<float>(v) / 255.0F - data.mean[c]) / data.stddev[c];

  pool.for_each(batch.images.blocks(), [&](Index b) {
    std::array<detail::Placement, kLanes> places;
    const Index lanes = batch.images.lanes(b);
    const Index* image = indices.data() + b * kLanes;
    for (Index l = 0; l < lanes; ++l)
      places[static_cast<std::size_t>(l)] = detail::place(augmentation, image[l]);
    float* out = batch.images.block(b);
    for (Index h = 0; h < shape.height; ++h)
      for (Index w = 0; w < shape.width; ++w)
        for (Index c = 0; c < shape.channels; ++c, out += kLanes)
          for (Index l = 0; l < kLanes; ++l)
            out[l] = l < lanes ? values[static_cast<std::size_t>(c)][detail::pixel(
                                     data, image[l], c, h, w, places[static_cast<std::size_t>(l)])]
                               : 0.0F;
  });
}

/// The images with the given indices in batches of at most `size`.
[[nodiscard]] inline std::vector<Batch> load_batches(const Dataset& data,
                                                     std::span<const Index> indices,
                                                     ThreadPool& pool, Index size = 256) {
  std::vector<Batch> batches(
      static_cast<std::size_t>(ceil_div(static_cast<Index>(indices.size()), size)));
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const std::size_t first = i * static_cast<std::size_t>(size);
    load_batch(
        data,
        indices.subspan(first, std::min(static_cast<std::size_t>(size), indices.size() - first)),
        batches[i], pool);
  }
  return batches;
}

}  // namespace autoprune::nn
