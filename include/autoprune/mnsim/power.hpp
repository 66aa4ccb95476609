/// @file power.hpp
/// Power of a layer in the MNSIM-2.0 reference model, while all of it works, and its energy.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/cost/sram.hpp"
#include "autoprune/cost/units.hpp"
#include "autoprune/mnsim/components.hpp"
#include "autoprune/mnsim/hardware.hpp"
#include "autoprune/mnsim/mapping.hpp"
#include "autoprune/mnsim/parts.hpp"

namespace autoprune::mnsim {

namespace detail {

/// The fullest tile of a conv or linear layer, without its buffers.
[[nodiscard]] inline PerComponent<Watt> matrix_tile_power(const LayerMap& map, const Hardware& h,
                                                          const Parts& parts) {
  using enum Component;
  const auto at = [](Index count) { return static_cast<double>(count); };
  const Index groups = map.tile_pes * map.used_groups;
  const Index rows = ceil_div(map.used_rows, h.demux_ways());  // driven at a time
  const Index cols = ceil_div(map.used_cols, h.mux_ways());    // read at a time
  PerComponent<Watt> power;
  Watt array = at(map.used_rows * map.used_cols) * parts.power[crossbar];
  if (!h.access_transistors)
    array += at(map.used_rows * (h.xbar_cols - map.used_cols)) * sneak_power(h);
  power[crossbar] = at(groups * h.sign_arrays) / at(h.demux_ways() * h.mux_ways()) * array;
  for (const Component c : {dac, input_register, input_demux})
    power[c] = at(groups * rows) * parts.power[c];
  for (const Component c : {adc, output_register, shift_register, output_mux})
    power[c] = at(groups * cols) * parts.power[c];
  power[adder] = at(map.tile_pes * (map.used_groups - 1) * cols) * parts.power[adder];
  power[joint_module] = at((map.tile_pes - 1) * cols) * parts.power[joint_module];
  return power;
}

}  // namespace detail

/// Quirks: each tile is billed as the fullest one; a pool's input buffer draws no power, and a sum
/// nothing at all.
[[nodiscard]] inline PerComponent<Watt> layer_power(const cost::GraphLayer& layer,
                                                    const LayerMap& map, const Mapping& mapping,
                                                    const Hardware& hardware, const Parts& parts) {
  using enum Component;
  if (layer.kind == cost::LayerKind::sum) return {};
  PerComponent<Watt> tile;
  const cost::Sram out = hardware.sram(mapping.output_buffer_kib);
  tile[buffer_read] = out.read;
  tile[buffer_write] = out.write;
  if (layer.has_matrix()) {
    tile += detail::matrix_tile_power(map, hardware, parts);
    const cost::Sram in = hardware.sram(mapping.input_buffer_kib);
    tile[buffer_read] += static_cast<double>(map.tile_pes) * in.read;
    tile[buffer_write] += static_cast<double>(map.tile_pes) * in.write;
  } else {
    tile[pooling] = parts.power[pooling];
  }
  return tile.map([&](Watt power) { return static_cast<double>(map.tiles) * power; });
}

/// Each component's power for as long as it is busy. Quirk: a buffer's leakage while it waits isn't
/// counted, nor is any energy of wires.
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
