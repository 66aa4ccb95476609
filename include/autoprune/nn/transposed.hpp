/// @file transposed.hpp
/// Feature maps with the channels of an image side by side, for sums over images.
#pragma once

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/activation.hpp"

namespace autoprune::nn::detail {

/// An activation whose tiles of kLanes channels by kLanes images are transposed:
/// [block][position][tile of channels][image][channel]. One tile may be read past the end.
class Transposed {
 public:
  void assign(const Activation& a, ThreadPool& pool) {
    tiles_ = ceil_div(a.shape().channels, kLanes);
    positions_ = a.positions();
    const auto size = static_cast<std::size_t>(a.blocks() * block_stride() + kTile);
    if (storage_.size() < size) storage_.resize(size);
    pool.for_each(a.blocks() * positions_, [&](Index item) {
      const Index b = item / positions_, p = item % positions_, channels = a.shape().channels;
      const float* from = a.block(b) + p * channels * kLanes;
      float* to = storage_.data() + b * block_stride() + p * position_stride();
      for (Index c = 0; c < channels; c += kLanes, from += kTile, to += kTile)
        transpose(from, std::min(kLanes, channels - c), to);
    });
  }

  [[nodiscard]] const float* block(Index b) const noexcept {
    return storage_.data() + b * block_stride();
  }
  [[nodiscard]] Index position_stride() const noexcept { return tiles_ * kTile; }
  [[nodiscard]] Index block_stride() const noexcept { return positions_ * position_stride(); }
  /// Offset of a channel from its position.
  [[nodiscard]] static Index channel(Index c) noexcept { return c / kLanes * kTile + c % kLanes; }

 private:
  static constexpr Index kTile = kLanes * kLanes;

  static void transpose(const float* from, Index channels, float* to) {
    for (Index l = 0; l < kLanes; ++l)
      for (Index c = 0; c < channels; ++c) to[l * kLanes + c] = from[c * kLanes + l];
  }

  Index tiles_ = 0, positions_ = 0;
  xt::uvector<float, Eigen::aligned_allocator<float>> storage_;
};

}  // namespace autoprune::nn::detail
