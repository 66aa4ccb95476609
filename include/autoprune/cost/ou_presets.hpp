/// @file ou_presets.hpp
/// OU accelerators from published numbers. Each is made for a geometry: rows and columns decide how
/// many converters there are and how many lines take turns at one.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/cost/circuits.hpp"
#include "autoprune/hardware/accelerator.hpp"

namespace autoprune::cost {

[[nodiscard]] inline std::vector<std::string> ou_preset_names() {
  return {"paper", "mnsim-2020", "mnsim-2024", "isaac"};
}

/// The geometry that a preset is known for. Throws unknown_name.
[[nodiscard]] inline Geometry<> ou_preset_geometry(const std::string& name) {
  if (name == "paper") return {128, 128, 32, 32, 1};
  if (name == "mnsim-2020") return {128, 128, 16, 16, 1};
  if (name == "mnsim-2024") return {256, 256, 64, 64, 1};
  if (name == "isaac") return {128, 128, 32, 32, 2};
  fail_unknown("hardware", name, ou_preset_names());
}

namespace detail {

/// A register of `bits` bits with an adder in front of it, used once a cycle.
[[nodiscard]] inline hardware::Part adder_and_register(Index bits, const Circuits& circuits,
                                                       Ns cycle, std::string source) {
  const Circuit sum = adder(bits, circuits), bit = register_bit(circuits);
  const auto width = static_cast<double>(bits);
  const Um2 area = sum.area + width * bit.area;
  const Watt power = sum.power + width * bit.power;
  return {area.value, (power * cycle).value, cycle.value,
          concat(circuits.adder_nm, " and ", circuits.register_nm, " nm"), std::move(source)};
}

/// MNSIM-2.0 and ISAAC know neither index nor scatter; what they are built of MNSIM-2.0 knows.
inline void add_index_and_outputs(hardware::PartTable<hardware::Part>& parts,
                                  const Circuits& circuits, Ns cycle, Index accumulator_bits) {
  parts[hardware::Component::index_decoder] = adder_and_register(
      16, circuits, cycle,
      "ours: an adder and a register of 16 bits make a position of a gap, one entry a cycle; "
      "MNSIM-2.0's bits of each");
  parts[hardware::Component::accumulator] = adder_and_register(
      accumulator_bits, circuits, cycle,
      "ours: each filter has an adder and a register of its own, so that OUs never wait for one; "
      "MNSIM-2.0's bits of each");
}

/// The parts of an OU accelerator of `circuits`; `version` says whose numbers those are.
[[nodiscard]] inline hardware::PartTable<hardware::Part> circuit_parts(
    const hardware::Accelerator& h, const Circuits& circuits, const std::string& version,
    double driver_um2) {
  using enum hardware::Component;
  const auto nm = [](double value) { return concat(value, " nm"); };
  const auto part = [&](const Circuit& circuit, std::string technology, std::string_view more) {
    return hardware::Part{circuit.area.value, (circuit.power * circuit.latency).value,
                          circuit.latency.value, std::move(technology),
                          concat(version, more.empty() ? "" : ": ", more)};
  };
  const Geometry<>& g = h.geometry;
  const std::string cmos = nm(circuits.transistor_nm), digital = nm(circuits.register_nm);
  hardware::PartTable<hardware::Part> out;
  out[cell] = part({Um2{circuits.cell_area_um2}, cell_power(circuits),
                    crossbar_latency(g.xbar_rows, g.xbar_cols, circuits)},
                   cmos, "1T1R; mean power of a read at its voltages and resistances");
  out[wordline_driver] = {driver_um2, 0.0, 0.0, cmos,
                          version + (driver_um2 > 0.0 ? ": its energy is in that of the cells"
                                                      : ": in the area of the cells")};
  out[dac] = part(converter(circuits.dac), "32 nm", "ISAAC's");
  out[input_demux] =
      part(demultiplexer(ceil_div(g.xbar_rows, h.dacs), circuits), cmos, "NVSim's stages");
  out[input_register] = part(register_bit(circuits), digital, "one an input");
  out[sample_hold] = {0.0, 0.0, 0.0, "", "MNSIM-2.0 has none"};
  out[output_mux] =
      part(multiplexer(ceil_div(g.xbar_cols, h.adcs), circuits), cmos, "NVSim's stages");
  out[adc] = part(converter(circuits.adc), "as published", "its power for bits + 2 samples");
  out[output_register] = part(register_bit(circuits), digital, "one a result");
  out[shift_add] = part(shift_register(circuits), nm(circuits.shift_register_nm), "");
  add_index_and_outputs(out, circuits, circuits.clock(), h.accumulator_bits);
  return out;
}

/// ISAAC's parts: Shafiee et al., ISCA 2016, Table I, 32 nm. Figures of a unit of 8 crossbars of
/// 128x128, divided by how many of the part it has; a read takes 100 ns, an ADC 1.28 GS/s.
[[nodiscard]] inline hardware::PartTable<hardware::Part> isaac_parts(Index accumulator_bits) {
  using enum hardware::Component;
  const double lines = 8.0 * 128.0, cells = 8.0 * 128.0 * 128.0, read_ns = 100.0;
  const double sample_ns = 1.0 / 1.28, clock_ns = 1.0 / 1.2;
  const auto from_table = [](double area_um2, double power_w, double of, double ns, double latency,
                             const char* what) {
    return hardware::Part{area_um2 / of, power_w / of * ns, latency, "32 nm",
                          concat("ISAAC, Table I: ", what)};
  };
  hardware::PartTable<hardware::Part> out;
  out[cell] = from_table(200.0, 2.4e-3, cells, read_ns, read_ns, "8 arrays");
  out[wordline_driver] = {0.0, 0.0, 0.0, "32 nm", "ISAAC: in the DAC"};
  out[dac] = from_table(170.0, 4e-3, lines, read_ns, 0.0, "8 x 128 DACs, on during the read");
  out[input_demux] = {0.0, 0.0, 0.0, "", "ISAAC has a DAC a row"};
  out[input_register] =
      from_table(2100.0, 1.24e-3, lines, read_ns, 0.0, "register file of 2 KB, on during the read");
  out[sample_hold] = from_table(40.0, 1e-5, lines, read_ns, 0.0, "8 x 128 circuits");
  out[output_mux] = {0.0, 0.0, 0.0, "", "ISAAC: in the sample-and-hold"};
  out[adc] = from_table(9600.0, 16e-3, 8.0, sample_ns, sample_ns, "8 ADCs of 8 bits");
  out[output_register] =
      from_table(770.0, 0.23e-3, 8.0, sample_ns, 0.0, "register file of 256 B, as wide as 8 ADCs");
  out[shift_add] = from_table(240.0, 0.2e-3, 8.0, sample_ns, 0.0, "4 units for 8 ADCs");
  Circuits digital;
  digital.adder_nm = 28;
  digital.register_nm = 32.0;
  add_index_and_outputs(out, digital, Ns{clock_ns}, accumulator_bits);
  return out;
}

}  // namespace detail

/// A preset for crossbars and OUs of a geometry. Throws unknown_name, and what validate() throws.
[[nodiscard]] inline hardware::Accelerator ou_preset(const std::string& name,
                                                     const Geometry<>& geometry) {
  (void)ou_preset_geometry(name);  // refuses an unknown name
  geometry.validate();
  hardware::Accelerator h;
  h.name = name;
  h.geometry = geometry;
  const bool isaac = name == "isaac", of_2024 = name == "mnsim-2024";
  // An OU's wordlines are driven at once. MNSIM-2.0 of 2020 has 16 ADCs for two crossbars, that of
  // 2024 has 128; ISAAC has a DAC a row and an ADC a crossbar.
  h.dacs = isaac ? geometry.xbar_rows : geometry.ou_rows;
  h.adcs = isaac ? 1 : std::min<Index>(of_2024 ? 64 : 8, geometry.ou_cols);
  if (isaac) {
    h.adc.bits = 8;
    h.dense_read = hardware::DenseRead::crossbars;
    h.memory = {"edram-32nm", 256};
    h.parts = detail::isaac_parts(h.accumulator_bits);
  } else {
    const Circuits circuits = of_2024 ? Circuits{} : circuits_2020();
    h.adc.bits = circuits.adc.bits;
    h.memory = {concat("sram-", circuits.sram_nm, "nm"), circuits.sram_port_bits};
    h.parts = detail::circuit_parts(h, circuits, concat("MNSIM-2.0 of ", of_2024 ? 2024 : 2020),
                                    of_2024 ? kDriverUm2 : 0.0);
  }
  hardware::for_each_added([&](hardware::Component c, auto kind) { h.parts[c] = kind.part(); });
  h.adc.kind = hardware::Saturating::kName;
  h.priced_adc_bits = h.adc.bits;
  h.validate();
  return h;
}

[[nodiscard]] inline hardware::Accelerator ou_preset(const std::string& name) {
  return ou_preset(name, ou_preset_geometry(name));
}

}  // namespace autoprune::cost
