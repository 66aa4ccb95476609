/// @file mapping_json.hpp
/// mapping.json: where every OU of a pruned network sits, and which filters it serves.
#pragma once

#include "autoprune/io/json.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::io {

namespace detail {

[[nodiscard]] inline Json placement_json(const mapping::Placement& layer, const std::string& name,
                                         Index planes, Index bitlines_per_weight) {
  Json tiles = Json::array(), inputs = Json::object();
  const bool named = !layer.ous.shape().neighbours();
  for (Index i = 0; i < layer.ous.size(); ++i) {
    const mapping::Ou ou = layer.ous[i];
    tiles.push_back(json_object({{"ou", i},
                                 {"row_group", ou.input_set},
                                 {"crossbar", ou.place.crossbar},
                                 {"row", ou.place.wordline},
                                 {"column", ou.place.bitline * bitlines_per_weight},
                                 {"rows", ou.n_rows()},
                                 {"columns", ou.columns}}));
    if (named) inputs[std::to_string(ou.input_set)] = ou.rows;
  }
  Json json = json_object({{"name", name},
                           {"crossbars_per_plane", layer.count.crossbars / planes},
                           {"planes", planes},
                           {"first_pooled_tile", layer.first_pooled_place},
                           {"tiles", std::move(tiles)}});
  if (layer.index)
    json["index"] = json_object(
        {{"code", mapping::index_code_name(layer.index->code())}, {"bits", layer.index->bits()}});
  if (layer.ous.shape().matrices > 1) json["groups"] = layer.ous.shape().matrices;
  if (named) json["inputs"] = std::move(inputs);
  return json;
}

}  // namespace detail

/// The document of schema "autoprune.mapping/2". A tile is one OU: `row` and `column` are its first
/// wordline and bitline in crossbar `crossbar` of each of the layer's `planes` (bit planes times
/// sign arrays), `rows` its wordlines, `columns` the filters that it serves, each on
/// `bitlines_per_weight` bitlines. Its inputs are rows gG to gG + rows - 1 of the weight matrix for
/// row group g, or where `inputs` is there the rows that this says of the number; of a convolution
/// in `groups`, they are rows of the matrix of its filters' group, and row groups are numbered
/// matrix after matrix. In crossbars that all layers share, the places of a layer follow one
/// another from number `first_pooled_tile` on. A layer says its geometry, granularity and bitlines
/// itself where a plan has decided of them.
[[nodiscard]] inline Json mapping_to_json(const nn::Network& network,
                                          const search::Compressor& compressor,
                                          const mapping::NetworkPlacement& mapping) {
  const auto bitlines_of = [](const Geometry<>& geometry, const hardware::WeightCode& weights) {
    return weights.bitlines_per_weight(geometry.cell_bits);
  };
  const Geometry<>& geometry = compressor.geometry();
  const Index bitlines = bitlines_of(geometry, compressor.options());
  Json layers = Json::array();
  const std::vector<Index> nodes = network.matrix_layers();
  for (Index k = 0; k < std::ssize(nodes); ++k) {
    const auto i = static_cast<std::size_t>(k);
    const Index own = bitlines_of(compressor.geometry(k), compressor.options(k));
    layers.push_back(detail::placement_json(mapping.layers[i], network.node(nodes[i]).name,
                                            compressor.arrays(k), own));
    if (compressor.geometry(k) != geometry)
      layers.back()["geometry"] = compressor.geometry(k).to_string();
    if (compressor.granularity(k) != compressor.granularity())
      layers.back()["granularity"] = compressor.granularity(k);
    if (own != bitlines) layers.back()["bitlines_per_weight"] = own;
  }
  return json_object({{"schema", "autoprune.mapping/2"},
                      {"geometry", geometry.to_string()},
                      {"granularity", compressor.granularity()},
                      {"bitlines_per_weight", bitlines},
                      {"layers", layers}});
}

}  // namespace autoprune::io
