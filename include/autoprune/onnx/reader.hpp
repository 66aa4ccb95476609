/// @file reader.hpp
/// Reads a model node by node, and makes a network of those on which its output depends.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/nn/network.hpp"
#include "autoprune/onnx/composed.hpp"
#include "autoprune/onnx/fold.hpp"
#include "autoprune/onnx/names.hpp"
#include "autoprune/onnx/operators.hpp"
#include "autoprune/onnx/sorted.hpp"

namespace autoprune::onnx {

struct ReadOptions {
  /// A tensor or node of the model, or a node of its network; the model's first when it isn't
  /// named.
  std::string output = {};
  std::optional<nn::Shape3> images = {};  ///< of a model that leaves height or width open
};

/// Whether a model leaves an extent of its images open, beside their number.
[[nodiscard]] inline bool leaves_size_open(const Model& model) {
  const auto& graph = model.graph();
  for (const auto& input : graph.input()) {
    const auto is_input = [&](const auto& tensor) { return tensor.name() == input.name(); };
    if (std::any_of(graph.initializer().begin(), graph.initializer().end(), is_input)) continue;
    const auto& dims = input.type().tensor_type().shape().dim();
    return std::any_of(dims.begin() + std::min(1, dims.size()), dims.end(),
                       [](const auto& dim) { return dim.dim_value() < 1; });
  }
  return false;
}

namespace detail {

/// Stands for any number of images. A prime: no other extent is a multiple of it.
inline constexpr Index kAnyImages = 10007;

class Reader {
 public:
  Reader(const Model& model, const ReadOptions& options)
      : model_(model), options_(options), import_(model) {
    for (const auto& tensor : model_.graph().initializer()) {
      import_.values.add(tensor.name(), {.stored = &tensor, .origin = tensor.name()});
      foldable_ += 2 * size_of(shape_of(model_, tensor));
    }
    add_inputs();
    for (const proto::NodeProto* node : sorted_nodes(model_, import_.values)) add_node(*node);
  }

  /// Throws unsupported_model, which lists all nodes that can't be read.
  [[nodiscard]] nn::Network network() {
    const auto& outputs = model_.graph().output();
    if (outputs.empty()) fail(ErrorId::invalid_graph, where(), "the model has no output");
    const std::string usual = outputs[0].name(),
                      wanted = options_.output.empty() ? usual : options_.output;
    const bool of_model = tensor_of(wanted).has_value();
    Index last = draft_of(of_model ? wanted : usual);
    std::vector<bool> needed = drafts().needed_by(last);
    const std::vector<std::string> name_of = names_of(needed);
    if (!of_model) {
      const auto found = std::find(name_of.begin(), name_of.end(), wanted);
      if (found == name_of.end()) fail_unknown_output(wanted, name_of);
      last = found - name_of.begin();
      needed = drafts().needed_by(last);
    }
    nn::Network net(drafts().shape(0));
    std::vector<Index> node_of(needed.size(), 0);
    for (Index i = 1; i <= last; ++i) {
      if (!needed[static_cast<std::size_t>(i)]) continue;
      const Draft& draft = drafts()[i];
      std::vector<Index> inputs;
      for (const Index k : draft.inputs) inputs.push_back(node_of[static_cast<std::size_t>(k)]);
      const Index made = net.append(name_of[static_cast<std::size_t>(i)], *draft.op, inputs);
      for (const Fill& fill : draft.fills) load(net.node(made), fill);
      nn::check_parameters(net.node(made));
      node_of[static_cast<std::size_t>(i)] = made;
    }
    return net;
  }

 private:
  [[nodiscard]] Drafts& drafts() { return import_.drafts; }
  [[nodiscard]] std::string where() const { return concat("file '", model_.origin, "': "); }

  // ---- Inputs ----

  /// The first input that isn't an initialiser are the images; what reads another can't be read.
  void add_inputs() {
    for (const auto& input : model_.graph().input()) {
      if (import_.values.find(input.name()) != nullptr) continue;
      const bool first = drafts().size() == 0;
      const Map map =
          first ? images(input)
                : Map{.draft = drafts().add({.reason = "a second input"}), .known = false};
      import_.values.add(input.name(), {.map = map});
    }
    if (drafts().size() == 0) fail(ErrorId::invalid_graph, where(), "the model has no input");
  }

