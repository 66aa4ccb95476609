/// @file network.hpp
/// A network is data: a list of nodes in the order of their execution, each with its operation and
/// its parameters. Nothing here computes; nn/session.hpp does.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/node.hpp"
#include "autoprune/nn/ops.hpp"
#include "autoprune/nn/ops/input.hpp"

namespace autoprune::nn {

/// A parameter under its PyTorch name.
struct NamedTensor {
  std::string name;
  Tensor* tensor;
};
struct ConstNamedTensor {
  std::string name;
  const Tensor* tensor;
};

/// What a network may have at most. It is counted before memory is asked for: a line of a file can
/// ask for more than any machine has.
inline constexpr Index kMaxParameters = Index{1} << 28;  ///< of all nodes together
inline constexpr Index kMaxNodes = Index{1} << 16;

/// Built node by node; each call appends a node that reads the last one (or `from`) and returns its
/// index. Throws invalid_graph or out_of_range when the node can't work on its input or the network
/// gets too large.
class Network {
 public:
  Network() = default;
  explicit Network(Shape3 input) {
    if (input.channels < 1 || input.height < 1 || input.width < 1)
      fail(ErrorId::out_of_range, "network input ", shape_text(input),
           ": every extent must be at least 1");
    push({.name = "input", .op = Input{}, .inputs = {}, .shape = input});
  }

  /// A node of any operation that reads these nodes.
  Index append(std::string name, Op op, std::vector<Index> inputs) {
    OpInputs in{op.name(), name};
    const auto [least, most] = op.arity();
    const auto reads = static_cast<Index>(inputs.size());
    if (reads < least || reads > most)
      in.fail(ErrorId::invalid_graph, reads, " inputs; it takes ", least,
              most == kAnyNumber ? " or more"
              : most > least     ? concat(" to ", most)
                                 : "");
    for (const Index input : inputs) {
      if (input < 0 || input >= size())
        in.fail(ErrorId::invalid_graph, "it reads node ", input, " of ", size(),
                "; a node reads earlier ones only");
      in.shapes.push_back(node(input).shape);
    }
    const Shape3 shape = op.shape(in);
    return push({.name = std::move(name),
                 .op = op,
                 .inputs = std::move(inputs),
                 .shape = shape,
                 .matrices = op.has_matrix() ? op.matrix(in.front()).groups : 1,
                 .parameters = op.parameters(in)});
  }
  Index append(std::string name, Op op, std::optional<Index> from = {}) {
    return append(std::move(name), std::move(op), std::vector<Index>{from.value_or(size() - 1)});
  }

  Index conv(std::string name, const Conv& op, std::optional<Index> from = {}) {
    return append(std::move(name), op, from);
  }
  Index linear(std::string name, Index out, bool bias = true, std::optional<Index> from = {}) {
    return append(std::move(name), Linear{.out = out, .bias = bias}, from);
  }
  Index batch_norm(std::string name, std::optional<Index> from = {}) {
    return append(std::move(name), BatchNorm{}, from);
  }
  Index relu(std::string name, std::optional<Index> from = {}) {
    return append(std::move(name), Relu{}, from);
  }
  Index max_pool(std::string name, const MaxPool& op, std::optional<Index> from = {}) {
    return append(std::move(name), op, from);
  }
  Index avg_pool(std::string name, const AvgPool& op, std::optional<Index> from = {}) {
    return append(std::move(name), op, from);
  }
  Index flatten(std::string name, std::optional<Index> from = {}) {
    return append(std::move(name), Flatten{}, from);
  }
  Index dropout(std::string name, double rate, std::optional<Index> from = {}) {
    return append(std::move(name), Dropout{.rate = rate}, from);
  }
  /// Sum of nodes of one shape.
  Index add(std::string name, std::vector<Index> inputs) {
    return append(std::move(name), Add{}, std::move(inputs));
  }

  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const Node& node(Index i) const { return nodes_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] Node& node(Index i) { return nodes_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(nodes_.size()); }
  /// Index of the node of a name, if there is one.
  [[nodiscard]] std::optional<Index> find(const std::string& name) const {
    const auto found = index_of_.find(name);
    return found == index_of_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] Shape3 input_shape() const { return nodes_.front().shape; }
  /// The node whose output are the logits: the last one, or the one that was named.
  [[nodiscard]] Index output() const noexcept { return output_.value_or(size() - 1); }
  /// Names it, where a network has several heads. Throws out_of_range for no node of the network.
  void set_output(Index node) {
    if (node < 0 || node >= size())
      fail(ErrorId::out_of_range, "node ", node, " of ", size(), " can't be the output");
    output_ = node;
  }
  /// Classes: the channels of the output.
  [[nodiscard]] Index outputs() const { return node(output()).shape.channels; }

