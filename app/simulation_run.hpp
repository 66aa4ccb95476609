/// @file simulation_run.hpp
/// The measurements of the command `simulate`.
#pragma once

#include <autoprune/simulation/activity.hpp>
#include <autoprune/simulation/monte_carlo.hpp>
#include <vector>

#include "job.hpp"

namespace autoprune::cli {

/// Accuracy on hardware that was drawn `seeds` times.
struct DrawnAccuracy {
  simulation::Estimate top1, top5;
  Index seeds = 1;
};

struct SweepPoint {
  double variation = 0.0;
  DrawnAccuracy accuracy;
};

struct SimulationResult {
  nn::Accuracy real;       ///< of the floating-point network
  nn::Accuracy quantised;  ///< integers on ideal hardware
  DrawnAccuracy on_crossbar;
  std::vector<simulation::Activity> activity;  ///< of every matrix layer, over all images
  std::vector<SweepPoint> sweep;               ///< empty unless several variations were asked for
};

/// Calibrates the job's network and measures it on the test images.
[[nodiscard]] SimulationResult run_simulation(Job& job);

}  // namespace autoprune::cli
