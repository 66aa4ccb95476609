/// @file network.hpp
/// A network is data: a list of nodes in the order of their execution, each with its attributes and
/// its parameters. Nothing here computes; nn/session.hpp does.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::nn {

enum class Op {
  input,
  conv,        ///< 2-D convolution
  linear,      ///< fully connected; reads its input flattened in PyTorch's order (c, h, w)
  batch_norm,  ///< per channel, eps 1e-5
  relu,
  max_pool,
  avg_pool,  ///< padding counts as zeros, as PyTorch's default does
  flatten,
  dropout,
  add,  ///< residual sum of two or more nodes
};

inline constexpr std::array<std::pair<Op, std::string_view>, 10> kOpNames = {
    {{Op::input, "input"},
     {Op::conv, "conv"},
     {Op::linear, "linear"},
     {Op::batch_norm, "batch_norm"},
     {Op::relu, "relu"},
     {Op::max_pool, "max_pool"},
     {Op::avg_pool, "avg_pool"},
     {Op::flatten, "flatten"},
     {Op::dropout, "dropout"},
     {Op::add, "add"}}};

[[nodiscard]] inline std::string_view op_name(Op op) {
  for (const auto& [value, name] : kOpNames)
    if (value == op) return name;
  return "?";
}

/// Height and width; one number means both.
struct Size2 {
  Index h = 1, w = 1;
  Size2() = default;
  Size2(Index both) : h(both), w(both) {}  // NOLINT: {.kernel = 3} is what everyone writes
  Size2(Index height, Index width) : h(height), w(width) {}
  friend bool operator==(const Size2&, const Size2&) = default;
};

/// Shape of one image or feature map.
struct Shape3 {
  Index channels = 0, height = 1, width = 1;
  [[nodiscard]] Index size() const noexcept { return channels * height * width; }
  friend bool operator==(const Shape3&, const Shape3&) = default;
};

[[nodiscard]] inline std::string shape_text(const Shape3& s) {
  return concat(s.channels, 'x', s.height, 'x', s.width);
}

/// One step of the network. Attributes that its op doesn't use keep their defaults.
struct Node {
  std::string name;           ///< PyTorch's module name; parameters are name + ".weight" and so on
  Op op = Op::input;          ///<
  std::vector<Index> inputs;  ///< indices of earlier nodes
  Index out_channels = 0;     ///< conv, linear: filters
  Size2 kernel{1}, stride{1}, padding{0};  ///< conv and pools
  bool has_bias = false;                   ///< conv, linear
  double rate = 0.0;                       ///< dropout: probability of zero
  Shape3 shape;                            ///< of the output; inferred by the builder

  Tensor weight;  ///< conv [out][in][kh][kw]; linear [out][in]; batch-norm [channels]
  Tensor bias;    ///< [out] or [channels]
  Tensor running_mean, running_var;  ///< batch-norm [channels]

  /// Conv and linear layers have a weight matrix that is pruned and mapped.
  [[nodiscard]] bool has_matrix() const noexcept { return op == Op::conv || op == Op::linear; }
};

struct ConvOptions {
  Index out = 0;  ///< filters
  Size2 kernel{3}, stride{1}, padding{0};
  bool bias = false;
};