  [[nodiscard]] Map images(const proto::ValueInfoProto& input) {
    const auto& dims = input.type().tensor_type().shape().dim();
    const int rank = dims.size();
    if (rank < 2 || rank > 4)
      fail(ErrorId::unsupported_model, where(), "its input '", input.name(), "' has ", rank,
           " axes; images x channels x height x width are read, and fewer of them down to two");
    const auto given = [&](int axis) { return std::max<Index>(dims[axis].dim_value(), 0); };
    const auto extent = [&](int axis, Index nn::Shape3::*usual) {
      if (given(axis) > 0) return given(axis);
      if (options_.images) return (*options_.images).*usual;
      fail(ErrorId::missing_value, where(), "its input '", input.name(), "' leaves axis ", axis,
           " open; say the shape of the images, or export it with a fixed one");
    };
    import_.images = given(0) > 0 ? given(0) : kAnyImages;
    const bool last = rank == 4 && channels_last(input.name());
    nn::Shape3 shape;
    if (rank == 3) {
      shape = {1, extent(1, &nn::Shape3::height), extent(2, &nn::Shape3::width)};
    } else {
      shape.channels = extent(last ? 3 : 1, &nn::Shape3::channels);
      if (rank == 4) shape.height = extent(last ? 1 : 2, &nn::Shape3::height);
      if (rank == 4) shape.width = extent(last ? 2 : 3, &nn::Shape3::width);
    }
    (void)nn::Network(shape);  // throws for one that no network takes
    drafts().add({.op = nn::Input{}, .shape = shape});
    const Map map = whole(drafts(), 0);
    const auto [c, h, w] = std::array{map.strides[0], map.strides[1], map.strides[2]};
    if (rank == 2) return {0, {shape.channels}, {c}};
    if (rank == 3) return {0, {shape.height, shape.width}, {h, w}};
    return last ? Map{0, {shape.height, shape.width, shape.channels}, {h, w, c}} : map;
  }

  /// Whether all that is done with images is to put their channels first.
  [[nodiscard]] bool channels_last(const std::string& name) const {
    bool all = true, any = false;
    for (const auto& node : model_.graph().node())
      if (std::find(node.input().begin(), node.input().end(), name) != node.input().end()) {
        any = true;
        const GraphNode reader(node, import_.values);
        all =
            all && node.op_type() == "Transpose" && reader.integers("perm") == Integers{0, 3, 1, 2};
      }
    return any && all;
  }

  // ---- Nodes ----

  void add_node(const proto::NodeProto& message) {
    const GraphNode node(message, import_.values);
    drafts().begin(message);
    Maps maps;
    Functions functions;
    try {
      if (std::optional<Value> value = constant_value(node)) {
        value->producer = &message;
        import_.values.add(node.output(), std::move(*value));
      } else {
        functions = functions_of(node);
        maps = converted(node, functions);
      }
    } catch (const Unsupported& unsupported) {
      maps = {refused(node, unsupported.reason, functions)};
    }
    for (int k = 0; k < message.output_size(); ++k) {
      const std::string& output = message.output(k);
      const auto i = static_cast<std::size_t>(k);
      if (output.empty() || import_.values.find(output) != nullptr) continue;
      if (i >= maps.size()) maps.resize(i + 1, refused(node, "only its first output is read"));
      import_.values.add(output, {.map = maps[i], .functions = functions, .producer = &message});
      functions.clear();
    }
  }

  /// A node that can't be read; "" is the reason where its inputs can't. One that is a function of
  /// another tensor may be part of an activation: it is laid out as that.
  [[nodiscard]] Map refused(const GraphNode& node, std::string reason,
                            const Functions& functions = {}) {
    Draft draft{.from = &node.message(), .reason = std::move(reason)};
    for (Index k = 0; k < node.inputs(); ++k)
      if (const Value* value = import_.values.find(node.input(k)); value != nullptr && value->map)
        draft.inputs.push_back(value->map->draft);
    Map map{.known = !functions.empty()};
    if (map.known) map = *import_.values.find(functions.back().of)->map;
    if (map.known) draft.shape = drafts().shape(map.draft);
    map.draft = drafts().add(std::move(draft));
    return map;
  }

