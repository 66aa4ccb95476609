/// @file parts.hpp
/// The component table of the MNSIM-2.0 reference model: area, power and latency of one component
/// of each kind, most of them cost/circuits.hpp's.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/circuits.hpp"
#include "autoprune/mnsim/components.hpp"
#include "autoprune/mnsim/hardware.hpp"

namespace autoprune::mnsim {

struct Parts {
  PerComponent<Um2> area;
  PerComponent<Watt> power;  ///< while it works; of a crossbar: of one cell that is read
  PerComponent<Ns> latency;  ///< of one use
  Ns clock;                  ///< period of the digital circuits
};

/// What pooling units of a tile do at a time: one window of up to 3x3 in 64 channels.
inline constexpr Index kPoolChannels = 64;
inline constexpr Index kPoolWindow = 9;

/// Power of a cell of a 0T1R crossbar whose row is driven and whose column isn't read.
[[nodiscard]] inline Watt sneak_power(const Hardware& h) {
  return Watt{0.25 * h.mean_square_v() / h.high_resistance_ohm};
}

/// A crossbar's cells, and a driver a row.
[[nodiscard]] inline Um2 crossbar_area(const Hardware& h) {
  const double rows = static_cast<double>(h.xbar_rows), cols = static_cast<double>(h.xbar_cols);
  return Um2{rows * cols * h.cell_area_um2 + cost::kDriverUm2 * rows};
}

[[nodiscard]] inline Parts parts_of(const Hardware& h) {
  using enum Component;
  Parts parts;
  parts.clock = h.clock();
  const auto set = [&](Component c, const cost::Circuit& circuit) {
    parts.area[c] = circuit.area;
    parts.power[c] = circuit.power;
    parts.latency[c] = circuit.latency;
  };
  set(crossbar,
      {crossbar_area(h), cost::cell_power(h), cost::crossbar_latency(h.xbar_rows, h.xbar_cols, h)});
  set(dac, cost::converter(h.dac));
  set(adc, cost::converter(h.adc));
  set(input_register, cost::register_bit(h));
  set(output_register, cost::register_bit(h));
  set(shift_register, cost::shift_register(h));
  set(joint_module,
      cost::scaled_from_65nm(h.joint_module_nm, 353.76, 2.64e-4, parts.clock));  // of 8 bits
  set(input_demux, cost::demultiplexer(h.demux_ways(), h));
  set(output_mux, cost::multiplexer(h.mux_ways(), h));
  // Quirk: the second crossbar's columns lengthen no multiplexer.
  parts.latency[output_mux] = cost::multiplexer(ceil_div(h.xbar_cols, h.adcs), h).latency;
  set(adder, cost::adder(8, h));
  set(pooling, {Um2{91917.1562}, Watt{3.082e-3}, Ns{100.0}});  // 64 units, 65 nm
  set(accumulator, {{}, {}, Ns{10.0}});                        // its adders depend on the network
  return parts;
}

}  // namespace autoprune::mnsim
