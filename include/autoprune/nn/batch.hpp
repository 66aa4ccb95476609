/// @file batch.hpp
/// Images as networks take them, and how they are varied in training.
#pragma once

#include <cstdint>
#include <vector>

#include "autoprune/nn/activation.hpp"

namespace autoprune::nn {

/// The class of an image, from 0.
using Label = std::int32_t;

/// Normalised images, ready for a network, with their labels.
struct Batch {
  Activation images;
  std::vector<Label> labels;  ///< [image]
};

/// Random shift by up to `shift` pixels (zeros come in at the border), and a mirror image in half
/// of the cases. An image's draw depends on (seed, variant, image) alone.
struct Augmentation {
  Index shift = 4;
  bool flip = true;
  std::uint64_t seed = 0;
  std::uint64_t variant = 0;
};

}  // namespace autoprune::nn
