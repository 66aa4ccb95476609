/// @file network_summary.hpp
/// The nodes of a network, with what each matrix layer takes of the accelerator.
#pragma once

#include <string>

#include "autoprune/io/grouped_layers.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/table.hpp"
#include "autoprune/mapping/counts.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::io {

/// An array of objects.
[[nodiscard]] inline Json nodes_json(const nn::Network& network) {
  Json nodes = Json::array();
  for (const nn::Node& node : network.nodes())
    nodes.push_back(json_object(
        {{"name", node.name},
         {"op", node.op.name()},
         {"output", std::vector{node.shape.channels, node.shape.height, node.shape.width}},
         {"weights", node.has_matrix() ? node.weight.size() : 0}}));
  return nodes;
}

/// A line a node, and a total; `count` is that of the dense network (Compressor::count()).
[[nodiscard]] inline std::string network_table(const nn::Network& network,
                                               const mapping::NetworkCount& count) {
  Table rows = {{"layer", "op", "output", "matrix", "weights", "dense xb"}};
  Index weights = 0;
  std::size_t k = 0;
  for (const nn::Node& node : network.nodes()) {
    rows.push_back({node.name, std::string(node.op.name()), shape_text(node.shape)});
    if (!node.has_matrix()) continue;
    const mapping::LayerCount& layer = count.layers[k++];
    const Index size = layer.rows * layer.cols;
    for (const std::string& cell : {matrix_text(layer.rows, layer.cols, node.matrices),
                                    format_number(size), format_number(layer.crossbars_dense)})
      rows.back().push_back(cell);
    weights += size;
  }
  rows.push_back(
      {"total", "", "", "", format_number(weights), format_number(count.crossbars.dense)});
  return text_table(rows);
}

}  // namespace autoprune::io
