/// @file simulators.hpp
/// The simulated network of a geometry that is known at run time.
#pragma once

#include <autoprune/simulation/simulated_network.hpp>

namespace autoprune::cli {

/// Throws not_instantiated for hardware that this program wasn't compiled for.
[[nodiscard]] simulation::SimulatedNetwork make_simulated_network(
    const GeometrySpec& geometry, nn::Session& session, std::span<const PruneMask> masks,
    std::span<const simulation::LayerRanges> ranges, const simulation::SimulationConfig& config);

}  // namespace autoprune::cli
