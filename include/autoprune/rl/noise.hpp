/// @file noise.hpp
/// Exploration noise: a normal around the actor's output, cut off at the ends of the action range.
#pragma once

#include <cmath>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::rl {

/// A draw from the normal (mean, sigma) conditioned on [0, 1], by rejection: with the mean in
/// [0, 1] and sigma at most 1 more than a third of the draws are kept. Sigma 0 returns the mean.
[[nodiscard]] inline double truncated_normal(Random& random, double mean, double sigma) {
  if (!(mean >= 0.0 && mean <= 1.0 && sigma >= 0.0 && sigma <= 1.0))
    fail(ErrorId::out_of_range, "truncated normal with mean ", mean, " and sigma ", sigma,
         "; both must be in [0, 1]");
  for (;;) {
    const double draw = mean + sigma * random.normal();
    if (draw >= 0.0 && draw <= 1.0) return draw;
  }
}

/// Sigma of the noise `episodes` after the first that isn't random: initial * decay^episodes.
[[nodiscard]] inline double noise_sigma(double initial, double decay, Index episodes) {
  return initial * std::pow(decay, static_cast<double>(episodes));
}

}  // namespace autoprune::rl
