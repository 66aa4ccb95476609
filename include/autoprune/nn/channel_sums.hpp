/// @file channel_sums.hpp
/// Sums over the images and positions of each channel.
#pragma once

#include <algorithm>
#include <vector>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/peers.hpp"

namespace autoprune::nn {

/// Two sums per channel over the valid images of a batch, of which `like` is a part: per-lane
/// partial sums of a few positions, added in double precision, in order. Sums of gradients all but
/// cancel in front of a batch-norm: longer ones in float32 lose what is left.
template <class Accumulate>
std::vector<double> channel_sums(const Activation& like, const Part& part, ThreadPool& pool,
                                 Accumulate&& accumulate) {
  constexpr Index kRun = 32;  // positions
  const Index channels = like.shape().channels;
  const auto size = static_cast<std::size_t>(2 * channels);
  std::vector<double> sums(static_cast<std::size_t>(part.blocks()) * size, 0.0);
  pool.for_each(like.blocks(), [&](Index b) {
    std::vector<float> lanes(size * kLanes);
    double* out = sums.data() + static_cast<std::size_t>(part.first_block() + b) * size;
    for (Index begin = 0; begin < like.positions(); begin += kRun) {
      std::fill(lanes.begin(), lanes.end(), 0.0F);
      for (Index p = begin; p < std::min(begin + kRun, like.positions()); ++p)
        for (Index c = 0; c < channels; ++c)
          accumulate(b, (p * channels + c) * kLanes, c, lanes.data() + 2 * c * kLanes);
      for (std::size_t i = 0; i < size; ++i)
        for (Index l = 0; l < like.lanes(b); ++l)
          out[i] += lanes[i * kLanes + static_cast<std::size_t>(l)];
    }
  });
  part.gather(sums.data(), 2 * channels);
  std::vector<double> total(size, 0.0);
  for (std::size_t block = 0; block < sums.size(); block += size)
    for (std::size_t i = 0; i < size; ++i) total[i] += sums[block + i];
  return total;
}

}  // namespace autoprune::nn
