// A small layer and its mapping, for the tests of the OU model.
#pragma once

#include <vector>

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "helpers.hpp"

namespace autoprune::cost::test {

using Geom = Geometry<64, 64, 16, 16, 1>;

/// In row groups of their granularity.
inline std::vector<mapping::Placement> map(const std::vector<PruneMask>& masks,
                                           const hardware::WeightCode& options = {}) {
  const mapping::CrossbarMapper<Geom> mapper(options);
  std::vector<mapping::Placement> layers;
  for (const PruneMask& mask : masks) layers.push_back(mapper.map(mask));
  return layers;
}

inline std::vector<hardware::Component> all_components() {
  std::vector<hardware::Component> all;
  for (Index i = 0; i < hardware::kComponents<hardware::Component>; ++i)
    all.push_back(static_cast<hardware::Component>(i));
  return all;
}

/// A linear layer of 20 inputs and 24 filters, 1-bit weights in one array: 2 x 2 OUs in a crossbar.
struct Small {
  nn::Network network{nn::Shape3{20, 1, 1}};
  hardware::Accelerator hardware;

  Small() {
    network.linear("fc", 24);
    hardware.geometry = Geom{};
    hardware.weights.weight_bits = 1;
    hardware.inputs.bits = 3;
    hardware.dacs = 16;
    hardware.adcs = 4;
    hardware.memory = {"edram-32nm", 256};
    for (const hardware::Component c : all_components()) hardware.parts[c] = {};
  }
  [[nodiscard]] OuCost price() const { return OuModel(network, hardware).price_dense(); }
};

}  // namespace autoprune::cost::test