  /// What a node makes, where it doesn't depend on the images.
  [[nodiscard]] std::optional<Value> constant_value(const GraphNode& node) {
    const std::string& domain = node.message().domain();
    if (!domain.empty() && domain != "ai.onnx")
      throw Unsupported{concat("operators of '", domain, "' aren't read")};
    const auto made = [&](Constant constant) {
      if ((foldable_ -= static_cast<Index>(constant.size())) < 0)
        throw Unsupported{"constants of more numbers than make sense"};
      return Value{.constant = std::make_shared<const Constant>(std::move(constant)),
                   .origin = origin_of(node)};
    };
    if (node.op() == "Constant") return made(node.own_value());
    bool constant = true;
    for (Index k = 0; k < node.inputs(); ++k)
      constant = constant && (!node.has_input(k) || node.is_constant(k));
    if (constant && node.op() == "Identity" && node.inputs() == 1) {
      Value value = *import_.values.find(node.input(0));
      value.origin = origin_of(node);
      return value;
    }
    if (constant) {
      if (std::optional<Constant> folded = fold(node)) return made(std::move(*folded));
      throw Unsupported{"an operation of constants that isn't known"};
    }
    if ((node.op() != "Shape" && node.op() != "Size") || !node.padded_map(0).known)
      return std::nullopt;
    const std::vector<Index> shape = import_.full_shape(node.padded_map(0));
    return made(node.op() == "Shape" ? node.part_of_shape(shape)
                                     : Constant{{}, Integers{size_of(shape)}});
  }

  /// The name by which parameters are known, through what only moves their numbers.
  [[nodiscard]] std::string origin_of(const GraphNode& node) const {
    // Of equal parameters, exporters store one, and name the others by an Identity.
    const bool renames = node.op() == "Identity" && is_of_module(node.output());
    if (renames || !module_of_parameter(node.output()).empty()) return node.output();
    const Value* input = import_.values.find(node.input(0));
    for (const std::string_view op :
         {"Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Cast", "DequantizeLinear"})
      if (node.op() == op && input != nullptr) return input->origin;
    return {};
  }

  [[nodiscard]] Maps converted(const GraphNode& node, const Functions& functions) {
    const Operator* known = find_operator(node.op());
    const char* const missing = "an operation that networks don't have";
    for (Index k = 0; k < node.inputs(); ++k) {
      const Value* value = import_.values.find(node.input(k));
      if (value == nullptr || !value->map || value->map->known) continue;
      const bool somehow = known || function_of(node.op()) || is_of_constants(node.op());
      return {refused(node, somehow ? "" : missing)};
    }
    for (const FunctionOf& f : functions)
      if (const std::optional<nn::Op> op = known_function(f.samples))
        return {import_.same(*import_.values.find(f.of)->map, *op)};
    if (node.op() == "Div")
      if (Maps norm = ops::decomposed_layer_norm(import_, node); !norm.empty()) return norm;
    if (known != nullptr) return known->convert(import_, node);
    return {refused(node, missing, functions)};
  }

  // ---- The network ----

  /// The tensor of that name, or the first that a node of that name makes.
  [[nodiscard]] std::optional<std::string> tensor_of(const std::string& name) const {
    if (import_.values.find(name) != nullptr) return name;
    const auto& nodes = model_.graph().node();
    const auto found = std::find_if(nodes.begin(), nodes.end(),
                                    [&](const auto& node) { return node.name() == name; });
    if (found == nodes.end()) return std::nullopt;
    return found->output(0);
  }

