/// @file helpers.hpp
/// Models put together message by message, and what their networks answer.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../nn/helpers.hpp"
#include "autoprune/onnx.hpp"

namespace autoprune::onnx::test {

using nn::test::error_of;
using nn::test::random_activation;
using nn::test::Values;
using nn::test::values_of;

using Names = std::vector<std::string>;
using List = std::vector<Index>;

/// An attribute of a node.
struct With {
  std::string key;
  std::variant<Index, double, List, std::string> value;
};

/// A model that is built node by node; its images are the input "x".
class Graph {
 public:
  /// `images` 0: any number of them.
  explicit Graph(Index opset, const List& extents = {3, 6, 8}, Index images = 0) : random_(3) {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(opset);
    auto& input = *graph().add_input();
    input.set_name("x");
    auto& shape = *input.mutable_type()->mutable_tensor_type()->mutable_shape();
    if (images > 0)
      shape.add_dim()->set_dim_value(images);
    else
      shape.add_dim()->set_dim_param("n");
    for (const Index extent : extents)
      if (extent > 0)
        shape.add_dim()->set_dim_value(extent);
      else
        shape.add_dim()->set_dim_param("open");
  }

  [[nodiscard]] proto::ModelProto& message() { return model_; }
  [[nodiscard]] proto::GraphProto& graph() { return *model_.mutable_graph(); }
  [[nodiscard]] proto::NodeProto& last() { return *graph().mutable_node(graph().node_size() - 1); }

  /// An initialiser of random numbers from `least` up to `most`.
  std::string weight(const std::string& name, const List& shape, double least = -0.5,
                     double most = 0.5) {
    Reals numbers;
    Index size = 1;
    for (const Index extent : shape) size *= extent;
    for (Index i = 0; i < size; ++i)
      numbers.push_back(static_cast<float>(random_.uniform(least, most)));
    return reals(name, shape, numbers);
  }
  std::string reals(const std::string& name, const List& shape, const Reals& numbers) {
    auto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(proto::TensorProto::FLOAT);
    for (const Index extent : shape) tensor.add_dims(extent);
    for (const float number : numbers) tensor.add_float_data(number);
    values_[name] = numbers;
    return name;
  }
  std::string number(double value) {
    return reals(concat("number", ++made_), {}, {static_cast<float>(value)});
  }
  std::string integers(const List& numbers, bool scalar = false) {
    auto& tensor = *graph().add_initializer();
    tensor.set_name(concat("integers", ++made_));
    tensor.set_data_type(proto::TensorProto::INT64);
    if (!scalar) tensor.add_dims(static_cast<Index>(numbers.size()));
    for (const Index number : numbers) tensor.add_int64_data(number);
    return tensor.name();
  }

  /// A node; the name of its first output. Further ones are that name and .1, .2.
  std::string add(const std::string& op, const Names& inputs, const std::vector<With>& with = {},
                  int outputs = 1) {
    auto& node = *graph().add_node();
    node.set_op_type(op);
    const std::string name = concat("t", ++made_);
    for (const std::string& input : inputs) node.add_input(input);
    for (int k = 0; k < outputs; ++k) node.add_output(k == 0 ? name : concat(name, '.', k));
    for (const auto& [key, value] : with) {
      auto& attribute = *node.add_attribute();
      attribute.set_name(key);
      if (const auto* whole = std::get_if<Index>(&value)) attribute.set_i(*whole);
      if (const auto* real = std::get_if<double>(&value))
        attribute.set_f(static_cast<float>(*real));
      if (const auto* text = std::get_if<std::string>(&value)) attribute.set_s(*text);
      if (const auto* list = std::get_if<List>(&value))
        for (const Index one : *list) attribute.add_ints(one);
    }
    return name;
  }
  /// A node with `axes` as an attribute or, in newer versions, as an input.
  std::string with_axes(const std::string& op, const std::string& x, const List& axes, bool input,
                        std::vector<With> with = {}) {
    if (input) return add(op, {x, integers(axes)}, with);
    with.push_back({"axes", axes});
    return add(op, {x}, with);
  }

  void set_output(const std::string& name) { graph().add_output()->set_name(name); }

  [[nodiscard]] Model model(const std::filesystem::path& folder = {}) {
    if (graph().output_size() == 0) set_output(last().output(0));
    return parse_model(model_.SerializeAsString(), "test.onnx", folder);
  }
  [[nodiscard]] nn::Network read(const ReadOptions& options = {}) {
    return read_network(model(), options);
  }

  /// Sets parameters of a network of ours to initialisers.
  void give(nn::Network& network, const std::map<std::string, std::string>& initialisers) const {
    for (auto& [name, tensor] : network.parameters())
      if (const auto from = initialisers.find(name); from != initialisers.end()) {
        const Reals& numbers = values_.at(from->second);
        REQUIRE(numbers.size() == tensor->size());
        std::copy(numbers.begin(), numbers.end(), tensor->begin());
      }
  }

 private:
  proto::ModelProto model_;
  Random random_;
  std::map<std::string, Reals> values_;
  int made_ = 0;
};

/// The logits for three random images.
[[nodiscard]] inline Values answer(nn::Network& network) {
  Random random(11);
  ThreadPool pool(1);
  const nn::Activation x = random_activation(random, network.input_shape(), 3);
  nn::Session session(network, pool);
  return values_of(session.forward(x, nn::Mode::inference));
}
/// The same images, [image][channel][row][column].
[[nodiscard]] inline Values images(const nn::Shape3& shape) {
  Random random(11);
  return values_of(random_activation(random, shape, 3));
}

/// What a network is made of.
[[nodiscard]] inline std::string ops_of(const nn::Network& network) {
  std::string all;
  for (Index i = 1; i < network.size(); ++i)
    all += concat(i == 1 ? "" : " ", network.node(i).op.name());
  return all;
}

/// That a model and a network of ours are the same operations and answer the same.
inline void check_same(Graph& graph, nn::Network expected) {
  nn::Network read = graph.read();
  REQUIRE(ops_of(read) == ops_of(expected));
  for (Index i = 1; i < read.size(); ++i) {
    CHECK(read.node(i).op == expected.node(i).op);
    CHECK(read.node(i).shape == expected.node(i).shape);
  }
  CHECK(error_of(answer(read), answer(expected)) < 1e-6);
}

}  // namespace autoprune::onnx::test
