/// @file tally.hpp
/// Accuracy on images that are measured in parts.
#pragma once

#include <cmath>
#include <span>

#include "autoprune/core/error.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/accuracy.hpp"
#include "autoprune/nn/image_source.hpp"

namespace autoprune::nn {

/// Accuracy on images that are measured in parts.
class Tally {
 public:
  void add(const Accuracy& part, Index images) {
    const auto right = [images](double percent) {
      return std::llround(percent / 100.0 * static_cast<double>(images));
    };
    images_ += images;
    first_ += right(part.top1);
    five_ += right(part.top5);
  }
  /// Throws empty_data for no images.
  [[nodiscard]] Accuracy accuracy() const {
    if (images_ == 0) fail(ErrorId::empty_data, "accuracy of no images");
    const double percent = 100.0 / static_cast<double>(images_);
    return {percent * static_cast<double>(first_), percent * static_cast<double>(five_)};
  }

 private:
  Index images_ = 0, first_ = 0, five_ = 0;
};

/// On images of a source, loaded batch by batch: `evaluate(batches)` measures one of them. Throws
/// empty_data for no images, and what `evaluate` throws.
template <class Evaluate>
[[nodiscard]] Accuracy evaluate_each(const ImageSource& source, std::span<const Index> indices,
                                     ThreadPool& pool, const Evaluate& evaluate) {
  Tally tally;
  for_each_batch(source, indices, pool, [&](const Batch& batch) {
    tally.add(evaluate(std::span(&batch, 1)), batch.images.images());
  });
  return tally.accuracy();
}

}  // namespace autoprune::nn
