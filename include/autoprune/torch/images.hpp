/// @file images.hpp
/// Training images on a device. Where a source's images are bytes and few enough, all of them lie
/// there, and the shifts and mirror images that the source would draw are made there, to the same
/// bits.
#pragma once

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
    if (bytes_ != nullptr) settle();
  }

  [[nodiscard]] const nn::ImageSource& source() const noexcept { return source_; }

  /// What ImageSource::load() makes of them, [image][channel][row][column] on the device.
  [[nodiscard]] at::Tensor load(std::span<const Index> images, const nn::Augmentation* augmentation,
                                ThreadPool& pool) {
    if (bytes_ == nullptr) {
      source_.load(images, augmentation, batch_, pool);
      return copy_to(device_, batch_.images);
    }
    const nn::Shape3 seen = source_.shape(), stored = bytes_->stored;
    std::vector<Index> rows, columns;  // of the stored image, or the row and column of zeros
    for (const Index image : images) {
      const nn::ByteImages::Place place = nn::ByteImages::place(augmentation, image);
      const auto from = [&](Index at, Index by, Index extent) {
        const Index pixel = at + by - bytes_->border;
        return pixel < 0 || pixel >= extent ? extent : pixel;
      };
      for (Index h = 0; h < seen.height; ++h) rows.push_back(from(h, place.dy, stored.height));
      for (Index w = 0; w < seen.width; ++w)
        columns.push_back(from(place.flip ? seen.width - 1 - w : w, place.dx, stored.width));
    }
    const auto count = static_cast<std::int64_t>(images.size());
    const auto on_device = [&](std::span<const Index> numbers) {
      return copy_to(device_, numbers, at::kLong);
    };
    const at::Tensor picked = pixels_.index({on_device(images).view({count, 1, 1, 1}), channels_,
                                             on_device(rows).view({count, 1, seen.height, 1}),
                                             on_device(columns).view({count, 1, 1, seen.width})});
    return at::take(values_, picked.to(at::kLong) + 256 * channels_);
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
  void settle() {
    const auto& [channels, height, width] = bytes_->stored;
    at::Tensor pixels = at::zeros({source_.size(), channels, height + 1, width + 1}, at::kByte);
    std::vector<std::uint8_t> room(static_cast<std::size_t>(bytes_->stored.size()));
    const at::Tensor inside = pixels.narrow(2, 0, height).narrow(3, 0, width);
    for (Index i = 0; i < source_.size(); ++i) {
      auto* image = const_cast<std::uint8_t*>(bytes_->bytes(i, room));
      inside.select(0, i).copy_(at::from_blob(image, {channels, height, width}, at::kByte));
    }
    pixels_ = pixels.to(device_);
    channels_ =
        at::arange(channels, at::TensorOptions(device_).dtype(at::kLong)).view({1, channels, 1, 1});
    std::vector<float> values;
    for (std::size_t c = 0; c < source_.mean.size(); ++c)
      for (int v = 0; v < 256; ++v) values.push_back(bytes_->value(v, c));
    values_ = copy_to(device_, std::span<const float>(values), at::kFloat);
  }

  const nn::ImageSource& source_;
  at::Device device_;
  const nn::ByteImages* bytes_;  // null: loaded batch by batch
  at::Tensor pixels_;            // [image][channel][row][column], the last row and column zeros
  at::Tensor channels_;          // their numbers
  at::Tensor values_;            // [channel][byte]
  nn::Batch batch_;
};

}  // namespace autoprune::libtorch
