/// @file mnsim_parts.hpp
/// The component table of the MNSIM-2.0 reference model: area, power and latency of one component
/// of each kind. Every number is MNSIM-2.0's (@ca39ccb); the technology stands beside it.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/mnsim_components.hpp"
#include "autoprune/cost/mnsim_hardware.hpp"
#include "autoprune/cost/units.hpp"

namespace autoprune::cost {

struct MnsimParts {
  PerComponent<Um2> area;
  PerComponent<Watt> power;  ///< while it works; of a crossbar: of one cell that is read
  PerComponent<Ns> latency;  ///< of one use
  Ns clock;                  ///< period of the digital circuits
};

/// What pooling units of a tile do at a time: one window of up to 3x3 in 64 channels.
inline constexpr Index kMnsimPoolChannels = 64;
inline constexpr Index kMnsimPoolWindow = 9;

/// Transistors of a demultiplexer or multiplexer: 8 for two ways, three times as many for each
/// doubling, and no more beyond 64.
[[nodiscard]] constexpr Index mnsim_switch_transistors(Index ways) noexcept {
  constexpr Index transistors[] = {8, 24, 72, 216, 648, 1944};
  Index step = 0;
  while (step < 5 && ways > Index{2} << step) ++step;
  return transistors[step];
}

/// 8-way stages that a signal passes. Quirk: one too many, so that a single way takes two.
[[nodiscard]] constexpr Index mnsim_switch_stages(Index ways) noexcept {
  Index stages = 1;
  for (; ways > 0; ways /= 8) ++stages;
  return stages;
}

/// Of 14 transistors of 10 squares for each bit. Quirk: the one of 65 nm has another source, and
/// 120 times the power.
struct MnsimAdder {
  Um2 area;
  Watt power;
};
[[nodiscard]] inline MnsimAdder mnsim_adder(Index bits, const MnsimHardware& hardware) {
  const double nm = static_cast<double>(hardware.adder_nm), width = static_cast<double>(bits);
  if (hardware.adder_nm == 65) return {width * Um2{1.42}, width * Watt{3e-7}};
  return {width * Um2{140e-6 * nm * nm}, width * Watt{2.5e-9}};
}

/// Mean power of a 1T1R cell that is read: the input is on a tenth of the time, a third of the
/// cells are in the low-resistance state, whatever the weights are.
[[nodiscard]] inline Watt mnsim_cell_power(const MnsimHardware& h) {
  const double square_v = 0.9 * h.low_read_v * h.low_read_v + 0.1 * h.high_read_v * h.high_read_v;
  return Watt{square_v * (0.67 / h.high_resistance_ohm + 0.33 / h.low_resistance_ohm)};
}

/// Power of a cell of a 0T1R crossbar whose row is driven and whose column isn't read.
[[nodiscard]] inline Watt mnsim_sneak_power(const MnsimHardware& h) {
  const double square_v = 0.9 * h.low_read_v * h.low_read_v + 0.1 * h.high_read_v * h.high_read_v;
  return Watt{0.25 * square_v / h.high_resistance_ohm};
}

inline constexpr double kMnsimDriverUm2 = 1150.0;  ///< of a row of a crossbar

/// A crossbar's cells, and a driver a row.
[[nodiscard]] inline Um2 mnsim_crossbar_area(const MnsimHardware& h) {
  const double rows = static_cast<double>(h.xbar_rows), cols = static_cast<double>(h.xbar_cols);
  return Um2{rows * cols * h.cell_area_um2 + kMnsimDriverUm2 * rows};
}

/// A cell's read, and the wires: a polynomial in the crossbar's size, s = rows x cols / 8192.
[[nodiscard]] inline Ns mnsim_crossbar_latency(const MnsimHardware& h) {
  const double rows = static_cast<double>(h.xbar_rows), cols = static_cast<double>(h.xbar_cols);
  const double s = rows * cols / 8192.0;
  return Ns{h.cell_latency_ns + 1e-3 * (2e-4 * s * s + 5e-6 * s + 4e-14)};
}

[[nodiscard]] inline MnsimParts mnsim_parts(const MnsimHardware& h) {
  using enum MnsimComponent;
  MnsimParts parts;
  const Ns clock{1e3 / h.clock_mhz};
  parts.clock = clock;
  const auto set = [&](MnsimComponent c, Um2 area, Watt power, Ns latency) {
    parts.area[c] = area;
    parts.power[c] = power;
    parts.latency[c] = latency;
  };
  const auto converter = [&](MnsimComponent c, const MnsimConverter& x) {
    set(c, Um2{x.area_um2}, Watt{x.power_w}, Ns{x.latency_ns});
  };
  // Area and power of circuits that are known at 65 nm.
  const auto scaled = [&](MnsimComponent c, double nm, double area_um2, double power_w) {
    const double scale = (nm / 65.0) * (nm / 65.0);
    set(c, Um2{scale * area_um2}, Watt{scale * power_w}, clock);
  };
  // 10 squares and 12 nW a transistor; the stages' latency is from NVSim, 65 nm.
  const auto switches = [&](MnsimComponent c, Index ways, Ns latency) {
    const double transistors = static_cast<double>(mnsim_switch_transistors(ways));
    set(c, Um2{transistors * 10e-6 * h.transistor_nm * h.transistor_nm}, Watt{transistors * 1.2e-8},
        latency);
  };
  const auto stages = [](Index ways) { return static_cast<double>(mnsim_switch_stages(ways)); };

  set(crossbar, mnsim_crossbar_area(h), mnsim_cell_power(h), mnsim_crossbar_latency(h));
  converter(dac, h.dac);
  converter(adc, h.adc);
  scaled(input_register, h.register_nm, 1.4256, 18.8e-9);
  scaled(output_register, h.register_nm, 1.4256, 18.8e-9);
  scaled(shift_register, h.shift_register_nm, 1.42, 8.1e-7);
  scaled(joint_module, h.joint_module_nm, 353.76, 2.64e-4);  // of 8 bits
  switches(input_demux, h.demux_ways(), stages(h.demux_ways()) * Ns{0.27933});
  // Quirk: the second crossbar's columns lengthen no multiplexer.
  switches(output_mux, h.mux_ways(), stages(ceil_div(h.xbar_cols, h.adcs)) * Ns{0.032744});
  const MnsimAdder sum = mnsim_adder(8, h);
  set(adder, sum.area, sum.power, clock);
  set(pooling, Um2{91917.1562}, Watt{3.082e-3}, Ns{100.0});  // 64 units, 65 nm
  set(accumulator, {}, {}, Ns{10.0});                        // its adders depend on the network
  return parts;
}

}  // namespace autoprune::cost
