/// @file counts.hpp
/// How many crossbars layers take. Counts are physical arrays: bit planes and sign arrays, which
/// all hold the same OUs at the same places, are included.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/mapping/array_shape.hpp"

namespace autoprune::mapping {

/// Places of a crossbar (OUs, or wordlines) that a layer takes.
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
  Slots slots = {};
  ArrayShape array = {};  ///< of the crossbars
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

/// Crossbars that a layer can share with others: those of the same arrays, with as many places.
[[nodiscard]] inline std::pair<ArrayShape, Index> shared_by(const LayerCount& layer) {
  return {layer.array, layer.slots.per_crossbar};
}

/// Counts of a network, whose layers may differ in their arrays.
[[nodiscard]] inline NetworkCount sum_counts(std::vector<LayerCount> layers) {
  NetworkCount network{std::move(layers), {}};
  std::map<std::pair<ArrayShape, Index>, Index> taken;
  for (const LayerCount& layer : network.layers) {
    network.crossbars.dense += layer.crossbars_dense;
    network.crossbars.per_layer += layer.crossbars;
    taken[shared_by(layer)] += layer.slots.taken;
  }
  for (const auto& [shared, slots] : taken)
    network.crossbars.pooled += ceil_div(slots, shared.second) * shared.first.arrays;
  return network;
}

}  // namespace autoprune::mapping
