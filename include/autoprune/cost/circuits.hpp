/// @file circuits.hpp
/// Circuits that accelerators are built of: area, power and latency of one of each. Every number is
/// from the component tables of MNSIM-2.0 (thu-nics/MNSIM-2.0 @ca39ccb), which collects published
/// ones; the technology stands beside it.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/converters.hpp"
#include "autoprune/cost/units.hpp"

namespace autoprune::cost {

/// Cells, converters and technologies. The defaults are those of MNSIM-2.0's SimConfig.ini of
/// November 2024.
struct Circuits {
  double cell_area_um2 = 1.44;    ///< 1T1R, 130 nm
  double cell_latency_ns = 3.16;  ///< of a read
  double high_resistance_ohm = 1e6;
  double low_resistance_ohm = 1e4;
  double low_read_v = 0.0;
  double high_read_v = 0.15;
  double transistor_nm = 130.0;
  Converter dac = published_dac(1);
  Converter adc = published_adc(6);

  double clock_mhz = 500.0;
  Index adder_nm = 45;  ///< 28, 45, 55, 65 or 130
  double shift_register_nm = 65.0;
  double register_nm = 45.0;
  Index sram_nm = 90;         ///< 45, 65 or 90
  Index sram_port_bits = 64;  ///< 64, 128, 256 or 512

  /// Period of the digital circuits.
  [[nodiscard]] Ns clock() const noexcept { return Ns{1e3 / clock_mhz}; }
  /// Of the voltage of a row that is driven: its input is on a tenth of the time.
  [[nodiscard]] double mean_square_v() const noexcept {
    return 0.9 * low_read_v * low_read_v + 0.1 * high_read_v * high_read_v;
  }
};

/// Those of September 2020 (@88de7eb), the MNSIM-2.0 of the slides' time.
[[nodiscard]] inline Circuits circuits_2020() {
  Circuits circuits;
  circuits.high_resistance_ohm = 1.5e5;
  circuits.low_resistance_ohm = 3e4;
  circuits.high_read_v = 0.5;
  circuits.transistor_nm = 65.0;
  circuits.adc = published_adc(4);
  return circuits;
}

struct Circuit {
  Um2 area;
  Watt power;  ///< while it works
  Ns latency;  ///< of one use
};

/// A circuit that is known at 65 nm in another technology: area and power go with its square.
[[nodiscard]] inline Circuit scaled_from_65nm(double nm, double area_um2, double power_w,
                                              Ns latency) {
  const double scale = (nm / 65.0) * (nm / 65.0);
  return {Um2{scale * area_um2}, Watt{scale * power_w}, latency};
}

/// Mean power of a 1T1R cell that is read: a third of the cells are in the low-resistance state,
/// whatever the weights are.
[[nodiscard]] inline Watt cell_power(const Circuits& c) {
  return Watt{c.mean_square_v() * (0.67 / c.high_resistance_ohm + 0.33 / c.low_resistance_ohm)};
}

/// A cell's read, and the wires: a polynomial in the crossbar's size, s = rows x cols / 8192.
[[nodiscard]] inline Ns crossbar_latency(Index xbar_rows, Index xbar_cols, const Circuits& c) {
  const double rows = static_cast<double>(xbar_rows), cols = static_cast<double>(xbar_cols);
  const double s = rows * cols / 8192.0;
  return Ns{c.cell_latency_ns + 1e-3 * (2e-4 * s * s + 5e-6 * s + 4e-14)};
}

inline constexpr double kDriverUm2 = 1150.0;  ///< of a row of a crossbar

[[nodiscard]] inline Circuit converter(const Converter& x) {
  return {Um2{x.area_um2}, Watt{x.power_w}, Ns{x.latency_ns}};
}

/// Transistors of a demultiplexer or multiplexer: 8 for two ways, three times as many for each
/// doubling, and no more beyond 64.
[[nodiscard]] constexpr Index switch_transistors(Index ways) noexcept {
  constexpr Index transistors[] = {8, 24, 72, 216, 648, 1944};
  Index step = 0;
  while (step < 5 && ways > Index{2} << step) ++step;
  return transistors[step];
}

/// 8-way stages that a signal passes. Quirk: one too many, so that a single way takes two.
[[nodiscard]] constexpr Index switch_stages(Index ways) noexcept {
  Index stages = 1;
  for (; ways > 0; ways /= 8) ++stages;
  return stages;
}

/// 10 squares and 12 nW a transistor; the latency of a stage is NVSim's, 65 nm.
[[nodiscard]] inline Circuit switches(Index ways, Ns stage, const Circuits& c) {
  const double transistors = static_cast<double>(switch_transistors(ways));
  return {Um2{transistors * 10e-6 * c.transistor_nm * c.transistor_nm}, Watt{transistors * 1.2e-8},
          static_cast<double>(switch_stages(ways)) * stage};
}
/// From a DAC to one of `ways` rows.
[[nodiscard]] inline Circuit demultiplexer(Index ways, const Circuits& c) {
  return switches(ways, Ns{0.27933}, c);
}
/// From one of `ways` columns to an ADC.
[[nodiscard]] inline Circuit multiplexer(Index ways, const Circuits& c) {
  return switches(ways, Ns{0.032744}, c);
}

/// A bit of a register.
[[nodiscard]] inline Circuit register_bit(const Circuits& c) {
  return scaled_from_65nm(c.register_nm, 1.4256, 18.8e-9, c.clock());
}

/// Shifts what an ADC has read, and adds it up.
[[nodiscard]] inline Circuit shift_register(const Circuits& c) {
  return scaled_from_65nm(c.shift_register_nm, 1.42, 8.1e-7, c.clock());
}

/// Of 14 transistors of 10 squares for each bit. Quirk: the one of 65 nm has another source, and
/// 120 times the power.
[[nodiscard]] inline Circuit adder(Index bits, const Circuits& c) {
  const double nm = static_cast<double>(c.adder_nm), width = static_cast<double>(bits);
  if (c.adder_nm == 65) return {width * Um2{1.42}, width * Watt{3e-7}, c.clock()};
  return {width * Um2{140e-6 * nm * nm}, width * Watt{2.5e-9}, c.clock()};
}

}  // namespace autoprune::cost
