/// @file running_range.hpp
/// A range that follows its values from batch to batch.
#pragma once

#include <cmath>
#include <span>

#include "autoprune/core/error.hpp"

namespace autoprune::simulation {

/// The range of a layer's activations as it is followed batch by batch: 3 * std + |mean| of the
/// first batch, then 0.707 of the old range and 0.293 of the batch's, as in MNSIM-2.0.
class RunningRange {
 public:
  /// Throws empty_data for fewer than two values (std divides by n - 1), or not_finite.
  void observe(std::span<const float> activations) {
    if (activations.size() < 2)
      fail(ErrorId::empty_data, "a range needs two activations at least, not ", activations.size());
    const auto n = static_cast<double>(activations.size());
    double sum = 0.0, squares = 0.0;
    for (const float a : activations) sum += static_cast<double>(a);
    const double mean = sum / n;
    for (const float a : activations) {
      const double offset = static_cast<double>(a) - mean;
      squares += offset * offset;
    }
    const double range = 3.0 * std::sqrt(squares / (n - 1.0)) + std::abs(mean);
    if (!std::isfinite(range))
      fail(ErrorId::not_finite, "activations of range ", range, "; the network has diverged");
    value_ = value_ > 0.0 ? 0.707 * value_ + 0.293 * range : range;
  }

  /// 0 before the first batch, and while there was nothing but zeros, for which any range does.
  [[nodiscard]] double value() const noexcept { return value_; }

 private:
  double value_ = 0.0;
};

}  // namespace autoprune::simulation