  /// Of the tensor of that name.
  [[nodiscard]] Index draft_of(const std::string& name) {
    const std::optional<std::string> tensor = tensor_of(name);
    if (!tensor) fail_unknown_output(name, {});
    const Value& value = *import_.values.find(*tensor);
    if (!value.map)
      fail(ErrorId::invalid_graph, where(), "its output '", name,
           "' doesn't depend on the images; name another");
    require_readable(drafts().needed_by(value.map->draft));
    const Index last = settled(*value.map);
    if (last == 0)
      fail(ErrorId::invalid_graph, where(), "its output is its input: it has no layer");
    return last;
  }

  /// Of the drafts that are needed; "" of others.
  [[nodiscard]] std::vector<std::string> names_of(const std::vector<bool>& needed) {
    Names names(model_);
    std::vector<std::string> all(needed.size());
    for (const bool of_weights : {true, false})  // these first, as they are found by their names
      for (std::size_t i = 1; i < needed.size(); ++i) {
        const Draft& draft = drafts()[static_cast<Index>(i)];
        if (const std::string parameter = parameter_of(draft);
            needed[i] && parameter.empty() != of_weights)
          all[i] = names.name(draft, parameter);
      }
    return all;
  }

  [[noreturn]] void fail_unknown_output(const std::string& name, std::vector<std::string> known) {
    std::erase(known, "");
    for (const auto& output : model_.graph().output()) known.push_back(output.name());
    fail_unknown(concat("output of file '", model_.origin, '\''), name, known);
  }

  [[nodiscard]] Index settled(const Map& map) {
    try {
      if (map.padded()) throw Unsupported{"a Pad"};
      if (map.extents.size() == 3) return image_map(drafts(), map);
      Index size = 1;
      for (const Index extent : map.extents) size *= extent;
      return settle(drafts(), map, in_order(map.extents.size()), {size, 1, 1});
    } catch (const Unsupported& unsupported) {
      fail(ErrorId::unsupported_model, where(), "its output is ", unsupported.reason,
           "; name another");
    }
  }

  void require_readable(const std::vector<bool>& needed) const {
    std::string lines;
    Index count = 0;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      const Draft& draft = import_.drafts[static_cast<Index>(i)];
      if (!needed[i] || draft.op || draft.reason.empty() || ++count > 100) continue;
      lines += concat("\n  ", draft.from == nullptr ? "the model" : node_text(*draft.from), ": ",
                      draft.reason);
    }
    if (count > 0)
      fail(ErrorId::unsupported_model, where(), count, ' ', plural(count, "node"),
           " can't be read:", lines,
           "\nReplace what is named in the model, or name an output that doesn't depend on it; "
           "docs/networks.md lists what is read");
  }

  /// The name of a node's weights, or "".
  [[nodiscard]] std::string parameter_of(const Draft& draft) const {
    if (draft.fills.empty()) return {};
    const Value* value = import_.values.find(draft.fills.front().value);
    return value == nullptr ? std::string{} : value->origin;
  }

  void load(nn::Node& node, const Fill& fill) const {
    const SharedConstant from = fill.constant ? fill.constant : import_.values.constant(fill.value);
    Tensor& to = node.*fill.parameter;
    // A Gemm may have one number for all filters.
    const bool one = fill.parameter == &nn::Node::bias && node.has_matrix();
    if (!from || (from->size() != to.size() && !(one && from->size() == 1)))
      fail(ErrorId::shape_mismatch, where(), node.op.name(), " '", node.name, "' needs ",
           shape_text(autoprune::shape_of(to)), " numbers, but '", fill.value, "' has ",
           from ? shape_text(from->shape) : "none");
    std::visit(
        [&](const auto& values) {
          const std::size_t rows = to.shape(0), columns = to.size() / rows;
          const auto factor = static_cast<float>(fill.factor);
          for (std::size_t i = 0; i < to.size(); ++i) {
            const std::size_t at = fill.transposed ? i % columns * rows + i / columns : i;
            to.data()[i] = factor * static_cast<float>(values[values.size() == 1 ? 0 : at]);
          }
        },
        from->values);
  }

  const Model& model_;
  const ReadOptions& options_;
  Import import_;
  Index foldable_ = kMaxFolded;  // numbers that nodes may still make of constants
};

}  // namespace detail

}  // namespace autoprune::onnx
