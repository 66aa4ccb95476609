/// @file mnsim_power.hpp
/// Power of a layer in the MNSIM-2.0 reference model, while all of it works.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/mnsim_components.hpp"
#include "autoprune/cost/mnsim_hardware.hpp"
#include "autoprune/cost/mnsim_layers.hpp"
#include "autoprune/cost/mnsim_mapping.hpp"
#include "autoprune/cost/mnsim_parts.hpp"
#include "autoprune/cost/mnsim_sram.hpp"
#include "autoprune/cost/units.hpp"

namespace autoprune::cost {

namespace detail {

/// The fullest tile of a conv or linear layer, without its buffers.
[[nodiscard]] inline PerComponent<Watt> matrix_tile_power(const MnsimLayerMap& map,
                                                          const MnsimHardware& h,
                                                          const MnsimParts& parts) {
  using enum MnsimComponent;
  const auto at = [](Index count) { return static_cast<double>(count); };
  const Index groups = map.tile_pes * map.used_groups;
  const Index rows = ceil_div(map.used_rows, h.demux_ways());  // driven at a time
  const Index cols = ceil_div(map.used_cols, h.mux_ways());    // read at a time
  PerComponent<Watt> power;
  Watt array = at(map.used_rows * map.used_cols) * parts.power[crossbar];
  if (!h.access_transistors)
    array += at(map.used_rows * (h.xbar_cols - map.used_cols)) * mnsim_sneak_power(h);
  power[crossbar] = at(groups * h.sign_arrays) / at(h.demux_ways() * h.mux_ways()) * array;
  for (const MnsimComponent c : {dac, input_register, input_demux})
    power[c] = at(groups * rows) * parts.power[c];
  for (const MnsimComponent c : {adc, output_register, shift_register, output_mux})
    power[c] = at(groups * cols) * parts.power[c];
  power[adder] = at(map.tile_pes * (map.used_groups - 1) * cols) * parts.power[adder];
  power[joint_module] = at((map.tile_pes - 1) * cols) * parts.power[joint_module];
  return power;
}

}  // namespace detail

/// Quirks: each tile is billed as the fullest one; a pool's input buffer draws no power, and a sum
/// nothing at all.
[[nodiscard]] inline PerComponent<Watt> mnsim_layer_power(const MnsimLayer& layer,
                                                          const MnsimLayerMap& map,
                                                          const MnsimMapping& mapping,
                                                          const MnsimHardware& hardware,
                                                          const MnsimParts& parts) {
  using enum MnsimComponent;
  if (layer.kind == MnsimKind::sum) return {};
  PerComponent<Watt> tile;
  const MnsimSram out = mnsim_sram(mapping.output_buffer_kib, hardware);
  tile[buffer_read] = out.read;
  tile[buffer_write] = out.write;
  if (layer.has_matrix()) {
    tile += detail::matrix_tile_power(map, hardware, parts);
    const MnsimSram in = mnsim_sram(mapping.input_buffer_kib, hardware);
    tile[buffer_read] += static_cast<double>(map.tile_pes) * in.read;
    tile[buffer_write] += static_cast<double>(map.tile_pes) * in.write;
  } else {
    tile[pooling] = parts.power[pooling];
  }
  return tile.map([&](Watt power) { return static_cast<double>(map.tiles) * power; });
}

}  // namespace autoprune::cost