  /// Indices of the nodes with weight matrices, in order: the layers that are pruned and mapped.
  [[nodiscard]] std::vector<Index> matrix_layers() const {
    std::vector<Index> layers;
    for (Index i = 0; i < size(); ++i)
      if (node(i).has_matrix()) layers.push_back(i);
    return layers;
  }

  /// Every parameter, in order, under its PyTorch name.
  [[nodiscard]] std::vector<NamedTensor> parameters() {
    return list_parameters<NamedTensor>(nodes_);
  }
  [[nodiscard]] std::vector<ConstNamedTensor> parameters() const {
    return list_parameters<ConstNamedTensor>(nodes_);
  }

  /// Kaiming-normal weights (fan-out for convolutions, fan-in for linear layers), biases zero.
  void initialise(std::uint64_t seed) {
    for (Index i = 0; i < size(); ++i) {
      Node& n = node(i);
      if (!n.has_matrix()) continue;
      Random random(seed, static_cast<std::uint64_t>(i));
      const Index fan = n.op.matrix(node(n.inputs.front()).shape).fan;
      const double scale = std::sqrt(2.0 / static_cast<double>(fan));
      for (float& w : n.weight) w = static_cast<float>(scale * random.normal());
    }
  }

 private:
  template <class Named, class Nodes>
  [[nodiscard]] static std::vector<Named> list_parameters(Nodes& nodes) {
    std::vector<Named> all;
    for (auto& node : nodes)
      for (const Parameter& p : node.parameters)
        all.push_back({concat(node.name, '.', p.name), &(node.*p.tensor)});
    return all;
  }

  /// A node whose parameters aren't made yet.
  Index push(Node node) {
    const Index parameters = count_parameters(node);
    count(node, {node.shape.channels, node.shape.height, node.shape.width}, kMaxMap);
    if (size() == kMaxNodes)
      fail(ErrorId::out_of_range, "node '", node.name, "' is one more than the ", kMaxNodes,
           " that a network may have");
    if (!index_of_.emplace(node.name, size()).second)
      fail(ErrorId::invalid_graph, "two nodes are named '", node.name, "'");
    for (const Parameter& p : node.parameters) node.*p.tensor = make_tensor(p.shape, p.value);
    nodes_.push_back(std::move(node));
    parameters_ += parameters;
    return size() - 1;
  }

  /// Numbers of a shape. Throws out_of_range for more than `most`.
  static Index count(const Node& node, const std::vector<Index>& shape, Index most) {
    Index size = 1;
    for (const Index extent : shape)
      if (__builtin_mul_overflow(size, extent, &size) || size > most)
        fail(ErrorId::out_of_range, node.op.name(), " '", node.name,
             "': ", autoprune::shape_text(shape), " is more than ", most,
             " numbers; is an extent mistyped?");
    return size;
  }

  /// Throws out_of_range when a node's parameters are too many for the network.
  [[nodiscard]] Index count_parameters(const Node& node) const {
    Index parameters = 0;
    for (const Parameter& p : node.parameters) parameters += count(node, p.shape, kMaxParameters);
    if (parameters > kMaxParameters - parameters_)
      fail(ErrorId::out_of_range, node.op.name(), " '", node.name, "': its ", parameters,
           " parameters and the ", parameters_, " before it are more than ", kMaxParameters);
    return parameters;
  }

  std::vector<Node> nodes_;
  std::unordered_map<std::string, Index> index_of_;  // by name
  Index parameters_ = 0;                             // in all
  std::optional<Index> output_;                      // if it was named
};

}  // namespace autoprune::nn
