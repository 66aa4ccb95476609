/// @file collapse.hpp
/// Whether training has ruined a network. Steps that are too long may end at chance without any
/// number leaving float32; only images held out of training tell.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::nn {

/// How the held-out top-1 accuracy went, in percent.
struct Course {
  double best = 0.0;       ///< before the training or after an epoch
  double end = 0.0;        ///< after the last epoch
  bool collapsed = false;  ///< the end is as good as chance, or less than half of the best
};

/// Accuracies up to this say as little as guesses do: half as many again as chance gives, but no
/// more than a twentieth of the way from there to 100 %.
[[nodiscard]] inline double as_good_as_chance(Index classes) {
  const double chance = 100.0 / static_cast<double>(classes);
  return chance + std::min(0.5 * chance, 0.05 * (100.0 - chance));
}

/// Of accuracies in the order they were measured; NaN stands for one that wasn't. Throws empty_data
/// when none was, and out_of_range for fewer than two classes, of which every guess is right.
[[nodiscard]] inline Course course_of(std::span<const double> accuracies, Index classes) {
  if (classes < 2) fail(ErrorId::out_of_range, "accuracy among ", classes, " classes; 2 at least");
  Course course{-1.0, -1.0};
  for (const double accuracy : accuracies) {
    if (std::isnan(accuracy)) continue;
    course.best = std::max(course.best, accuracy);
    course.end = accuracy;
  }
  if (course.end < 0.0) fail(ErrorId::empty_data, "no accuracy was measured");
  course.collapsed = course.end <= as_good_as_chance(classes) || course.end < 0.5 * course.best;
  return course;
}

}  // namespace autoprune::nn
