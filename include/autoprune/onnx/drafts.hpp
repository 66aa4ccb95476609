/// @file drafts.hpp
/// The nodes that a network may get: for every node of a graph what it would be. Those on which the
/// output depends become the network; others, such as the parts of an activation that was found to
/// be one, are forgotten.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/nn/network.hpp"
#include "autoprune/onnx/graph.hpp"

namespace autoprune::onnx {

/// Where the numbers of a parameter come from.
struct Fill {
  Tensor nn::Node::*parameter;
  std::string value;             ///< a constant of the graph
  SharedConstant constant = {};  ///< or one that stands for it
  bool transposed = false;       ///< [in][out] in the file
  double factor = 1.0;
};

struct Draft {
  const proto::NodeProto* from = nullptr;  ///< null for the images
  std::optional<nn::Op> op = {};           ///< none of a node that can't be read
  std::vector<Index> inputs = {};
  nn::Shape3 shape = {};
  std::vector<Fill> fills = {};
  std::string reason = {};  ///< why it can't be read; "": since its inputs can't
  bool moves = false;       ///< made for the sake of the one that reads it

  /// Its op when it is of that type, or null.
  template <class O>
  [[nodiscard]] const O* as() const {
    return op ? op->as<O>() : nullptr;
  }
  [[nodiscard]] bool has(Tensor nn::Node::*parameter) const {
    return std::any_of(fills.begin(), fills.end(),
                       [&](const Fill& f) { return f.parameter == parameter; });
  }
};

/// "Conv '/layer1/conv1/Conv'", for messages.
[[nodiscard]] inline std::string node_text(const proto::NodeProto& node) {
  return concat(node.op_type(), " '",
                !node.name().empty()     ? node.name()
                : node.output_size() > 0 ? node.output(0)
                                         : std::string{},
                '\'');
}

class Drafts {
 public:
  [[nodiscard]] Draft& operator[](Index i) { return all_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] const Draft& operator[](Index i) const { return all_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] Index size() const { return static_cast<Index>(all_.size()); }
  [[nodiscard]] const nn::Shape3& shape(Index i) const { return (*this)[i].shape; }

  /// Of which node's conversion the next ones are.
  void begin(const proto::NodeProto& node) { from_ = &node; }

  Index add(Draft draft) {
    all_.push_back(std::move(draft));
    return size() - 1;
  }
  /// A node that reads these drafts. Throws as the op does for inputs that it can't work on.
  Index append(nn::Op op, std::vector<Index> inputs, std::vector<Fill> fills = {},
               bool moves = false) {
    const std::string name = from_ == nullptr ? std::string{} : node_text(*from_);
    nn::OpInputs in{op.name(), name};
    for (const Index i : inputs) in.shapes.push_back(shape(i));
    const nn::Shape3 out = op.shape(in);
    Index size = out.channels;
    if (__builtin_mul_overflow(size, out.height, &size) ||
        __builtin_mul_overflow(size, out.width, &size) || size > nn::kMaxMap)
      in.fail(ErrorId::out_of_range, "a map of ", nn::shape_text(out), ", more than ", nn::kMaxMap,
              " numbers; is an extent mistyped?");
    return add({from_, std::move(op), std::move(inputs), out, std::move(fills), {}, moves});
  }
  /// A copy of a draft with another op, and more of its parameters known.
  Index extended(Index i, nn::Op op, Fill fill) {
    Draft draft = (*this)[i];
    draft.op = std::move(op);
    draft.fills.push_back(std::move(fill));
    return add(std::move(draft));
  }

  /// Those on which one depends, itself included: a flag each.
  [[nodiscard]] std::vector<bool> needed_by(Index output) const {
    std::vector<bool> needed(all_.size(), false);
    needed[static_cast<std::size_t>(output)] = true;
    for (Index i = output; i >= 0; --i)
      if (needed[static_cast<std::size_t>(i)])
        for (const Index input : (*this)[i].inputs) needed[static_cast<std::size_t>(input)] = true;
    return needed;
  }

 private:
  std::vector<Draft> all_;
  const proto::NodeProto* from_ = nullptr;
};

}  // namespace autoprune::onnx
