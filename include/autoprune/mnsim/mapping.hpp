/// @file mapping.hpp
/// MNSIM-2.0's mapping: layers to processing elements (PEs) and tiles, and the buffers that follow.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/mnsim/hardware.hpp"
#include "autoprune/mnsim/placement.hpp"

namespace autoprune::mnsim {

/// A layer's share of the chip. A PE holds one slice of the bits of one block of its weight matrix;
/// a tile holds PEs of one layer.
struct LayerMap {
  Index slices = 0;      ///< of the bits, in PEs of their own (after groups)
  Index row_blocks = 0;  ///< of the weight matrix
  Index col_blocks = 0;  ///< of the weight matrix
  Index pes = 0;         ///< MNSIM's "crossbar number": one group, or pairs, of arrays each
  Index tiles = 0;
  Index first_tile = 0;
  Index used_rows = 0;      ///< of the fullest crossbar
  Index used_cols = 0;      ///< of the fullest crossbar
  Index tile_pes = 0;       ///< of the fullest tile
  Index used_groups = 0;    ///< of a PE
  Index arrays = 0;         ///< physical crossbars, as MNSIM counts
  Index arrays_needed = 0;  ///< the same, with bits per cell counted
  Hops hops;
};

/// Quirk: one size of buffer serves the whole chip, that of the layer that needs most.
struct Mapping {
  std::vector<LayerMap> layers;
  Grid grid;
  Index pes = 0;
  Index tiles = 0;
  Index arrays = 0;
  Index arrays_needed = 0;
  double input_buffer_kib = 0.0;        ///< of a PE
  double output_buffer_kib = 0.0;       ///< of a tile
  double accumulator_buffer_kib = 0.0;  ///< of the chip, for residual sums
  Index accumulator_adders = 0;         ///< of the chip, for residual sums
  Index accumulator_bits = 0;           ///< of one of those adders
};

namespace detail {

/// KiB of a buffer for `bytes`, rounded up to a power of two.
[[nodiscard]] inline double buffer_kib(double bytes) {
  return std::exp2(std::ceil(std::log2(bytes))) / 1024.0;
}

/// Conv and linear layers. Quirk: a crossbar takes whole kernels only; its other rows stay idle.
[[nodiscard]] inline LayerMap map_matrix(const cost::GraphLayer& layer, const Hardware& h) {
  const Index window = layer.kernel.h * layer.kernel.w;
  const Index channels = h.xbar_rows / window;
  if (channels == 0)
    fail(ErrorId::out_of_range, "hardware xbar_rows = ", h.xbar_rows, ": a kernel of layer '",
         layer.name, "' takes ", window, " rows; use larger crossbars");
  LayerMap map;
  map.slices = ceil_div(h.slices(), h.groups);
  map.row_blocks = ceil_div(layer.in.channels, channels);
  map.col_blocks = ceil_div(layer.out.channels, h.xbar_cols);
  map.pes = map.slices * map.row_blocks * map.col_blocks;
  map.used_rows = std::min(channels, layer.in.channels) * window;
  map.used_cols = std::min(layer.out.channels, h.xbar_cols);
  map.used_groups = std::min(h.slices(), h.groups);
  map.arrays = map.pes * h.sign_arrays;
  map.arrays_needed = h.slices_needed() * map.row_blocks * map.col_blocks * h.sign_arrays;
  return map;
}

/// A pool has a PE, and so a tile, for itself; a sum has none.
[[nodiscard]] inline LayerMap map_layer(const cost::GraphLayer& layer, const Hardware& h) {
  LayerMap map;
  if (layer.has_matrix()) map = map_matrix(layer, h);
  if (layer.kind == cost::LayerKind::pool) map.pes = 1;
  map.tiles = ceil_div(map.pes, h.pes_per_tile);
  map.tile_pes = std::min(map.pes, h.pes_per_tile);
  return map;
}

/// Lines of input for a PE, outputs of a tile twice (ping-pong).
inline void size_buffers(Mapping& mapping, const cost::GraphLayer& layer, const LayerMap& map,
                         const Hardware& h) {
  const double byte = static_cast<double>(h.activation_bits) / 8.0;
  const double in = byte * static_cast<double>(layer.in.width * layer.kernel.h * layer.in.channels);
  const double out = byte * static_cast<double>(layer.out.channels);
  mapping.input_buffer_kib =
      std::max(mapping.input_buffer_kib, buffer_kib(in / static_cast<double>(map.pes)));
  mapping.output_buffer_kib =
      std::max(mapping.output_buffer_kib, buffer_kib(2.0 * out / static_cast<double>(map.tiles)));
}

/// All residual sums share buffer and adders in one place; each adds its own.
inline void grow_accumulator(Mapping& mapping, const cost::GraphLayer& layer, const Hardware& h) {
  const Index numbers = layer.out.channels * static_cast<Index>(layer.inputs.size());
  mapping.accumulator_buffer_kib +=
      buffer_kib(static_cast<double>(numbers * h.activation_bits) / 8.0);
  mapping.accumulator_adders += numbers / 2;
  mapping.accumulator_bits = std::max<Index>(8, h.activation_bits);
}

}  // namespace detail

/// Throws out_of_range when a kernel is larger than a crossbar, infeasible_constraint when the
/// network needs more tiles than the grid has.
[[nodiscard]] inline Mapping map_network(const std::vector<cost::GraphLayer>& layers,
                                         const Hardware& hardware) {
  Mapping mapping;
  Hardware stock = hardware;
  stock.bit_aware = false;
  Index stock_tiles = 0;
  std::vector<Tiles> tiles;
  for (const cost::GraphLayer& layer : layers) {
    LayerMap map = detail::map_layer(layer, hardware);
    map.first_tile = mapping.tiles;
    if (layer.has_matrix()) detail::size_buffers(mapping, layer, map, hardware);
    if (layer.kind == cost::LayerKind::sum) detail::grow_accumulator(mapping, layer, hardware);
    if (layer.has_matrix()) mapping.pes += map.pes;
    mapping.tiles += map.tiles;
    stock_tiles += detail::map_layer(layer, stock).tiles;
    mapping.arrays += map.arrays;
    mapping.arrays_needed += map.arrays_needed;
    tiles.push_back({map.first_tile, map.tiles});
    mapping.layers.push_back(map);
  }
  // The same chip with and without bit_aware, so that nothing but the mapping differs.
  mapping.grid = grid_for(stock_tiles, hardware);
  if (mapping.tiles > mapping.grid.rows * mapping.grid.cols)
    fail(ErrorId::infeasible_constraint, "the network needs ", mapping.tiles,
         " tiles, the grid has ", mapping.grid.rows, 'x', mapping.grid.cols,
         "; set grid_rows and grid_cols, or take larger crossbars");
  const std::vector<Hops> hops = count_hops(layers, tiles, mapping.grid, hardware.tile_order);
  for (std::size_t l = 0; l < layers.size(); ++l) mapping.layers[l].hops = hops[l];
  return mapping;
}

}  // namespace autoprune::mnsim
