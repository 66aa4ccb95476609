/// @file network_json.hpp
/// The graph of a network as JSON, alone or as metadata of the safetensors file with its weights.
///
///     {"input": [3, 32, 32],
///      "nodes": [{"name": "features.0", "op": "conv", "out": 16, "kernel": 3, "padding": 1},
///                {"name": "features.1", "op": "batch_norm"},
///                {"name": "features.2", "op": "relu"}, ...],
///      "weights": "net.safetensors",
///      "output": "fc"}
///
/// A node reads the one before it, or those whose names stand in "inputs" ("input" is the image).
/// The other keys are the attributes that the op describes (nn/ops/); docs/networks.md lists them.
/// Sizes are one number or [height, width], paddings that or [top, left, bottom, right]. "weights"
/// is a path relative to the JSON file, and optional; so is "output", a node's name: the last one
/// by default. Limits: nn::kMaxNodes nodes,
/// nn::kMaxParameters parameters in all, nn::kMaxMap numbers in a feature map.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/io/json_file.hpp"
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

[[nodiscard]] inline Json padding_json(const nn::Padding& p) {
  if (p.symmetric()) return size_json({p.h, p.w});
  return Json::array({p.h, p.w, p.h_end, p.w_end});
}

/// One number, [height, width] or [top, left, bottom, right].
[[nodiscard]] inline nn::Padding parse_padding(const JsonField& field) {
  if (!field.json().is_array() || field.json().size() != 4) return parse_size(field);
  const JsonItems sides = field.items();
  return {sides[0].integer(), sides[1].integer(), sides[2].integer(), sides[3].integer()};
}

[[nodiscard]] inline Json attribute_json(const nn::AttributeValue& value) {
  if (const auto* size = std::get_if<nn::Size2>(&value)) return size_json(*size);
  if (const auto* padding = std::get_if<nn::Padding>(&value)) return padding_json(*padding);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return std::get<Index>(value);
}

/// Sets the attributes of an op to what its node says.
class AttributeReader : public nn::AttributeVisitor {
 public:
  explicit AttributeReader(const JsonField& node) : node_(node) {}

 private:
  void visit(const char* key, nn::AttributeRef value, nn::Given given) override {
    if (given != nn::Given::required && !node_.has(key)) return;
    const JsonField field = node_[key];
    if (auto* const* size = std::get_if<nn::Size2*>(&value)) **size = parse_size(field);
    if (auto* const* sides = std::get_if<nn::Padding*>(&value)) **sides = parse_padding(field);
    if (auto* const* real = std::get_if<double*>(&value)) **real = field.number();
    if (auto* const* flag = std::get_if<bool*>(&value)) **flag = field.boolean();
    if (auto* const* whole = std::get_if<Index*>(&value)) **whole = field.integer();
  }

  const JsonField& node_;
};

[[nodiscard]] inline Json node_json(const nn::Network& network, Index i) {
  const nn::Node& node = network.node(i);
  Json out = json_object({{"name", node.name}, {"op", node.op.name()}});
  if (node.inputs != std::vector<Index>{i - 1}) {
    out["inputs"] = Json::array();
    for (const Index input : node.inputs) out["inputs"].push_back(network.node(input).name);
  }
  for (const nn::Attribute& a : node.op.attributes())
    if (!a.omitted) out[a.key] = attribute_json(a.value);
  return out;
}

[[nodiscard]] inline nn::Op parse_op(const JsonField& node) {
  const JsonField name = node["op"];
  const nn::Op& op = nn::find_op(name.text(), concat("op in ", name.place(), ':'));
  std::vector<std::string> keys = {"name", "op", "inputs"};
  for (const nn::Attribute& attribute : op.attributes()) keys.push_back(attribute.key);
  node.check_keys(keys);
  AttributeReader reader(node);
  return op.visited(reader);
}

/// The node that a field names, of those that there are already.
[[nodiscard]] inline Index find_node(const nn::Network& network, const JsonField& field) {
  if (const std::optional<Index> found = network.find(field.text())) return *found;
  std::vector<std::string> known;
  for (const nn::Node& earlier : network.nodes()) known.push_back(earlier.name);
  fail_unknown(concat("earlier node in ", field.place(), ':'), field.text(), known);
}

/// The nodes that a node reads, by their names.
[[nodiscard]] inline std::vector<Index> parse_inputs(const nn::Network& network,
                                                     const JsonField& node) {
  if (!node.has("inputs")) return {network.size() - 1};
  std::vector<Index> inputs;
  for (const JsonField& input : node["inputs"].items()) inputs.push_back(find_node(network, input));
  return inputs;
}

}  // namespace detail

/// The graph of a network, without its weights.
[[nodiscard]] inline Json network_to_json(const nn::Network& network) {
  const nn::Shape3 input = network.input_shape();
  auto nodes = Json::array();
  for (Index i = 1; i < network.size(); ++i) nodes.push_back(detail::node_json(network, i));
  Json graph = json_object(
      {{"input", std::vector{input.channels, input.height, input.width}}, {"nodes", nodes}});
  if (network.output() != network.size() - 1) graph["output"] = network.node(network.output()).name;
  return graph;
}

/// The network of a graph, its weights still zero; `origin` names the graph in messages. Throws
/// bad_json, unknown_name, invalid_graph or out_of_range.
[[nodiscard]] inline nn::Network network_from_json(const Json& graph, const std::string& origin) {
  const JsonField root(graph, origin);
  root.check_keys({"input", "nodes", "weights", "output"});
  const JsonItems input = root["input"].items();
  if (input.size() != 3)
    fail(ErrorId::bad_json, root["input"].place(), " has ", input.size(),
         " numbers; needs [channels, height, width]");
  nn::Network network({input[0].integer(), input[1].integer(), input[2].integer()});
  for (const JsonField& node : root["nodes"].items()) {
    const std::string name = node["name"].text();
    network.append(name, detail::parse_op(node), detail::parse_inputs(network, node));
  }
  if (root.has("output")) network.set_output(detail::find_node(network, root["output"]));
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
  const std::string origin = file_origin(path);
  const Json graph = read_json(path);
  nn::Network network = network_from_json(graph, origin);
  const JsonField root(graph, origin);
  std::string stripped;
  if (root.has("weights"))
    stripped = load_weights(network, path.parent_path() / root["weights"].text());
  if (prefix != nullptr) *prefix = std::move(stripped);
  return network;
}

}  // namespace autoprune::io