struct PoolOptions {
  Size2 kernel{2};
  std::optional<Size2> stride = {};  ///< the kernel's size when not given
  Size2 padding{0};
};

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
inline constexpr Index kMaxMap = Index{1} << 26;  ///< of one map: offsets of 32 images fit 32 bits
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
    Node node;
    node.name = "input";
    node.shape = input;
    append(std::move(node));
  }

  Index conv(std::string name, const ConvOptions& options, std::optional<Index> from = {}) {
    Node node = make(std::move(name), Op::conv, from);
    const Shape3 in = shape_in(node);
    set_window(node, options.kernel, options.stride, options.padding);
    node.shape.channels = options.out;
    return append_matrix(std::move(node), options.bias,
                         {options.out, in.channels, node.kernel.h, node.kernel.w});
  }

  Index linear(std::string name, Index out, bool bias = true, std::optional<Index> from = {}) {
    Node node = make(std::move(name), Op::linear, from);
    const Index in = shape_in(node).size();
    node.shape = {out, 1, 1};
    return append_matrix(std::move(node), bias, {out, in});
  }

  Index batch_norm(std::string name, std::optional<Index> from = {}) {
    Node node = make(std::move(name), Op::batch_norm, from);
    const Index channels = node.shape.channels, parameters = count_parameters(node, {4, channels});
    node.weight = make_tensor({channels}, 1.0F);
    node.bias = make_tensor({channels});
    node.running_mean = make_tensor({channels});
    node.running_var = make_tensor({channels}, 1.0F);
    return append(std::move(node), parameters);
  }

  Index relu(std::string name, std::optional<Index> from = {}) {
    return append(make(std::move(name), Op::relu, from));
  }
  Index max_pool(std::string name, const PoolOptions& options, std::optional<Index> from = {}) {
    return pool(std::move(name), Op::max_pool, options, from);
  }
  Index avg_pool(std::string name, const PoolOptions& options, std::optional<Index> from = {}) {
    return pool(std::move(name), Op::avg_pool, options, from);
  }
  Index flatten(std::string name, std::optional<Index> from = {}) {
    Node node = make(std::move(name), Op::flatten, from);
    node.shape = {node.shape.size(), 1, 1};
    return append(std::move(node));
  }
  Index dropout(std::string name, double rate, std::optional<Index> from = {}) {
    Node node = make(std::move(name), Op::dropout, from);
    if (!(rate >= 0.0 && rate < 1.0))
      fail(ErrorId::out_of_range, "dropout '", node.name, "': rate ", rate, " is not in [0, 1)");
    node.rate = rate;
    return append(std::move(node));
  }
  /// Sum of nodes of one shape.
  Index add(std::string name, std::vector<Index> inputs) {
    if (inputs.size() < 2)
      fail(ErrorId::invalid_graph, "add '", name, "' needs at least two inputs");
    Node node = make(std::move(name), Op::add, inputs.front());
    for (const Index input : inputs) {
      check_index(node.name, input);
      if (this->node(input).shape != node.shape)
        fail(ErrorId::invalid_graph, "add '", node.name, "': ", shape_text(node.shape), " and ",
             shape_text(this->node(input).shape), " can't be summed");
    }
    node.inputs = std::move(inputs);
    return append(std::move(node));
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
  /// Classes: the channels of the last node.
  [[nodiscard]] Index outputs() const { return nodes_.back().shape.channels; }

  /// Indices of the nodes with a weight matrix, in order: the layers that are pruned and mapped.
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
      const Index fan = n.op == Op::conv ? n.out_channels * n.kernel.h * n.kernel.w
                                         : static_cast<Index>(n.weight.shape(1));
      const double scale = std::sqrt(2.0 / static_cast<double>(fan));
      for (float& w : n.weight) w = static_cast<float>(scale * random.normal());
    }
  }

 private:
  template <class Named, class Nodes>
  [[nodiscard]] static std::vector<Named> list_parameters(Nodes& nodes) {
    std::vector<Named> all;
    for (auto& node : nodes) {
      if (node.has_matrix() || node.op == Op::batch_norm)
        all.push_back({node.name + ".weight", &node.weight});
      if (node.has_bias || node.op == Op::batch_norm)
        all.push_back({node.name + ".bias", &node.bias});
      if (node.op == Op::batch_norm) {
        all.push_back({node.name + ".running_mean", &node.running_mean});
        all.push_back({node.name + ".running_var", &node.running_var});
      }
    }
    return all;
  }

  [[nodiscard]] Shape3 shape_in(const Node& n) const { return node(n.inputs.front()).shape; }

  void check_index(const std::string& name, Index from) const {
    if (from < 0 || from >= size())
      fail(ErrorId::invalid_graph, "node '", name, "' reads node ", from, " of ", size(),
           "; a node reads earlier ones only");
  }

  [[nodiscard]] Node make(std::string name, Op op, std::optional<Index> from) const {
    Node node;
    node.name = std::move(name);
    node.op = op;
    const Index source = from.value_or(size() - 1);
    check_index(node.name, source);
    node.inputs = {source};
    node.shape = this->node(source).shape;
    return node;
  }

  /// A node whose parameters, if it has any, were counted.
  Index append(Node node, Index parameters = 0) {
    count(node, {node.shape.channels, node.shape.height, node.shape.width}, kMaxMap);
    if (size() == kMaxNodes)
      fail(ErrorId::out_of_range, "node '", node.name, "' is one more than the ", kMaxNodes,
           " that a network may have");
    if (!index_of_.emplace(node.name, size()).second)
      fail(ErrorId::invalid_graph, "two nodes are named '", node.name, "'");
    nodes_.push_back(std::move(node));
    parameters_ += parameters;
    return size() - 1;
  }

  /// Numbers of a shape. Throws out_of_range for more than `most`.
  static Index count(const Node& node, const std::vector<Index>& shape, Index most) {
    Index size = 1;
    for (const Index extent : shape)
      if (__builtin_mul_overflow(size, extent, &size) || size > most)
        fail(ErrorId::out_of_range, op_name(node.op), " '", node.name,
             "': ", autoprune::shape_text(shape), " is more than ", most,
             " numbers; is an extent mistyped?");
    return size;
  }

  /// Parameters of a node, those of `shape` and `others`. Throws out_of_range when there would be
  /// too many of them in the network.
  [[nodiscard]] Index count_parameters(const Node& node, const std::vector<Index>& shape,
                                       Index others = 0) const {
    const Index parameters = count(node, shape, kMaxParameters) + others;
    if (parameters > kMaxParameters - parameters_)
      fail(ErrorId::out_of_range, op_name(node.op), " '", node.name, "': its ", parameters,
           " parameters and the ", parameters_, " before it are more than ", kMaxParameters);
    return parameters;
  }

  /// A node with a weight matrix of `shape`, whose first extent are the filters.
  Index append_matrix(Node node, bool bias, const std::vector<Index>& shape) {
    const Index out = shape.front();
    if (out < 1)
      fail(ErrorId::out_of_range, op_name(node.op), " '", node.name, "': ", out,
           " filters; at least 1 is needed");
    const Index parameters = count_parameters(node, shape, bias ? out : 0);
    node.out_channels = out;
    node.has_bias = bias;
    node.weight = make_tensor(shape);
    if (bias) node.bias = make_tensor({out});
    return append(std::move(node), parameters);
  }

  void set_window(Node& node, Size2 kernel, Size2 stride, Size2 padding) const {
    node.kernel = kernel;
    node.stride = stride;
    node.padding = padding;
    const Shape3 in = shape_in(node);
    const auto extent = [&](Index size, Index k, Index s, Index p) {
      if (k < 1 || s < 1 || p < 0 || p >= k || k > kMaxMap || s > kMaxMap)
        fail(ErrorId::out_of_range, op_name(node.op), " '", node.name, "': kernel ", k, ", stride ",
             s, ", padding ", p, "; needs kernel and stride from 1 to ", kMaxMap,
             ", 0 <= padding < kernel");
      if (size + 2 * p < k)
        fail(ErrorId::invalid_graph, op_name(node.op), " '", node.name, "': a kernel of ", k,
             " is larger than its input of ", size, " with padding ", p);
      return (size + 2 * p - k) / s + 1;
    };
    node.shape = {in.channels, extent(in.height, kernel.h, stride.h, padding.h),
                  extent(in.width, kernel.w, stride.w, padding.w)};
  }

  Index pool(std::string name, Op op, const PoolOptions& options, std::optional<Index> from) {
    Node node = make(std::move(name), op, from);
    set_window(node, options.kernel, options.stride.value_or(options.kernel), options.padding);
    return append(std::move(node));
  }

  std::vector<Node> nodes_;
  std::unordered_map<std::string, Index> index_of_;  // by name
  Index parameters_ = 0;                             // in all
};

}  // namespace autoprune::nn
