/// @file oracle.hpp
/// Which accuracy a search reads: of the masked network in floating point, or of the simulated
/// accelerator (the slides' acc_reram), with an ideal ADC that of the quantised network.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "autoprune/nn/evaluate.hpp"
#include "autoprune/simulation/simulated_network.hpp"

namespace autoprune::search {

/// Images that a search works on, all from the training set: some to set batch-norm statistics and
/// to calibrate, others, held out of training, to measure accuracy.
struct EnvironmentImages {
  std::vector<nn::Batch> calibration, held_out;
};

/// Accuracy on the held-out images of the session's network under `masks`, which the session has
/// been given already, with batch-norm statistics that fit them.
using AccuracyOracle = std::function<nn::Accuracy(nn::Session&, std::span<const PruneMask> masks,
                                                  const EnvironmentImages&)>;

[[nodiscard]] inline AccuracyOracle float_accuracy() {
  return [](nn::Session& session, std::span<const PruneMask>, const EnvironmentImages& images) {
    return nn::evaluate(session, images.held_out);
  };
}

/// Every policy's network is calibrated and written into crossbars of its own.
template <GeometryType Geom>
[[nodiscard]] AccuracyOracle simulated_accuracy(const simulation::SimulationConfig& config,
                                                const simulation::CalibrationConfig& calibration) {
  return [config, calibration](nn::Session& session, std::span<const PruneMask> masks,
                               const EnvironmentImages& images) {
    const auto ranges = simulation::calibrate(session, masks, images.calibration, calibration);
    auto network = simulation::SimulatedNetwork::make<Geom>(session, masks, ranges, config);
    network.count_activity(false);
    return network.evaluate(images.held_out);
  };
}

}  // namespace autoprune::search
