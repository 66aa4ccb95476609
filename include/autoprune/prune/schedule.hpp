/// @file schedule.hpp
/// Gradual tightening. Pruned to the end in one step, a network collapses to chance above a
/// compression of about 10; tightened while it trains, it recovers.
#pragma once

#include <algorithm>
#include <cmath>

#include "autoprune/core/error.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::prune {

/// From 1 to the target by equal factors over the first `ramp` of the training, then constant.
struct GradualSchedule {
  double ramp = 0.6;   ///< fraction of the training, in (0, 1]
  double begin = 0.0;  ///< share of the way that is gone before the training; 1: all of it

  void validate() const {
    if (!(ramp > 0.0 && ramp <= 1.0))
      fail(ErrorId::out_of_range, "schedule ramp ", ramp, " is not in (0, 1]");
    if (!(begin >= 0.0 && begin <= 1.0))
      fail(ErrorId::out_of_range, "schedule beginning ", begin, " is not in [0, 1]");
  }

  /// Whether keep ratios have reached their target at `progress` in [0, 1] of the training.
  [[nodiscard]] bool reached(double progress) const noexcept {
    return begin >= 1.0 || progress >= ramp;
  }

  /// Keep ratio at `progress` in [0, 1] of the training. Throws out_of_range.
  [[nodiscard]] double keep_ratio(double target, double progress) const {
    validate();
    detail::check_keep_ratio(target);
    if (!(progress >= 0.0 && progress <= 1.0))
      fail(ErrorId::out_of_range, "progress ", progress, " is not in [0, 1]");
    return std::pow(target, begin + (1.0 - begin) * std::min(1.0, progress / ramp));
  }
};

}  // namespace autoprune::prune
