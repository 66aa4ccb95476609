/// @file images.hpp
/// Training images on a device. Where a source's images are bytes and few enough, all of them lie
/// there, and the shifts and mirror images that the source would draw are made there, to the same
/// bits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/nn/byte_images.hpp"
#include "autoprune/torch/options.hpp"
#include "autoprune/torch/tensors.hpp"

namespace autoprune::libtorch {

/// The source has to outlive it.
class TrainingImages {
 public:
  TrainingImages(const nn::ImageSource& source, at::Device device, Index resident_bytes)
      : source_(source), device_(device), bytes_(dynamic_cast<const nn::ByteImages*>(&source)) {
    if (bytes_ != nullptr && source.size() > resident_bytes / bytes_->stored.size())
      bytes_ = nullptr;
  }

  [[nodiscard]] const nn::ImageSource& source() const noexcept { return source_; }

  /// What ImageSource::load() makes of them, [image][channel][row][column] on the device.
  [[nodiscard]] at::Tensor load(std::span<const Index> images, const nn::Augmentation* augmentation,
                                ThreadPool& pool) {
    if (bytes_ == nullptr) {
      source_.load(images, augmentation, batch_, pool);
      return copy_to(device_, batch_.images);
    }
    const Index gap = bytes_->border + (augmentation != nullptr ? augmentation->shift : 0);
    if (gap > gap_) settle(gap, pool);
    const auto count = static_cast<std::int64_t>(images.size());
    std::vector<Index> drawn(2 * images.size());  // where each begins, and whether it is mirrored
    for (std::size_t i = 0; i < images.size(); ++i) {
      const nn::ByteImages::Place place = nn::ByteImages::place(augmentation, images[i]);
      drawn[i] = pixel(images[i], place.dy - bytes_->border, place.dx - bytes_->border);
      drawn[images.size() + i] = place.flip ? 1 : 0;
    }
    const at::Tensor there = copy_to(device_, std::span<const Index>(drawn), at::kLong);
    at::Tensor crops = windows().index({there.narrow(0, 0, count)});
    if (augmentation != nullptr && augmentation->flip)
      crops = at::where(there.narrow(0, count, count).ne(0).view({count, 1, 1, 1}), crops.flip(2),
                        crops);
    const at::Tensor x = values_.index_select(0, (crops + channels_).flatten()).view(crops.sizes());
    // A single channel has the strides that a loaded batch has, and so the same kernels.
    return crops.size(3) == 1 ? x.squeeze(3).unsqueeze(1) : x.permute({0, 3, 1, 2});
  }

  /// Their classes. Throws bad_label for one outside of the network's.
  [[nodiscard]] at::Tensor labels(std::span<const Index> images, Index classes) const {
    std::vector<Index> labels;
    for (std::size_t i = 0; i < images.size(); ++i) {
      labels.push_back(source_.label(images[i]));
      if (labels.back() < 0 || labels.back() >= classes)
        fail(ErrorId::bad_label, "label ", labels.back(), " of image ", i, "; the network has ",
             classes, " classes");
    }
    return copy_to(device_, std::span<const Index>(labels), at::kLong);
  }

 private:
  /// Behind every row and every image lie `gap` zeros, columns or rows, which are in front of the
  /// next as well: a shifted image is a window of the stored ones.
  void settle(Index gap, ThreadPool& pool) {
    const auto& [channels, height, width] = bytes_->stored;
    gap_ = gap;
    pixels_ = at::zeros({pixel(source_.size(), 0, 0) * channels}, at::kByte);
    auto* all = pixels_.data_ptr<std::uint8_t>();
    constexpr Index kEach = 64;
    pool.for_each(ceil_div(source_.size(), kEach), [&](Index item) {
      std::vector<std::uint8_t> room(static_cast<std::size_t>(bytes_->stored.size()));
      for (Index i = item * kEach; i < std::min(source_.size(), (item + 1) * kEach); ++i) {
        const std::uint8_t* image = bytes_->bytes(i, room);
        for (Index c = 0; c < channels; ++c)
          for (Index h = 0; h < height; ++h)
            for (Index w = 0; w < width; ++w) all[pixel(i, h, w) * channels + c] = *image++;
      }
    });
    pixels_ = pixels_.to(device_);
    std::vector<std::int32_t> first;
    std::vector<float> values;
    for (std::size_t c = 0; c < source_.mean.size(); ++c) {
      first.push_back(static_cast<std::int32_t>(values.size()));
      for (int v = 0; v < 256; ++v) values.push_back(bytes_->value(v, c));
    }
    channels_ = copy_to(device_, std::span<const std::int32_t>(first), at::kInt);
    values_ = copy_to(device_, std::span<const float>(values), at::kFloat);
  }
  /// Number of a pixel of an image; rows and columns may lie up to gap_ outside of it.
  [[nodiscard]] Index pixel(Index image, Index row, Index column) const {
    const nn::Shape3& stored = bytes_->stored;
    return ((image * (stored.height + gap_) + gap_ + row) * (stored.width + gap_)) + gap_ + column;
  }
  /// [first pixel][row][column][channel], of all that the network may see.
  [[nodiscard]] at::Tensor windows() const {
    const nn::Shape3 seen = source_.shape();
    const Index row = bytes_->stored.width + gap_;
    const Index reach = (seen.height - 1) * row + seen.width;
    return pixels_.as_strided(
        {pixels_.numel() / seen.channels - reach + 1, seen.height, seen.width, seen.channels},
        {seen.channels, row * seen.channels, seen.channels, 1});
  }

  const nn::ImageSource& source_;
  at::Device device_;
  const nn::ByteImages* bytes_;  // null: loaded batch by batch
  Index gap_ = -1;               // none yet
  at::Tensor pixels_;            // bytes, [image][row][column][channel] with gaps
  at::Tensor channels_;          // where each begins in values_
  at::Tensor values_;            // [channel][byte]
  nn::Batch batch_;
};

}  // namespace autoprune::libtorch
