/// @file write.hpp
/// A network as an ONNX model: its weights under their PyTorch names, those that are pruned as
/// zeros, and those that are integers of an accelerator as such.
///
///     onnx::write_network("pruned.onnx", network);
///     onnx::write_network("few-bits.onnx", network, {}, bits);  // with DequantizeLinear
///
/// The model has operators of version 10, which whatever runs ONNX reads, and takes any number of
/// images. read_network() reads it back, with the same names and the same logits.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "autoprune/core/version.hpp"
#include "autoprune/onnx/notations.hpp"

namespace autoprune::onnx {

inline constexpr Index kWrittenOpset = 10, kWrittenFormat = 5;

namespace detail {

inline void describe_tensor(proto::ValueInfoProto& value, const std::string& name,
                            const std::vector<Index>& extents) {
  value.set_name(name);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(proto::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("n");
  for (const Index extent : extents) type.mutable_shape()->add_dim()->set_dim_value(extent);
}

[[nodiscard]] inline std::vector<Index> extents_of(const nn::Shape3& shape) {
  return {shape.channels, shape.height, shape.width};
}

}  // namespace detail

/// What `metadata` notes goes with the model. `weight_bits` are the magnitude bits of the integers
/// that a network's weights are (search::Quantiser), a matrix layer each, 0 of one with real
/// numbers; without any, all have. Throws unsupported_model, which names every node whose operation
/// ONNX isn't told (register_notation()), shape_mismatch or out_of_range for other bits, and
/// wrong_order for weights that aren't such integers.
[[nodiscard]] inline proto::ModelProto model_of(
    const nn::Network& network, const std::map<std::string, std::string>& metadata = {},
    std::span<const Index> weight_bits = {}) {
  std::vector<std::string> unknown;
  for (Index i = 1; i < network.size(); ++i)
    if (const nn::Node& node = network.node(i); find_notation(node.op) == nullptr)
      unknown.push_back(concat(node.op.name(), " '", node.name, '\''));
  if (!unknown.empty())
    fail(ErrorId::unsupported_model, "ONNX isn't told how these nodes are written: ", join(unknown),
         "; say it with onnx::register_notation(), or write safetensors");
  proto::ModelProto model;
  model.set_ir_version(kWrittenFormat);
  model.set_producer_name("autoprune");
  model.set_producer_version(AUTOPRUNE_VERSION);
  model.add_opset_import()->set_version(kWrittenOpset);
  for (const auto& [key, value] : metadata) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  proto::GraphProto& graph = *model.mutable_graph();
  graph.set_name("network");
  const nn::Node& last = network.node(network.output());
  detail::describe_tensor(*graph.add_input(), network.node(0).name,
                          detail::extents_of(network.input_shape()));
  GraphWriter writer(graph, network, weight_bits);
  for (Index i = 1; i < network.size(); ++i) {
    NodeWriter out(writer, i);
    find_notation(network.node(i).op)->write(network.node(i).op, out);
  }
  std::string output = last.name;
  const bool vector = last.shape.height * last.shape.width == 1;
  if (vector && !writer.flat(network.output())) {  // logits are one vector an image
    output = writer.unused(last.name);
    writer.add("Flatten", output, {last.name}, {{"axis", Index{1}}});
  }
  detail::describe_tensor(
      *graph.add_output(), output,
      vector ? std::vector<Index>{last.shape.channels} : detail::extents_of(last.shape));
  return model;
}

/// Throws also cannot_write; the file then is as it was.
inline void write_network(const std::filesystem::path& path, const nn::Network& network,
                          const std::map<std::string, std::string>& metadata = {},
                          std::span<const Index> weight_bits = {}) {
  io::write_file(path, model_of(network, metadata, weight_bits).SerializeAsString());
}

}  // namespace autoprune::onnx
