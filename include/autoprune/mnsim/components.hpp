/// @file components.hpp
/// What MNSIM-2.0 splits its figures into.
#pragma once

#include <array>
#include <string_view>

#include "autoprune/cost/units.hpp"
#include "autoprune/hardware/component_table.hpp"

namespace autoprune::mnsim {

enum class Component {
  crossbar,
  dac,
  adc,
  input_register,
  output_register,
  shift_register,
  input_demux,
  output_mux,
  adder,         ///< sums the groups of a PE
  joint_module,  ///< shifts and adds the PEs of a tile
  pooling,
  buffer,        ///< SRAM of PEs and tiles; what its accesses cost is in the next two
  buffer_read,   ///<
  buffer_write,  ///<
  accumulator,   ///< the chip's adders for residual sums
  intra_tile,    ///< wires inside a tile
  tile_merge,    ///< collecting a layer's tiles, with the read of the output buffer before it
  inter_tile     ///< wires to the next layer's tiles
};

}  // namespace autoprune::mnsim

namespace autoprune {

template <>
struct hardware::ComponentNames<mnsim::Component> {
  static constexpr std::array<std::string_view, 18> names = {
      "crossbar",       "dac",         "adc",         "input_register", "output_register",
      "shift_register", "input_demux", "output_mux",  "adder",          "joint_module",
      "pooling",        "buffer",      "buffer_read", "buffer_write",   "accumulator",
      "intra_tile",     "tile_merge",  "inter_tile"};
};

}  // namespace autoprune

namespace autoprune::mnsim {

template <class T>
using PerComponent = hardware::ComponentTable<Component, T>;

using cost::Nj;
using cost::Ns;
using cost::Um2;
using cost::Watt;

}  // namespace autoprune::mnsim
