/// @file image_source.hpp
/// What training, evaluation, calibration and the search read labelled images from. Where images
/// are bytes, derive from ByteImages; what lies in memory whole is a Dataset.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn {

/// Numbered, labelled images of one shape. Its functions may be called from several threads.
class ImageSource {
 public:
  std::string name;  ///< "cifar10", "mnist": what reports and messages call it
  Index classes = 10;
  bool mirrors = true;  ///< a mirrored image is of the same class: photographs, not digits
  std::vector<float> mean, stddev;  ///< one a channel, of pixels between 0 and 1

  virtual ~ImageSource() = default;

  /// Number of images.
  [[nodiscard]] virtual Index size() const = 0;
  /// Of an image as the network sees it.
  [[nodiscard]] virtual Shape3 shape() const = 0;
  /// Class of image `i`, 0 to classes - 1.
  [[nodiscard]] virtual Label label(Index i) const = 0;
  /// Makes `batch` the images `indices`, in that order, normalised by (x - mean[c]) / stddev[c];
  /// lanes without an image are 0. `augmentation`, which shifts and mirrors them, may be null.
  virtual void load(std::span<const Index> indices, const Augmentation* augmentation, Batch& batch,
                    ThreadPool& pool) const = 0;
  /// Images that will be loaded next: a source that reads them from somewhere may begin. Changes no
  /// result.
  virtual void expect(std::span<const Index>) const {}

 protected:
  ImageSource() = default;
  ImageSource(const ImageSource&) = default;
  ImageSource(ImageSource&&) = default;
  ImageSource& operator=(const ImageSource&) = default;
  ImageSource& operator=(ImageSource&&) = default;
};

/// Images [begin, end) of a source, in order.
[[nodiscard]] inline std::vector<Index> range(Index begin, Index end) {
  std::vector<Index> indices(static_cast<std::size_t>(std::max<Index>(0, end - begin)));
  std::iota(indices.begin(), indices.end(), begin);
  return indices;
}

/// Images for training and images held out of it for the search: the last `held_out` of the
/// training set. The test set is for final reports alone.
struct Split {
  std::vector<Index> train, held_out;
};
[[nodiscard]] inline Split split(const ImageSource& source, Index held_out) {
  const Index size = source.size();
  if (held_out < 1 || held_out >= size)
    fail(ErrorId::out_of_range, "held_out = ", held_out, " of ", size, "; needs 1 to size - 1");
  return {range(0, size - held_out), range(size - held_out, size)};
}

/// Images of a batch that isn't trained on: 256, fewer of large images, a block at least.
[[nodiscard]] inline Index batch_size(const Shape3& image) {
  constexpr Index kNumbers = Index{1} << 20;
  return std::clamp<Index>(kNumbers / image.size() / kLanes * kLanes, kLanes, 256);
}

/// Calls f(batch) with the images of the given indices, a batch of at most `size` in memory at a
/// time, which f may take; 0: batch_size().
template <class F>
void for_each_batch(const ImageSource& source, std::span<const Index> indices, ThreadPool& pool,
                    F&& f, Index size = 0) {
  const auto most = static_cast<std::size_t>(size == 0 ? batch_size(source.shape()) : size);
  Batch batch;
  while (!indices.empty()) {
    const std::size_t count = std::min(most, indices.size());
    source.load(indices.first(count), nullptr, batch, pool);
    indices = indices.subspan(count);
    source.expect(indices.first(std::min(most, indices.size())));
    f(batch);
  }
}

/// The images with the given indices in batches of at most `size`; 0: batch_size().
[[nodiscard]] inline std::vector<Batch> load_batches(const ImageSource& source,
                                                     std::span<const Index> indices,
                                                     ThreadPool& pool, Index size = 0) {
  std::vector<Batch> batches;
  const auto keep = [&](Batch& batch) { batches.push_back(std::exchange(batch, {})); };
  for_each_batch(source, indices, pool, keep, size);
  return batches;
}

}  // namespace autoprune::nn
