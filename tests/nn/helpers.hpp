// Random inputs, masks and small data sets for the tests of the room.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "autoprune/nn.hpp"

namespace autoprune::nn::test {

/// Numbers of one image after the other in PyTorch's order [image][channel][row][column].
using Values = std::vector<double>;

template <class F>
void for_values(const Activation& a, F&& f) {
  const Shape3& s = a.shape();
  for (Index i = 0; i < a.images(); ++i)
    for (Index c = 0; c < s.channels; ++c)
      for (Index h = 0; h < s.height; ++h)
        for (Index w = 0; w < s.width; ++w) f(i, c, h, w);
}

inline Values values_of(const Activation& a) {
  Values out;
  for_values(a, [&](Index i, Index c, Index h, Index w) { out.push_back(a.at(i, c, h, w)); });
  return out;
}

inline Values values_of(const Tensor& t) { return {t.begin(), t.end()}; }

/// Standard normal numbers; lanes without an image hold zeros.
inline Activation random_activation(Random& random, Shape3 shape, Index images) {
  Activation a(shape, images);
  a.fill(0.0F);
  for_values(a, [&](Index i, Index c, Index h, Index w) {
    a.at(i, c, h, w) = static_cast<float>(random.normal());
  });
  return a;
}

/// Images [begin, begin + count) of a batch, alone.
inline Activation part_of(const Activation& all, Index begin, Index count) {
  Activation part(all.shape(), count);
  part.fill(0.0F);
  for_values(part, [&](Index i, Index c, Index h, Index w) {
    part.at(i, c, h, w) = all.at(begin + i, c, h, w);
  });
  return part;
}

/// Largest difference, as a fraction of the largest expected value (or of 1).
inline double error_of(const Values& actual, const Values& expected) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double difference = 0.0, size = 1.0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (!std::isfinite(actual[i])) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(actual[i] - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return difference / size;
}

/// A mask of any density; groups are now and then empty or full.
inline PruneMask random_mask(Random& random, Index rows, Index cols, Index granularity) {
  PruneMask mask(rows, cols, granularity, false);
  const double density = random.uniform();
  for (Index g = 0; g < mask.groups(); ++g) {
    const Index kind = random.below(8);
    const double here = kind == 0 ? 0.0 : kind == 1 ? 1.0 : density;
    for (Index c = 0; c < cols; ++c) mask.set(g, c, random.uniform() < here);
  }
  return mask;
}

/// One mask a matrix layer of the network.
inline std::vector<PruneMask> random_masks(Random& random, const Network& network, Index g) {
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const Index filters = network.node(i).filters();
    masks.push_back(random_mask(random, weight_matrix(network.node(i).weight).cols(), filters, g));
  }
  return masks;
}

/// Random weights, biases, batch-norm parameters and running statistics.
inline void randomise(Network& network, std::uint64_t seed) {
  Random random(seed);
  network.initialise(seed);
  for (auto& [name, tensor] : network.parameters()) {
    const bool variance = name.ends_with("running_var");
    if (tensor->dimension() != 1) continue;
    for (float& v : *tensor)
      v = static_cast<float>(variance ? random.uniform(0.5, 2.0) : 0.5 * random.normal());
  }
}

/// Images whose class is the quarter that is bright.
inline Dataset quarters(Index images, std::uint64_t seed, Shape3 shape = {1, 8, 8}) {
  Dataset data;
  data.name = "quarters";
  data.stored = shape;
  data.classes = 4;
  data.mean.assign(static_cast<std::size_t>(shape.channels), 0.5F);
  data.stddev.assign(static_cast<std::size_t>(shape.channels), 0.25F);
  Random random(seed);
  for (Index i = 0; i < images; ++i) {
    const Index label = random.below(4);
    data.labels.push_back(static_cast<std::uint8_t>(label));
    for (Index c = 0; c < shape.channels; ++c)
      for (Index h = 0; h < shape.height; ++h)
        for (Index w = 0; w < shape.width; ++w) {
          const Index quarter = 2 * (2 * h / shape.height) + 2 * w / shape.width;
          data.pixels.push_back(
              static_cast<std::uint8_t>(random.below(100) + (quarter == label ? 150 : 0)));
        }
  }
  return data;
}

/// Every number that a trained network consists of.
inline Values everything(const Network& network) {
  Values all;
  for (const auto& [name, tensor] : network.parameters())
    all.insert(all.end(), tensor->begin(), tensor->end());
  return all;
}

}  // namespace autoprune::nn::test
