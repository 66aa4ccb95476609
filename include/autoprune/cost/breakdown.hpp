/// @file breakdown.hpp
/// Area, power, energy and time of something, in total and by component.
#pragma once

#include "autoprune/hardware/component_table.hpp"

namespace autoprune::cost {

struct Totals {
  double area_um2 = 0.0;
  double power_w = 0.0;  ///< MNSIM-2.0: with everything at work at once; OU model: on average
  double energy_nj = 0.0;
  double latency_ns = 0.0;              ///< from first input to last output, layers overlapping
  double latency_unpipelined_ns = 0.0;  ///< the same when a layer waits for the end of the last
};

/// The same for each component. A component's latency is the time that it is busy, all output
/// positions together.
template <class Component>
struct Breakdown {
  hardware::ComponentTable<Component, double> area_um2;
  hardware::ComponentTable<Component, double> power_w;
  hardware::ComponentTable<Component, double> energy_nj;
  hardware::ComponentTable<Component, double> busy_ns;

  Breakdown& operator+=(const Breakdown& other) {
    area_um2 += other.area_um2;
    power_w += other.power_w;
    energy_nj += other.energy_nj;
    busy_ns += other.busy_ns;
    return *this;
  }
};

}  // namespace autoprune::cost
