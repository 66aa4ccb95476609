/// @file graph.hpp
/// The nodes of a model's graph, with what is known of the tensors that they read.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoprune/onnx/constant.hpp"
#include "autoprune/onnx/functions.hpp"
#include "autoprune/onnx/map.hpp"
#include "autoprune/onnx/shapes.hpp"

namespace autoprune::onnx {

using SharedConstant = std::shared_ptr<const Constant>;

/// What is known of a tensor of the graph: its numbers, or the map that it is a view of.
struct Value {
  SharedConstant constant = {};                ///< worked out, or read already
  const proto::TensorProto* stored = nullptr;  ///< where it is to be read from
  std::string origin = {};                     ///< the initialiser's name, through moves of it
  std::optional<Map> map = {};                 ///< of one that depends on the images
  std::vector<FunctionOf> functions = {};      ///< that it is of earlier tensors
  const proto::NodeProto* producer = nullptr;
};

/// Tensors by their names.
class Values {
 public:
  explicit Values(const Model& model) : model_(&model) {
    for (const auto& node : model.graph().node())
      for (const std::string& input : node.input()) ++readers_[input];
    for (const auto& output : model.graph().output()) ++readers_[output.name()];
  }

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const Value* find(const std::string& name) const {
    const auto found = all_.find(name);
    return found == all_.end() ? nullptr : &found->second;
  }
  /// Throws invalid_graph when there is one of that name.
  Value& add(const std::string& name, Value value) {
    const auto [at, added] = all_.emplace(name, std::move(value));
    if (!added)
      fail(ErrorId::invalid_graph, "file '", model_->origin, "': tensor '", name,
           "' is there twice; the model is damaged");
    return at->second;
  }
  [[nodiscard]] bool is_constant(const std::string& name) const {
    const Value* value = find(name);
    return value != nullptr && (value->constant || value->stored != nullptr);
  }
  /// Whether one node alone reads a tensor, so that it may take over the one that makes it.
  [[nodiscard]] bool read_once(const std::string& name) const { return readers_.at(name) == 1; }
  /// The numbers of a constant, or null. Throws what reading them throws.
  [[nodiscard]] SharedConstant constant(const std::string& name) const {
    const Value* value = find(name);
    if (value == nullptr || value->constant || value->stored == nullptr)
      return value == nullptr ? nullptr : value->constant;
    return std::make_shared<const Constant>(read_constant(*model_, *value->stored));
  }
  /// Of a constant. Throws Unsupported for others.
  [[nodiscard]] std::vector<Index> shape(const std::string& name) const {
    if (!is_constant(name)) throw Unsupported{concat("its input '", name, "' isn't constant")};
    const Value& value = *find(name);
    return value.constant ? value.constant->shape : detail::shape_of(*model_, *value.stored);
  }

 private:
  const Model* model_;
  std::unordered_map<std::string, Value> all_;
  std::unordered_map<std::string, Index> readers_;
};

/// The decimal number that a float was written as: 0.1F is 0.1.
[[nodiscard]] inline double decimal(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double number = value;
  std::from_chars(text, end, number);
  return number;
}

/// All of a constant's numbers as integers. Throws Unsupported for real ones.
[[nodiscard]] inline Integers integers_of(const Constant& constant) {
  if (const auto* all = std::get_if<Integers>(&constant.values)) return *all;
  throw Unsupported{"real numbers where integers are needed"};
}

/// A node, its attributes with their defaults, and its inputs.
class GraphNode {
 public:
  GraphNode(const proto::NodeProto& node, const Values& values) : node_(&node), values_(&values) {}

  [[nodiscard]] const proto::NodeProto& message() const { return *node_; }
  [[nodiscard]] const std::string& op() const { return node_->op_type(); }
  [[nodiscard]] Index opset() const { return values_->model().opset; }
  [[nodiscard]] const Values& values() const { return *values_; }

