/// @file network_json.hpp
/// The graph of a network as JSON, alone or as metadata of the safetensors file with its weights.
///
///     {"input": [3, 32, 32],
///      "nodes": [{"name": "features.0", "op": "conv", "out": 16, "kernel": 3, "padding": 1},
///                {"name": "features.1", "op": "batch_norm"},
///                {"name": "features.2", "op": "relu"}, ...],
///      "weights": "net.safetensors"}
///
/// A node reads the one before it, or those whose names stand in "inputs" ("input" is the image).
/// The other keys, with their defaults, by op:
///   conv                 out, kernel, stride = 1, padding = 0, bias = false
///   linear               out, bias = true
///   max_pool, avg_pool   kernel, stride = kernel, padding = 0
///   dropout              rate
///   batch_norm, relu, flatten, add (of two or more inputs)   none
/// kernel, stride and padding are one number or [height, width]. "weights" is a path relative to
/// the JSON file, and optional. Limits: nn::kMaxNodes nodes, nn::kMaxParameters parameters in all,
/// nn::kMaxMap numbers in a feature map.
#pragma once

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/io/file.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/io/weights.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::io {

/// The metadata key under which a safetensors file carries its network's graph.
inline constexpr const char* kNetworkKey = "autoprune.network";

namespace detail {

[[nodiscard]] inline Json size_json(nn::Size2 size) {
  return size.h == size.w ? Json(size.h) : Json::array({size.h, size.w});
}

/// One number or [height, width].
[[nodiscard]] inline nn::Size2 parse_size(const JsonField& field) {
  if (!field.json().is_array()) return field.integer();
  const JsonItems sizes = field.items();
  if (sizes.size() != 2)
    fail(ErrorId::bad_json, field.place(), " has ", sizes.size(),
         " numbers; needs one, or [height, width]");
  return {sizes[0].integer(), sizes[1].integer()};
}

/// The keys that a node of this op may have.
[[nodiscard]] inline std::vector<std::string> node_keys(nn::Op op) {
  std::vector<std::string> keys = {"name", "op", "inputs"};
  const auto add = [&](std::initializer_list<const char*> more) {
    keys.insert(keys.end(), more.begin(), more.end());
  };
  if (op == nn::Op::conv) add({"out", "kernel", "stride", "padding", "bias"});
  if (op == nn::Op::linear) add({"out", "bias"});
  if (op == nn::Op::max_pool || op == nn::Op::avg_pool) add({"kernel", "stride", "padding"});
  if (op == nn::Op::dropout) add({"rate"});
  return keys;
}

[[nodiscard]] inline Json node_json(const nn::Network& network, Index i) {
  const nn::Node& node = network.node(i);
  const std::vector<std::string> keys = node_keys(node.op);
  const auto has = [&](const char* key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  Json out = {{"name", node.name}, {"op", nn::op_name(node.op)}};
  if (node.inputs != std::vector<Index>{i - 1}) {
    out["inputs"] = Json::array();
    for (const Index input : node.inputs) out["inputs"].push_back(network.node(input).name);
  }
  if (has("out")) out["out"] = node.out_channels;
  if (has("kernel")) {
    out["kernel"] = size_json(node.kernel);
    out["stride"] = size_json(node.stride);
    out["padding"] = size_json(node.padding);
  }
  if (has("bias")) out["bias"] = node.has_bias;
  if (has("rate")) out["rate"] = node.rate;
  return out;
}

[[nodiscard]] inline nn::Op parse_op(const JsonField& field) {
  std::vector<std::string> known;
  for (const auto& [op, name] : nn::kOpNames) {
    if (op == nn::Op::input) continue;
    if (name == field.text()) return op;
    known.emplace_back(name);
  }
  fail_unknown(concat("op in ", field.place(), ':'), field.text(), known);
}

[[noreturn]] inline void fail_input(const nn::Network& network, const JsonField& input) {
  std::vector<std::string> known;
  for (const nn::Node& earlier : network.nodes()) known.push_back(earlier.name);
  fail_unknown(concat("earlier node in ", input.place(), ':'), input.text(), known);
}

/// The nodes that a node reads, by their names.
[[nodiscard]] inline std::vector<Index> parse_inputs(const nn::Network& network,
                                                     const JsonField& node, nn::Op op) {
  std::vector<Index> inputs;
  if (node.has("inputs")) {
    for (const JsonField& input : node["inputs"].items()) {
      const std::optional<Index> found = network.find(input.text());
      if (!found) fail_input(network, input);
      inputs.push_back(*found);
    }
  } else {
    inputs = {network.size() - 1};
  }
  const bool sum = op == nn::Op::add;
  if (sum ? inputs.size() < 2 : inputs.size() != 1)
    fail(ErrorId::invalid_graph, node.place(), " has ", inputs.size(), " inputs; ", nn::op_name(op),
         sum ? " takes two or more" : " takes one");
  return inputs;
}

[[nodiscard]] inline nn::PoolOptions parse_pool(const JsonField& node) {
  nn::PoolOptions options{.kernel = parse_size(node["kernel"])};
  if (node.has("stride")) options.stride = parse_size(node["stride"]);
  if (node.has("padding")) options.padding = parse_size(node["padding"]);
  return options;
}

[[nodiscard]] inline nn::ConvOptions parse_conv(const JsonField& node) {
  nn::ConvOptions options{.out = node["out"].integer(), .kernel = parse_size(node["kernel"])};
  if (node.has("stride")) options.stride = parse_size(node["stride"]);
  if (node.has("padding")) options.padding = parse_size(node["padding"]);
  if (node.has("bias")) options.bias = node["bias"].boolean();
  return options;
}

inline void append_node(nn::Network& network, const JsonField& node) {
  const std::string name = node["name"].text();
  const nn::Op op = parse_op(node["op"]);
  node.check_keys(node_keys(op));
  const std::vector<Index> inputs = parse_inputs(network, node, op);
  const Index from = inputs.front();
  switch (op) {
    case nn::Op::conv:
      network.conv(name, parse_conv(node), from);
      return;
    case nn::Op::linear:
      network.linear(name, node["out"].integer(), !node.has("bias") || node["bias"].boolean(),
                     from);
      return;
    case nn::Op::batch_norm:
      network.batch_norm(name, from);
      return;
    case nn::Op::relu:
      network.relu(name, from);
      return;
    case nn::Op::max_pool:
      network.max_pool(name, parse_pool(node), from);
      return;
    case nn::Op::avg_pool:
      network.avg_pool(name, parse_pool(node), from);
      return;
    case nn::Op::flatten:
      network.flatten(name, from);
      return;
    case nn::Op::dropout:
      network.dropout(name, node["rate"].number(), from);
      return;
    case nn::Op::add:
      network.add(name, inputs);
      return;
    case nn::Op::input:
      return;  // parse_op() doesn't return it
  }
}

}  // namespace detail

/// The graph of a network, without its weights.
[[nodiscard]] inline Json network_to_json(const nn::Network& network) {
  const nn::Shape3 input = network.input_shape();
  auto nodes = Json::array();
  for (Index i = 1; i < network.size(); ++i) nodes.push_back(detail::node_json(network, i));
  return {{"input", {input.channels, input.height, input.width}}, {"nodes", nodes}};
}

/// The network of a graph, its weights still zero; `origin` names the graph in messages. Throws
/// bad_json, unknown_name, invalid_graph or out_of_range.
[[nodiscard]] inline nn::Network network_from_json(const Json& graph, const std::string& origin) {
  const JsonField root(graph, origin);
  root.check_keys({"input", "nodes", "weights"});
  const JsonItems input = root["input"].items();
  if (input.size() != 3)
    fail(ErrorId::bad_json, root["input"].place(), " has ", input.size(),
         " numbers; needs [channels, height, width]");
  nn::Network network({input[0].integer(), input[1].integer(), input[2].integer()});
  for (const JsonField& node : root["nodes"].items()) detail::append_node(network, node);
  return network;
}

/// Writes graph and weights as one file, which read_network() and PyTorch load.
inline void save_network(const nn::Network& network, const std::filesystem::path& path,
                         Metadata metadata = {}, FloatType type = FloatType::f32) {
  metadata[kNetworkKey] = json_text(network_to_json(network));
  save_weights(network, path, metadata, type);
}

/// The network of a safetensors file that carries its graph. Throws missing_value when it carries
/// none, and what parsing throws. `prefix`, where given, receives what load_weights() returns.
[[nodiscard]] inline nn::Network read_network(const Safetensors& file,
                                              std::string* prefix = nullptr) {
  const auto found = file.metadata().find(kNetworkKey);
  if (found == file.metadata().end())
    fail(ErrorId::missing_value, "file '", file.origin(),
         "' has weights but no graph (metadata key '", kNetworkKey,
         "'); name its network, or describe it in a .json file");
  const std::string where = concat("file '", file.origin(), "', metadata '", kNetworkKey, '\'');
  nn::Network network = network_from_json(parse_json(found->second, where), where);
  std::string stripped = load_weights(network, file);
  if (prefix != nullptr) *prefix = std::move(stripped);
  return network;
}

/// The network of a file: a .json graph, with its weights when it names them, or a safetensors file
/// that carries its graph. Throws what parsing throws. `prefix` as above.
[[nodiscard]] inline nn::Network read_network(const std::filesystem::path& path,
                                              std::string* prefix = nullptr) {
  if (path.extension() != ".json") return read_network(Safetensors::read(path), prefix);
  const std::string origin = concat("file '", path.string(), '\'');
  const Json graph = parse_json(read_file(path), origin);
  nn::Network network = network_from_json(graph, origin);
  const JsonField root(graph, origin);
  std::string stripped;
  if (root.has("weights"))
    stripped = load_weights(network, path.parent_path() / root["weights"].text());
  if (prefix != nullptr) *prefix = std::move(stripped);
  return network;
}

}  // namespace autoprune::io
