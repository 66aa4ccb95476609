/// @file oracle.hpp
/// Which accuracy a search reads: of the masked network in floating point, or of the simulated
/// accelerator (the slides' acc_reram), with an ideal ADC that of the quantised network.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/search/candidate.hpp"
#include "autoprune/search/compressor.hpp"
#include "autoprune/simulation/simulated_network.hpp"

namespace autoprune::search {

/// Images that a search works on, all from the training set: some to set batch-norm statistics and
/// to calibrate, others, held out of training, to measure accuracy.
struct EnvironmentImages {
  std::vector<nn::Batch> calibration, held_out;
};

/// Accuracy on the held-out images of the backend's network under the candidate's masks, which the
/// backend has been given already, with batch-norm statistics that fit them.
using AccuracyOracle =
    std::function<nn::Accuracy(nn::Backend&, const Candidate&, const EnvironmentImages&)>;

[[nodiscard]] inline AccuracyOracle float_accuracy() {
  return [](nn::Backend& backend, const Candidate&, const EnvironmentImages& images) {
    return backend.evaluate(images.held_out);
  };
}

/// Writes a network into crossbars; devices that were drawn differently have different numbers.
using SimulatorFactory = std::function<simulation::SimulatedNetwork(
    nn::Session&, const Candidate&, std::span<const simulation::LayerRanges>, Index device)>;

/// Every policy's network is calibrated and written into crossbars of its own; the accuracy is the
/// mean over `devices` of them. Simulated on the processor, wherever the network runs.
[[nodiscard]] inline AccuracyOracle simulated_accuracy(
    SimulatorFactory make, const simulation::CalibrationConfig& calibration, Index devices = 1) {
  require_range(devices, "number of drawn devices", 1, 1'000'000);
  return [make = std::move(make), calibration, devices](
             nn::Backend& backend, const Candidate& candidate, const EnvironmentImages& images) {
    nn::Session session(backend.network(), backend.pool());
    session.set_masks(backend.masks());
    const auto ranges =
        simulation::calibrate(session, candidate.masks, images.calibration, calibration);
    nn::Accuracy mean;
    for (Index device = 0; device < devices; ++device) {
      simulation::SimulatedNetwork network = make(session, candidate, ranges, device);
      network.count_activity(false);
      const nn::Accuracy accuracy = network.evaluate(images.held_out);
      mean.top1 += accuracy.top1 / static_cast<double>(devices);
      mean.top5 += accuracy.top5 / static_cast<double>(devices);
    }
    return mean;
  };
}

/// On an accelerator, with what the policy says of its layers, whose geometry and weight code are
/// the compressor's. Throws geometry_mismatch.
template <class Adcs = hardware::AdcKinds>
[[nodiscard]] AccuracyOracle simulated_accuracy(const Compressor& compressor,
                                                const hardware::Accelerator& accelerator,
                                                const simulation::CalibrationConfig& calibration,
                                                Index devices = 1, std::uint64_t seed = 1) {
  compressor.require(accelerator);
  const auto make = [compressor, accelerator, seed](
                        nn::Session& session, const Candidate& candidate,
                        std::span<const simulation::LayerRanges> ranges, Index device) {
    return simulation::BasicSimulatedNetwork<Adcs>(
        session, methods::planned(accelerator, candidate.policy), candidate.masks,
        compressor.with(candidate.policy).map(candidate.masks).layers, ranges,
        {.seed = seed + static_cast<std::uint64_t>(device)});
  };
  return simulated_accuracy(SimulatorFactory(make), calibration, devices);
}

}  // namespace autoprune::search