  /// The first of its outputs.
  [[nodiscard]] const std::string& output() const { return node_->output(0); }
  [[nodiscard]] Index inputs() const { return node_->input_size(); }
  [[nodiscard]] const std::string& input(Index k) const {
    static const std::string none;
    return k < inputs() ? node_->input(static_cast<int>(k)) : none;
  }
  [[nodiscard]] bool has_input(Index k) const { return !input(k).empty(); }
  [[nodiscard]] bool is_constant(Index k) const { return values_->is_constant(input(k)); }

  /// An input's numbers, or null when it isn't given. Throws Unsupported for one that depends on
  /// the images.
  [[nodiscard]] const Constant* constant(Index k) const {
    if (!has_input(k)) return nullptr;
    return &known(k);
  }
  [[nodiscard]] const Constant& known(Index k) const {
    held_.push_back(values_->constant(input(k)));
    if (!held_.back()) throw Unsupported{concat("its input ", k + 1, " isn't a constant")};
    return *held_.back();
  }
  /// An input's only number. Throws Unsupported.
  [[nodiscard]] float number(Index k) const {
    const Constant& value = known(k);
    if (value.size() != 1 || std::isnan(value.real(0)))
      throw Unsupported{concat("its input ", k + 1, " isn't one number")};
    return value.real(0);
  }
  /// The view that an input is. Throws Unsupported for a constant, or one with zeros around that
  /// are still to be taken up.
  [[nodiscard]] const Map& map(Index k) const {
    const Map& map = padded_map(k);
    if (map.padded()) throw Unsupported{"a Pad in front that only a convolution or pool takes up"};
    return map;
  }
  [[nodiscard]] const Map& padded_map(Index k) const {
    const Value* value = values_->find(input(k));
    if (value == nullptr || !value->map)
      throw Unsupported{concat("its input ", k + 1, " is a constant where a map is needed")};
    return *value->map;
  }

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] Index integer(std::string_view key, Index usual) const {
    const auto* found = find(key);
    return found == nullptr ? usual : checked(*found, found->has_i()).i();
  }
  [[nodiscard]] double real(std::string_view key, double usual) const {
    const auto* found = find(key);
    const bool real = found != nullptr && found->has_f() && !std::isnan(found->f());
    return found == nullptr ? usual : decimal(checked(*found, real).f());
  }
  [[nodiscard]] std::string text(std::string_view key, const std::string& usual) const {
    const auto* found = find(key);
    return found == nullptr ? usual : checked(*found, found->has_s()).s();
  }
  [[nodiscard]] Integers integers(std::string_view key) const {
    const auto* found = find(key);
    return found == nullptr ? Integers{} : Integers(found->ints().begin(), found->ints().end());
  }
  [[nodiscard]] std::optional<Constant> tensor(std::string_view key) const {
    const auto* found = find(key);
    if (found == nullptr) return std::nullopt;
    return read_constant(values_->model(), checked(*found, found->has_t()).t());
  }
  /// Of a node Constant.
  [[nodiscard]] Constant own_value() const {
    if (std::optional<Constant> value = tensor("value")) return *value;
    if (has("value_int")) return {{}, Integers{integer("value_int", 0)}};
    if (const auto* found = find("value_float")) return {{}, Reals{found->f()}};
    if (const auto* found = find("value_floats"))
      return {{found->floats_size()}, Reals(found->floats().begin(), found->floats().end())};
    if (!has("value_ints")) throw Unsupported{"a constant that isn't numbers"};
    const Integers all = integers("value_ints");
    return {{static_cast<Index>(all.size())}, all};
  }

