/// @file scales.hpp
/// The real numbers behind MNSIM-2.0's integers.
#pragma once

#include <cmath>

#include "autoprune/core/error.hpp"
#include "autoprune/mnsim/analog_config.hpp"

namespace autoprune::mnsim {

/// An integer input stands for input_step times itself, a weight for weight_step times itself, an
/// output for output_range / 255 times itself.
struct Scales {
  double input_step = 1.0;
  double weight_step = 1.0;   ///< largest magnitude of the layer's weights / 255
  double output_range = 1.0;  ///< MNSIM's `last_value`: what simulation::RunningRange finds

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

}  // namespace autoprune::mnsim
