/// @file layer_graph.hpp
/// A network as an accelerator sees it: convolutions, linear layers, pools and residual sums.
/// Everything else is free.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::cost {

enum class LayerKind { conv, linear, pool, sum };

[[nodiscard]] inline std::string_view kind_name(LayerKind kind) {
  constexpr std::string_view names[] = {"conv", "linear", "pool", "sum"};
  return names[static_cast<std::size_t>(kind)];
}

/// A layer; a linear one is a 1x1 convolution of its flattened input, a sum reads every position
/// once.
struct GraphLayer {
  std::string name = {};
  LayerKind kind = LayerKind::conv;
  nn::Shape3 in = {}, out = {};
  nn::Size2 kernel{1}, stride{1};
  nn::Padding padding{0};
  nn::Size2 dilation{1};
  std::vector<Index> inputs = {};   ///< indices of layers, kImage for the image
  std::vector<Index> outputs = {};  ///< indices of the layers that read it

  /// Positions of the input from a window's first to its last.
  [[nodiscard]] nn::Size2 reach() const noexcept {
    return nn::Window{kernel, stride, padding, dilation}.reach();
  }
  [[nodiscard]] bool has_matrix() const noexcept {
    return kind == LayerKind::conv || kind == LayerKind::linear;
  }
};

inline constexpr Index kImage = -1;

namespace detail {

/// The layer that a node becomes, but for its name and its neighbours; nothing when it is free.
[[nodiscard]] inline std::optional<GraphLayer> layer_of(const nn::Node& node,
                                                        const nn::Shape3& in) {
  const auto layer = [&](LayerKind kind, const nn::Shape3& read) {
    nn::Window window = node.op.window();
    if (window.kernel == nn::Size2(nn::kWholeMap))
      window.kernel = window.stride = {in.height, in.width};
    return GraphLayer{.kind = kind,
                      .in = read,
                      .out = node.shape,
                      .kernel = window.kernel,
                      .stride = window.stride,
                      .padding = window.padding,
                      .dilation = window.dilation};
  };
  switch (node.op.work()) {
    case nn::Work::conv:
      return layer(LayerKind::conv, in);
    case nn::Work::linear:
      return layer(LayerKind::linear, {in.size(), 1, 1});
    case nn::Work::pool:
      return layer(LayerKind::pool, in);
    case nn::Work::sum:
      return layer(LayerKind::sum, node.shape);
    case nn::Work::none:
      return {};
  }
  fail_enum("work of a layer", node.op.work());
}

}  // namespace detail

/// In the order of the network. Throws invalid_graph when there is nothing to price.
[[nodiscard]] inline std::vector<GraphLayer> layer_graph(const nn::Network& network) {
  std::vector<GraphLayer> layers;
  std::vector<std::vector<Index>> sources;  // of each node: the layers whose output it passes on
  for (const nn::Node& node : network.nodes()) {
    std::optional<GraphLayer> layer;
    if (!node.inputs.empty()) layer = detail::layer_of(node, network.node(node.inputs[0]).shape);
    std::vector<Index> read;
    for (const Index input : node.inputs) {
      const std::vector<Index>& from = sources[static_cast<std::size_t>(input)];
      read.insert(read.end(), from.begin(), from.end());
    }
    if (!layer) {
      std::sort(read.begin(), read.end());  // each once: there may be a concat of concats
      read.erase(std::unique(read.begin(), read.end()), read.end());
      sources.push_back(node.inputs.empty() ? std::vector{kImage} : read);
      continue;
    }
    layer->name = node.name;
    layer->inputs = read;
    sources.push_back({static_cast<Index>(layers.size())});
    for (const Index from : read)
      if (from != kImage)
        layers[static_cast<std::size_t>(from)].outputs.push_back(sources.back().front());
    layers.push_back(std::move(*layer));
  }
  if (layers.empty())
    fail(ErrorId::invalid_graph, "a network without convolutions, linear layers, pools and sums ",
         "costs nothing; is it the right one?");
  return layers;
}

}  // namespace autoprune::cost