  /// Integers that older versions have as an attribute and newer ones as input k.
  [[nodiscard]] Integers integers(std::string_view key, Index k) const {
    if (has(key)) return integers(key);
    const Constant* value = constant(k);
    return value == nullptr ? Integers{} : integers_of(*value);
  }
  /// Axes of a tensor of that rank, in ascending order.
  [[nodiscard]] std::vector<std::size_t> axes(std::size_t rank, Index k = 1) const {
    std::vector<std::size_t> all;
    for (const Index axis : integers("axes", k)) all.push_back(detail::axis_of(axis, rank));
    std::sort(all.begin(), all.end());
    if (std::adjacent_find(all.begin(), all.end()) != all.end())
      throw Unsupported{"the same axis twice"};
    return all;
  }
  /// Squeeze's and Unsqueeze's.
  [[nodiscard]] std::vector<Index> squeezed(std::vector<Index> shape) const {
    const bool fewer = op() == "Squeeze";
    const std::size_t more = fewer ? 0 : integers("axes", 1).size();
    const std::vector<std::size_t> which = axes(shape.size() + more);
    if (fewer && which.empty()) {
      shape.erase(std::remove(shape.begin(), shape.end(), 1), shape.end());
      return shape;
    }
    for (auto axis = which.begin(); !fewer && axis != which.end(); ++axis)
      shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(*axis), 1);
    for (auto axis = which.rbegin(); fewer && axis != which.rend(); ++axis) {
      if (shape[*axis] != 1) throw Unsupported{"an axis that isn't 1 to be squeezed"};
      shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(*axis));
    }
    return shape;
  }
  /// Transpose's.
  [[nodiscard]] std::vector<std::size_t> permutation(std::size_t rank) const {
    const Integers given = integers("perm");
    std::vector<std::size_t> all;
    for (std::size_t k = rank; k-- > 0 && given.empty();) all.push_back(k);
    for (const Index axis : given) all.push_back(detail::axis_of(axis, rank));
    std::vector<std::size_t> sorted = all;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t k = 0; k < rank; ++k)
      if (sorted.size() != rank || sorted[k] != k) throw Unsupported{"a perm that isn't one"};
    return all;
  }
  /// Slice's.
  [[nodiscard]] detail::Steps steps(const std::vector<Index>& shape) const {
    const Integers begin = integers("starts", 1), end = integers("ends", 2);
    Integers which = integers("axes", 3), step = integers("steps", 4);
    for (std::size_t k = 0; k < begin.size() && which.size() < begin.size(); ++k)
      which.push_back(static_cast<Index>(k));
    if (step.empty()) step.assign(begin.size(), 1);
    if (end.size() != begin.size() || which.size() != begin.size() || step.size() != begin.size())
      throw Unsupported{"a Slice whose starts, ends and axes aren't as many"};
    detail::Steps all;
    for (std::size_t k = 0; k < begin.size(); ++k) {
      const std::size_t axis = detail::axis_of(which[k], shape.size());
      for (const detail::Step& earlier : all)
        if (earlier.axis == axis) throw Unsupported{"a Slice of the same axis twice"};
      all.push_back(detail::python_slice(axis, shape[axis], begin[k], end[k], step[k]));
    }
    return all;
  }
  /// Shape's.
  [[nodiscard]] Constant part_of_shape(const std::vector<Index>& shape) const {
    const auto rank = static_cast<Index>(shape.size());
    const detail::Step part =
        detail::python_slice(0, rank, integer("start", 0), integer("end", rank), 1);
    const auto first = shape.begin() + part.begin;
    return {{part.size}, Integers(first, first + part.size)};
  }

 private:
  [[nodiscard]] const proto::AttributeProto* find(std::string_view key) const {
    for (const auto& attribute : node_->attribute())
      if (attribute.name() == key) return &attribute;
    return nullptr;
  }
  [[nodiscard]] const proto::AttributeProto& checked(const proto::AttributeProto& attribute,
                                                     bool right) const {
    if (!right) throw Unsupported{concat("its ", attribute.name(), " is of another type")};
    return attribute;
  }

  const proto::NodeProto* node_;
  const Values* values_;
  mutable std::vector<SharedConstant> held_;  // so that they can be referred to
};

}  // namespace autoprune::onnx
