/// @file mapping_result.hpp
/// What a CrossbarMapper answers. Counts of crossbars are physical arrays: bit planes and sign
/// arrays, which all hold the same tiles at the same places, are included.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/mapping/index_buffer.hpp"
#include "autoprune/mapping/ou_list.hpp"

namespace autoprune::mapping {

/// Places of a crossbar (OUs, or wordlines) that a layer takes. Layers with the same places can
/// share crossbars.
struct Slots {
  Index taken = 0, per_crossbar = 1;
};

struct LayerCount {
  Index rows = 0, cols = 0;  ///< the weight matrix, R x C
  Index vectors = 0;         ///< column-vectors of the dense layer
  Index kept = 0;            ///< column-vectors kept
  Index ous = 0;             ///< OUs, one storage tile each
  Index crossbars_dense = 0;
  Index crossbars = 0;  ///< of the pruned layer, none of them shared with another layer
  Slots slots;
};

/// Crossbars of a network and its crossbar compression, in both countings. Compression is infinite
/// when every layer was pruned away.
struct CrossbarCount {
  Index dense = 0;
  Index per_layer = 0;  ///< a crossbar belongs to one layer
  Index pooled = 0;     ///< OU tiles of all layers packed together

  [[nodiscard]] double compression_per_layer() const noexcept {
    return static_cast<double>(dense) / static_cast<double>(per_layer);
  }
  [[nodiscard]] double compression_pooled() const noexcept {
    return static_cast<double>(dense) / static_cast<double>(pooled);
  }
};

struct NetworkCount {
  std::vector<LayerCount> layers;
  CrossbarCount crossbars;
};

/// Counts of a network whose arrays are `arrays` physical ones each. Only layers with the same
/// places share crossbars in the pooled counting.
[[nodiscard]] inline NetworkCount sum_counts(std::vector<LayerCount> layers, Index arrays) {
  NetworkCount network{std::move(layers), {}};
  std::map<Index, Index> taken;
  for (const LayerCount& layer : network.layers) {
    network.crossbars.dense += layer.crossbars_dense;
    network.crossbars.per_layer += layer.crossbars;
    taken[layer.slots.per_crossbar] += layer.slots.taken;
  }
  for (const auto& [per_crossbar, slots] : taken)
    network.crossbars.pooled += ceil_div(slots, per_crossbar) * arrays;
  return network;
}

/// Place of a storage tile. Row slots are `granularity` wordlines high, column slots `OuCols`
/// bitlines wide.
struct Tile {
  Index crossbar, row_slot, col_slot;
  friend bool operator==(const Tile&, const Tile&) = default;
};

/// A crossbar cut into slots, which are filled column strip after column strip.
struct TileGrid {
  Index row_slots = 1, col_slots = 1;

  [[nodiscard]] Index tiles() const noexcept { return row_slots * col_slots; }
  [[nodiscard]] Tile at(Index tile) const noexcept {
    const Index slot = tile % tiles();
    return {tile / tiles(), slot % row_slots, slot / row_slots};
  }
};

struct LayerMapping {
  LayerCount count;
  OuList ous;
  IndexSizes index_sizes;
  IndexBuffer index;  ///< in the smallest encoding
  TileGrid grid;
  RowOrder order;          ///< of the rows, where row groups aren't neighbours
  Index ordered_rows = 0;  ///< that have to be named: those of row groups which hold something
  Index first_pooled_tile = 0;

  /// That name the rows.
  [[nodiscard]] Index order_bits() const noexcept { return ordered_rows * bits_for(count.rows); }
  /// Of the index buffer, and of the rows that it can't tell.
  [[nodiscard]] Index index_bits() const noexcept { return index.bits() + order_bits(); }

  /// Place of an OU in the layer's own crossbars, numbered from 0 in every bit plane and sign
  /// array.
  [[nodiscard]] Tile tile(Index ou) const noexcept { return grid.at(ou); }
  /// Place of an OU in the crossbars that all layers share.
  [[nodiscard]] Tile pooled_tile(Index ou) const noexcept {
    return grid.at(first_pooled_tile + ou);
  }
};

struct NetworkMapping {
  std::vector<LayerMapping> layers;
  CrossbarCount crossbars;
  IndexSizes index_sizes;  ///< sums over the layers, with the bits of their row orders
};

}  // namespace autoprune::mapping
