/// @file mapping_json.hpp
/// mapping.json: where every OU of a pruned network sits, and which filters it serves.
#pragma once

#include "autoprune/io/json.hpp"
#include "autoprune/mapping/mapping_result.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::io {

namespace detail {

[[nodiscard]] inline Json layer_mapping_json(const mapping::LayerMapping& layer,
                                             const std::string& name, Index planes, Index row_slot,
                                             Index col_slot) {
  Json tiles = Json::array();
  for (Index i = 0; i < layer.ous.size(); ++i) {
    const mapping::Ou ou = layer.ous[i];
    const mapping::Tile tile = layer.tile(i);
    tiles.push_back({{"ou", i},
                     {"row_group", ou.row_group},
                     {"crossbar", tile.crossbar},
                     {"row", tile.row_slot * row_slot},
                     {"column", tile.col_slot * col_slot},
                     {"rows", ou.n_rows()},
                     {"columns", ou.columns}});
  }
  Json json = {{"name", name},
               {"crossbars_per_plane", layer.count.crossbars / planes},
               {"planes", planes},
               {"first_pooled_tile", layer.first_pooled_tile},
               {"index",
                {{"encoding", mapping::encoding_name(layer.index.encoding())},
                 {"bits", layer.index.bits()}}},
               {"tiles", tiles}};
  if (layer.order) json["row_order"] = *layer.order;
  return json;
}

}  // namespace detail

/// The document of schema "autoprune.mapping/1". A tile is one OU: `row` and `column` are its first
/// wordline and bitline in crossbar `crossbar` of each of the layer's `planes` (bit planes times
/// sign arrays), `rows` its wordlines, `columns` the filters that it serves, each on
/// `bitlines_per_weight` bitlines. In crossbars that all layers share, the tiles of a layer follow
/// one another from number `first_pooled_tile` on. Where row groups are gathered, group g is rows
/// `row_order`[gG] to [gG + rows - 1] of the weight matrix, else rows gG to gG + rows - 1.
[[nodiscard]] inline Json mapping_to_json(const nn::Network& network,
                                          const search::Compressor& compressor,
                                          const mapping::NetworkMapping& mapping) {
  const Geometry<>& geometry = compressor.geometry();
  const mapping::MappingOptions& options = compressor.options();
  const bool adjacent = options.layout == mapping::BitPlanes::adjacent;
  Json layers = Json::array();
  const std::vector<Index> nodes = network.matrix_layers();
  for (std::size_t k = 0; k < nodes.size(); ++k)
    layers.push_back(detail::layer_mapping_json(mapping.layers[k], network.node(nodes[k]).name,
                                                compressor.arrays(), compressor.granularity(),
                                                geometry.ou_cols));
  return {{"schema", "autoprune.mapping/1"},
          {"geometry", geometry.to_string()},
          {"granularity", compressor.granularity()},
          {"bitlines_per_weight", adjacent ? options.slices(geometry.cell_bits) : 1},
          {"layers", layers}};
}

}  // namespace autoprune::io
