/// @file area.hpp
/// Area of a tile of the MNSIM-2.0 reference model. All tiles of a chip are alike, and a layer is
/// billed whole ones.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/units.hpp"
#include "autoprune/mnsim/components.hpp"
#include "autoprune/mnsim/hardware.hpp"
#include "autoprune/mnsim/mapping.hpp"
#include "autoprune/mnsim/parts.hpp"

namespace autoprune::mnsim {

/// Quirk: a tile has all its DACs and ADCs even where the crossbar has fewer rows or columns.
[[nodiscard]] inline PerComponent<Um2> tile_area(const Hardware& h, const Parts& parts,
                                                 const Mapping& mapping) {
  using enum Component;
  const Index pes = h.pes_per_tile;
  const Index dacs = h.groups * h.subarrays() * h.dacs;  // of a PE
  const Index adcs = h.groups * h.subarrays() * h.adcs;  // of a PE
  PerComponent<Um2> area;
  const auto put = [&](Component c, Index count) {
    area[c] = static_cast<double>(count) * parts.area[c];
  };
  put(crossbar, pes * h.groups * h.sign_arrays);
  for (const Component c : {dac, input_register, input_demux}) put(c, pes * dacs);
  for (const Component c : {adc, output_register, shift_register, output_mux}) put(c, pes * adcs);
  // Trees that sum the groups of a PE, and the PEs of a tile.
  put(adder, pes * h.subarrays() * h.adcs * (h.groups - 1));
  put(joint_module, (pes - 1) * adcs);
  put(pooling, 1);
  area[buffer] = static_cast<double>(pes) * h.sram(mapping.input_buffer_kib).area +
                 h.sram(mapping.output_buffer_kib).area;
  return area;
}

}  // namespace autoprune::mnsim
