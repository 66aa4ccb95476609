/// @file activation.hpp
/// Feature maps of a batch. Thirty-two images lie innermost, so that every row of a layer's im2col
/// matrix is a run of memory already: convolutions read their patches in place, a pruned filter is
/// a row that nobody touches, and every kernel is vectorised over images.
#pragma once

#include <algorithm>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn {

/// Images that lie side by side in memory: a block.
inline constexpr Index kLanes = 32;

/// Batch of feature maps, laid out [block][row][column][channel][lane]. Lanes past the last image
/// hold zeros on input and meaningless numbers after a layer; nobody reads them.
class Activation {
 public:
  Activation() = default;
  Activation(Shape3 shape, Index images) { resize(shape, images); }

  /// Contents are undefined afterwards; memory is kept when it suffices.
  void resize(Shape3 shape, Index images) {
    shape_ = shape;
    images_ = images;
    const auto size = static_cast<std::size_t>(floats(shape, images));
    if (storage_.size() < size) storage_.resize(size);
  }
  /// Floats that so many maps take.
  [[nodiscard]] static Index floats(const Shape3& shape, Index images) noexcept {
    return ceil_div(images, kLanes) * stride(shape);
  }
  /// Floats that are there.
  [[nodiscard]] Index capacity() const noexcept { return static_cast<Index>(storage_.size()); }

  [[nodiscard]] const Shape3& shape() const noexcept { return shape_; }
  [[nodiscard]] Index images() const noexcept { return images_; }
  [[nodiscard]] Index blocks() const noexcept { return ceil_div(images_, kLanes); }
  /// Images in a block: kLanes but for the last one.
  [[nodiscard]] Index lanes(Index block) const noexcept {
    return std::min(kLanes, images_ - block * kLanes);
  }
  [[nodiscard]] Index positions() const noexcept { return shape_.height * shape_.width; }
  /// Floats in a block.
  [[nodiscard]] Index block_size() const noexcept { return shape_.size() * kLanes; }

  /// Floats from one block to the next.
  [[nodiscard]] Index block_stride() const noexcept { return stride(shape_); }

  [[nodiscard]] float* block(Index b) noexcept { return storage_.data() + b * block_stride(); }
  [[nodiscard]] const float* block(Index b) const noexcept {
    return storage_.data() + b * block_stride();
  }
  /// The value of one image, for input, output and tests.
  [[nodiscard]] float& at(Index image, Index channel, Index row, Index column) noexcept {
    return block(image / kLanes)[offset(image, channel, row, column)];
  }
  [[nodiscard]] float at(Index image, Index channel, Index row, Index column) const noexcept {
    return block(image / kLanes)[offset(image, channel, row, column)];
  }

  void fill(float value) { std::fill_n(storage_.data(), blocks() * block_stride(), value); }

 private:
  /// Maps are powers of two; without the gap the same place of eight blocks would fall into one set
  /// of the caches.
  [[nodiscard]] static Index stride(const Shape3& shape) noexcept {
    return (shape.size() + 4) * kLanes;
  }
  [[nodiscard]] Index offset(Index image, Index channel, Index row, Index column) const noexcept {
    return ((row * shape_.width + column) * shape_.channels + channel) * kLanes + image % kLanes;
  }

  Shape3 shape_;
  Index images_ = 0;
  xt::uvector<float, Eigen::aligned_allocator<float>> storage_;
};

}  // namespace autoprune::nn
