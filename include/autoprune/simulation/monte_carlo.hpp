/// @file monte_carlo.hpp
/// The same measurement on several drawn devices.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::simulation {

/// A mean and half the width of its 95 % confidence interval.
struct Estimate {
  double mean = 0.0, half_width = 0.0;
};

/// Of independent samples that are about normal (Student's t). One sample has no interval: its
/// half_width is NaN. Throws empty_data.
[[nodiscard]] inline Estimate estimate(std::span<const double> samples) {
  // 0.975 quantiles of Student's t for 1 .. 30 degrees of freedom; the normal one beyond.
  constexpr std::array<double, 30> kStudent = {
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
      2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
      2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  if (samples.empty()) fail(ErrorId::empty_data, "an estimate from no samples");
  const auto n = static_cast<double>(samples.size());
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / n;
  if (samples.size() == 1) return {mean, std::nan("")};
  double squares = 0.0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  const std::size_t freedom = samples.size() - 1;
  const double t = freedom <= kStudent.size() ? kStudent[freedom - 1] : 1.96;
  return {mean, t * std::sqrt(squares / (n - 1.0) / n)};
}

}  // namespace autoprune::simulation
