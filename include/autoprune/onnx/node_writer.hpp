/// @file node_writer.hpp
/// Puts what one node of a network is into the graph of a model, as one of ONNX's operators or
/// several.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autoprune/nn/network.hpp"
#include "autoprune/onnx/model.hpp"

namespace autoprune::onnx {

/// An attribute of an operator.
struct Setting {
  std::string key;
  std::variant<Index, double, std::vector<Index>> value;
};

/// The graph that is written, and how its tensors are called.
class GraphWriter {
 public:
  GraphWriter(proto::GraphProto& graph, const nn::Network& network)
      : graph_(&graph),
        network_(&network),
        flat_(static_cast<std::size_t>(network.size()), false) {}

  [[nodiscard]] proto::GraphProto& graph() { return *graph_; }
  [[nodiscard]] const nn::Network& network() const { return *network_; }
  /// Whether a node's tensor is images x numbers, not images x channels x height x width.
  [[nodiscard]] bool flat(Index node) const { return flat_[static_cast<std::size_t>(node)]; }
  void set_flat(Index node) { flat_[static_cast<std::size_t>(node)] = true; }

  /// A name that nothing else has.
  [[nodiscard]] std::string unused(const std::string& base) {
    while (true) {
      std::string name = concat(base, '/', ++last_);
      if (!network_->find(name)) return name;
    }
  }

  void add(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
           const std::vector<Setting>& settings) {
    proto::NodeProto& node = *graph_->add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(name);
    for (const auto& [key, value] : settings) {
      proto::AttributeProto& attribute = *node.add_attribute();
      attribute.set_name(key);
      if (const auto* whole = std::get_if<Index>(&value)) {
        attribute.set_type(proto::AttributeProto::INT);
        attribute.set_i(*whole);
      } else if (const auto* real = std::get_if<double>(&value)) {
        attribute.set_type(proto::AttributeProto::FLOAT);
        attribute.set_f(static_cast<float>(*real));
      } else {
        attribute.set_type(proto::AttributeProto::INTS);
        for (const Index one : std::get<std::vector<Index>>(value)) attribute.add_ints(one);
      }
    }
  }

 private:
  proto::GraphProto* graph_;
  const nn::Network* network_;
  std::vector<bool> flat_;
  Index last_ = 0;
};

/// What an operation is written with: the node, its inputs, and operators to add.
class NodeWriter {
 public:
  NodeWriter(GraphWriter& graph, Index node) : graph_(&graph), index_(node) {}

  [[nodiscard]] const nn::Node& node() const { return graph_->network().node(index_); }
  [[nodiscard]] const nn::Shape3& input_shape(std::size_t k = 0) const {
    return graph_->network().node(node().inputs[k]).shape;
  }
  [[nodiscard]] bool all_flat() const {
    const std::vector<Index>& inputs = node().inputs;
    return std::all_of(inputs.begin(), inputs.end(), [&](Index i) { return graph_->flat(i); });
  }

  /// The tensor of an input as it is. An operation that changes no axes reads it so when all inputs
  /// are flat; then its output is, too.
  [[nodiscard]] const std::string& input(std::size_t k = 0) {
    return graph_->network().node(node().inputs[k]).name;
  }
  /// As images x channels x height x width.
  [[nodiscard]] std::string map(std::size_t k = 0) {
    if (!graph_->flat(node().inputs[k])) return input(k);
    return add("Reshape", {input(k), integers({0, input_shape(k).channels, 1, 1})});
  }
  /// As images x numbers.
  [[nodiscard]] std::string vector(std::size_t k = 0) {
    if (graph_->flat(node().inputs[k])) return input(k);
    return add("Flatten", {input(k)}, {{"axis", Index{1}}});
  }
  /// All of them, flat where all are.
  [[nodiscard]] std::vector<std::string> alike() {
    std::vector<std::string> all;
    for (std::size_t k = 0; k < node().inputs.size(); ++k)
      all.push_back(all_flat() ? input(k) : map(k));
    return all;
  }

  /// An operator on the way; the name of what it makes.
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<Setting>& settings = {}) {
    std::string name = graph_->unused(node().name);
    graph_->add(op, name, inputs, settings);
    return name;
  }
  /// The last operator, which makes what the node puts out.
  void finish(const std::string& op, const std::vector<std::string>& inputs,
              const std::vector<Setting>& settings = {}, bool flat = false) {
    graph_->add(op, node().name, inputs, settings);
    if (flat) graph_->set_flat(index_);
  }
  /// The same for an operation that changes no axes.
  void finish_alike(const std::string& op, const std::vector<std::string>& inputs,
                    const std::vector<Setting>& settings = {}) {
    finish(op, inputs, settings, all_flat());
  }

  /// A parameter of the node under its PyTorch name.
  [[nodiscard]] std::string parameter(Tensor nn::Node::*which) {
    for (const nn::Parameter& p : node().parameters)
      if (p.tensor == which)
        return initialiser(concat(node().name, '.', p.name), p.shape, node().*which);
    return {};
  }
  /// One of a number a channel, for all of a map's places; constants aren't `learned`.
  [[nodiscard]] std::string of_channels(Tensor nn::Node::*which, bool learned = true) {
    for (const nn::Parameter& p : node().parameters) {
      if (p.tensor != which) continue;
      const std::string name = concat(node().name, '.', p.name);
      const std::vector<Index> shape = {p.shape[0], 1, 1};
      if (learned) return initialiser(name, shape, node().*which);
      proto::NodeProto& constant = *graph_->graph().add_node();
      constant.set_op_type("Constant");
      constant.add_output(name);
      proto::AttributeProto& value = *constant.add_attribute();
      value.set_name("value");
      value.set_type(proto::AttributeProto::TENSOR);
      fill(*value.mutable_t(), shape, node().*which);
      return name;
    }
    return {};
  }
  [[nodiscard]] std::string number(double value) {
    Tensor one = make_tensor({1}, static_cast<float>(value));
    return initialiser(graph_->unused(node().name), {}, one);
  }
  [[nodiscard]] std::string numbers(Index size, float value) {
    return initialiser(graph_->unused(node().name), {size}, make_tensor({size}, value));
  }
  [[nodiscard]] std::string integers(const std::vector<Index>& values) {
    proto::TensorProto& tensor = *graph_->graph().add_initializer();
    tensor.set_name(graph_->unused(node().name));
    tensor.set_data_type(proto::TensorProto::INT64);
    tensor.add_dims(static_cast<Index>(values.size()));
    for (const Index value : values) tensor.add_int64_data(value);
    return tensor.name();
  }

 private:
  static void fill(proto::TensorProto& tensor, const std::vector<Index>& shape,
                   const Tensor& values) {
    tensor.set_data_type(proto::TensorProto::FLOAT);
    for (const Index extent : shape) tensor.add_dims(extent);
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  }
  [[nodiscard]] std::string initialiser(std::string name, const std::vector<Index>& shape,
                                        const Tensor& values) {
    proto::TensorProto& tensor = *graph_->graph().add_initializer();
    fill(tensor, shape, values);
    tensor.set_name(name);
    return name;
  }

  GraphWriter* graph_;
  Index index_;
};

}  // namespace autoprune::onnx
