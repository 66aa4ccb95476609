/// @file node_writer.hpp
/// Puts what one node of a network is into the graph of a model, as one of ONNX's operators or
/// several.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autoprune/nn/network.hpp"
#include "autoprune/onnx/integers.hpp"
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
  /// `weight_bits`: as model_of() takes them.
  GraphWriter(proto::GraphProto& graph, const nn::Network& network,
              std::span<const Index> weight_bits = {})
      : graph_(&graph),
        network_(&network),
        flat_(static_cast<std::size_t>(network.size()), false),
        weight_bits_(static_cast<std::size_t>(network.size()), 0) {
    const std::vector<Index> layers = network.matrix_layers();
    if (!weight_bits.empty() && weight_bits.size() != layers.size())
      fail(ErrorId::shape_mismatch, "bits of ", weight_bits.size(), " layers for a network of ",
           layers.size(), " with weights; one number each is needed");
    for (std::size_t k = 0; k < weight_bits.size(); ++k) {
      if (weight_bits[k] < 0 || weight_bits[k] > 16)
        fail(ErrorId::out_of_range, "weights of ", weight_bits[k],
             " magnitude bits; 1 to 16 are written as integers, and 0 stands for real numbers");
      weight_bits_[static_cast<std::size_t>(layers[k])] = weight_bits[k];
    }
  }

  [[nodiscard]] proto::GraphProto& graph() { return *graph_; }
  [[nodiscard]] const nn::Network& network() const { return *network_; }
  /// Whether a node's tensor is images x numbers, not images x channels x height x width.
  [[nodiscard]] bool flat(Index node) const { return flat_[static_cast<std::size_t>(node)]; }
  void set_flat(Index node) { flat_[static_cast<std::size_t>(node)] = true; }
  /// Magnitude bits of the integers that a node's weights are; 0: real numbers.
  [[nodiscard]] Index weight_bits(Index node) const {
    return weight_bits_[static_cast<std::size_t>(node)];
  }

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
  std::vector<Index> weight_bits_;
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

  /// A parameter of the node under its PyTorch name. Throws wrong_order for weights that should be
  /// integers and aren't.
  [[nodiscard]] std::string parameter(Tensor nn::Node::*which) {
    for (const nn::Parameter& p : node().parameters) {
      if (p.tensor != which) continue;
      const std::string name = concat(node().name, '.', p.name);
      const Index bits = which == &nn::Node::weight ? graph_->weight_bits(index_) : 0;
      return bits > 0 ? dequantised(name, p.shape, bits)
                      : initialiser(name, p.shape, node().*which);
    }
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
  /// Of integers in bytes, or in the next larger type that DequantizeLinear takes.
  template <class Integer>
  [[nodiscard]] std::string integers(std::string name, const std::vector<Index>& shape,
                                     const std::vector<std::int32_t>& values) {
    proto::TensorProto& tensor = *graph_->graph().add_initializer();
    tensor.set_data_type(sizeof(Integer) == 1 ? proto::TensorProto::INT8
                                              : proto::TensorProto::INT32);
    for (const Index extent : shape) tensor.add_dims(extent);
    const std::vector<Integer> numbers(values.begin(), values.end());
    tensor.set_raw_data(numbers.data(), numbers.size() * sizeof(Integer));
    tensor.set_name(name);
    return name;
  }
  /// The node's weights as integers times a step.
  [[nodiscard]] std::string dequantised(const std::string& name, const std::vector<Index>& shape,
                                        Index bits) {
    const std::optional<IntegerWeights> weights = integer_weights(node().weight, bits);
    if (!weights)
      fail(ErrorId::wrong_order, "weights of layer '", node().name, "' aren't integers of ", bits,
           " magnitude bits times a step; search::Quantiser rounds them to such, or write them ",
           "as real numbers");
    const std::string integer = concat(name, kQuantised);
    const std::string codes = bits < 8 ? integers<std::int8_t>(integer, shape, weights->codes)
                                       : integers<std::int32_t>(integer, shape, weights->codes);
    const std::string scale =
        initialiser(concat(name, kScale), {}, make_tensor({1}, weights->step));
    graph_->add("DequantizeLinear", name, {codes, scale}, {});
    return name;
  }

  GraphWriter* graph_;
  Index index_;
};

}  // namespace autoprune::onnx
