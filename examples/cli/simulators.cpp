#include "simulators.hpp"

#include <autoprune/mapping/geometries.hpp>

namespace autoprune::cli {

simulation::SimulatedNetwork make_simulated_network(const GeometrySpec& geometry,
                                                    nn::Session& session,
                                                    std::span<const PruneMask> masks,
                                                    std::span<const simulation::LayerRanges> ranges,
                                                    const simulation::SimulationConfig& config) {
  return mapping::with_geometry(geometry, [&]<GeometryType Geom>(Geom) {
    return simulation::SimulatedNetwork::make<Geom>(session, masks, ranges, config);
  });
}

}  // namespace autoprune::cli
