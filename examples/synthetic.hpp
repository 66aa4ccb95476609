// A small task without files: which way do the stripes run?
#pragma once

#include <autoprune/core/random.hpp>
#include <autoprune/nn/dataset.hpp>
#include <cmath>
#include <numbers>

/// Noisy stripes in four directions, 45 degrees apart, on 16x16 grey pixels.
inline autoprune::nn::Dataset stripes(autoprune::Index images, std::uint64_t seed) {
  using autoprune::Index;
  autoprune::nn::Dataset data;
  data.name = "stripes";
  data.stored = {1, 16, 16};
  data.classes = 4;
  data.mean = {0.5F};
  data.stddev = {0.25F};
  autoprune::Random random(seed);
  for (Index i = 0; i < images; ++i) {
    const Index label = random.below(4);
    data.labels.push_back(static_cast<std::uint8_t>(label));
    const double angle = std::numbers::pi / 4.0 * static_cast<double>(label);
    const double pitch = random.uniform(1.0, 2.0), phase = random.uniform(0.0, 6.3);
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < 16; ++x) {
        const double wave = std::sin(pitch * (x * std::cos(angle) + y * std::sin(angle)) + phase);
        const double value = 128.0 + 40.0 * wave + 60.0 * random.uniform(-1.0, 1.0);
        data.pixels.push_back(static_cast<std::uint8_t>(value));
      }
  }
  return data;
}
