/// @file mnsim_scales.hpp
/// The real numbers behind MNSIM-2.0's integers.
#pragma once

#include <cmath>
#include <span>

#include "autoprune/core/error.hpp"
#include "autoprune/simulation/mnsim_config.hpp"

namespace autoprune::simulation {

/// An integer input stands for input_step times itself, a weight for weight_step times itself, an
/// output for output_range / 255 times itself.
struct MnsimScales {
  double input_step = 1.0;
  double weight_step = 1.0;   ///< largest magnitude of the layer's weights / 255
  double output_range = 1.0;  ///< MNSIM's `last_value`: what MnsimRange has found

  /// What one unit of the integer products is worth, as a share of the output range.
  [[nodiscard]] double unit() const noexcept { return input_step * weight_step / output_range; }

  /// Throws not_finite, or out_of_range when a scale isn't positive.
  void validate() const {
    check("input_step", input_step);
    check("weight_step", weight_step);
    check("output_range", output_range);
    if (!std::isfinite(unit()))
      fail(ErrorId::not_finite, "an integer product's unit, ", input_step, " * ", weight_step,
           " / ", output_range, ", is ", unit());
  }

 private:
  static void check(const char* name, double value) {
    if (!std::isfinite(value)) fail(ErrorId::not_finite, name, " is ", value);
    if (value <= 0.0)
      fail(ErrorId::out_of_range, name, " = ", value,
           "; it must be positive, and may be any number for zeros");
  }
};

/// The range of a layer's activations as it is followed batch by batch: 3 * std + |mean| of the
/// first batch, then 0.707 of the old range and 0.293 of the batch's.
class MnsimRange {
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
