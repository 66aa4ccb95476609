/// @file energy_of.hpp
/// Energy in the MNSIM-2.0 reference model: each component's power for as long as it is busy.
/// Quirk: a buffer's leakage while it waits isn't counted, nor is any energy of wires.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/units.hpp"
#include "autoprune/mnsim/components.hpp"

namespace autoprune::mnsim {

[[nodiscard]] inline PerComponent<Nj> energy_of(const PerComponent<Watt>& power,
                                                const PerComponent<Ns>& busy) {
  PerComponent<Nj> energy;
  for (Index i = 0; i < hardware::kComponents<Component>; ++i) {
    const auto c = static_cast<Component>(i);
    energy[c] = power[c] * busy[c];
  }
  return energy;
}

}  // namespace autoprune::mnsim
