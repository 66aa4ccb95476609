/// @file counts.hpp
/// How many crossbars layers take. Counts are physical arrays: bit planes and sign arrays, which
/// all hold the same OUs at the same places, are included.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"

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

}  // namespace autoprune::mapping
