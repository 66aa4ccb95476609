/// @file mnsim_area.hpp
/// Area of a tile of the MNSIM-2.0 reference model. All tiles of a chip are alike, and a layer is
/// billed whole ones.
#pragma once

#include "autoprune/core/types.hpp"
#include "autoprune/cost/mnsim_components.hpp"
#include "autoprune/cost/mnsim_hardware.hpp"
#include "autoprune/cost/mnsim_mapping.hpp"
#include "autoprune/cost/mnsim_parts.hpp"
#include "autoprune/cost/mnsim_sram.hpp"
#include "autoprune/cost/units.hpp"

namespace autoprune::cost {

/// Quirk: a tile has all its DACs and ADCs even where the crossbar has fewer rows or columns.
[[nodiscard]] inline PerComponent<Um2> mnsim_tile_area(const MnsimHardware& h,
                                                       const MnsimParts& parts,
                                                       const MnsimMapping& mapping) {
  using enum MnsimComponent;
  const Index pes = h.pes_per_tile;
  const Index dacs = h.groups * h.subarrays() * h.dacs;  // of a PE
  const Index adcs = h.groups * h.subarrays() * h.adcs;  // of a PE
  PerComponent<Um2> area;
  const auto put = [&](MnsimComponent c, Index count) {
    area[c] = static_cast<double>(count) * parts.area[c];
  };
  put(crossbar, pes * h.groups * h.sign_arrays);
  for (const MnsimComponent c : {dac, input_register, input_demux}) put(c, pes * dacs);
  for (const MnsimComponent c : {adc, output_register, shift_register, output_mux})
    put(c, pes * adcs);
  // Trees that sum the groups of a PE, and the PEs of a tile.
  put(adder, pes * h.subarrays() * h.adcs * (h.groups - 1));
  put(joint_module, (pes - 1) * adcs);
  put(pooling, 1);
  area[buffer] = static_cast<double>(pes) * mnsim_sram(mapping.input_buffer_kib, h).area +
                 mnsim_sram(mapping.output_buffer_kib, h).area;
  return area;
}

}  // namespace autoprune::cost
