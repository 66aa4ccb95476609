/// @file notations.hpp
/// Every operation of nn/ops.hpp in ONNX's operators of version 10, a function each and a line in
/// the table below. What ONNX got later, as layer normalisation, is written as its parts, which the
/// reader knows.
#pragma once

#include <functional>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/onnx/node_writer.hpp"

namespace autoprune::onnx {

/// How ONNX writes an operation.
struct Notation {
  std::function<bool(const nn::Op&)> is;  ///< whether it is of this operation
  std::function<void(const nn::Op&, NodeWriter&)> write;
};

/// That of the operations of type O: write(op, writer).
template <class O, class Write>
[[nodiscard]] Notation notation(Write write) {
  return {[](const nn::Op& op) { return op.is<O>(); },
          [write](const nn::Op& op, NodeWriter& out) { write(*op.as<O>(), out); }};
}

namespace detail {

using List = std::vector<Index>;

[[nodiscard]] inline std::vector<Setting> settings_of(const nn::Window& w) {
  return {{"kernel_shape", List{w.kernel.h, w.kernel.w}},
          {"strides", List{w.stride.h, w.stride.w}},
          {"pads", List{w.padding.h, w.padding.w, w.padding.h_end, w.padding.w_end}}};
}
[[nodiscard]] inline Setting dilations_of(const nn::Window& w) {
  return {"dilations", List{w.dilation.h, w.dilation.w}};
}

inline void write_conv(const nn::Conv& op, NodeWriter& out) {
  std::vector<Setting> settings = settings_of(op.window());
  settings.push_back(dilations_of(op.window()));
  settings.push_back({"group", op.groups});
  std::vector<std::string> inputs = {out.map(), out.parameter(&nn::Node::weight)};
  if (op.bias) inputs.push_back(out.parameter(&nn::Node::bias));
  out.finish("Conv", inputs, settings);
}
inline void write_linear(const nn::Linear& op, NodeWriter& out) {
  std::vector<std::string> inputs = {out.vector(), out.parameter(&nn::Node::weight)};
  if (op.bias) inputs.push_back(out.parameter(&nn::Node::bias));
  out.finish("Gemm", inputs, {{"transB", Index{1}}}, true);
}
inline void write_max_pool(const nn::MaxPool& op, NodeWriter& out) {
  std::vector<Setting> settings = settings_of(op.window());
  settings.push_back(dilations_of(op.window()));
  if (op.ceil) settings.push_back({"ceil_mode", Index{1}});
  out.finish("MaxPool", {out.map()}, settings);
}
inline void write_avg_pool(const nn::AvgPool& op, NodeWriter& out) {
  nn::Window window = op.window();
  std::string x = out.map();
  if (const nn::Padding p = window.padding; op.count_padding && !op.ceil && p != nn::Padding{}) {
    // Zeros of their own count for every reader; not all heed the attribute.
    x = out.add("Pad", {x}, {{"pads", List{0, 0, p.h, p.w, 0, 0, p.h_end, p.w_end}}});
    window.padding = {};
  }
  std::vector<Setting> settings = settings_of(window);
  settings.push_back({"count_include_pad", Index{op.count_padding}});
  if (op.ceil) settings.push_back({"ceil_mode", Index{1}});
  out.finish("AveragePool", {x}, settings);
}
inline void write_batch_norm(const nn::BatchNorm& op, NodeWriter& out) {
  const Index channels = out.input_shape().channels;
  const std::string scale =
      op.affine ? out.parameter(&nn::Node::weight) : out.numbers(channels, 1.0F);
  const std::string shift =
      op.affine ? out.parameter(&nn::Node::bias) : out.numbers(channels, 0.0F);
  out.finish("BatchNormalization",
             {out.map(), scale, shift, out.parameter(&nn::Node::running_mean),
              out.parameter(&nn::Node::running_var)},
             {{"epsilon", op.eps}, {"momentum", 1.0 - op.momentum}});
}
inline void write_layer_norm(const nn::LayerNorm& op, NodeWriter& out) {
  const std::vector<Setting> along = {{"axes", List{1}}, {"keepdims", Index{1}}};
  const std::string x = out.map();  // not every reader stretches vectors
  const std::string centred = out.add("Sub", {x, out.add("ReduceMean", {x}, along)});
  const std::string square = out.add("Pow", {centred, out.number(2.0)});
  const std::string variance = out.add("ReduceMean", {square}, along);
  const std::string root = out.add("Sqrt", {out.add("Add", {variance, out.number(op.eps)})});
  if (!op.affine) return out.finish("Div", {centred, root});
  const std::string normal = out.add("Div", {centred, root});
  const std::string scaled = out.add("Mul", {normal, out.of_channels(&nn::Node::weight)});
  out.finish("Add", {scaled, out.of_channels(&nn::Node::bias)});
}
/// Until version 13 along all axes from one on: the channels have to be the last.
inline void write_softmax(const nn::Softmax& op, NodeWriter& out) {
  const std::string name = op.log ? "LogSoftmax" : "Softmax";
  if (out.all_flat()) return out.finish_alike(name, {out.input()}, {{"axis", Index{1}}});
  const std::string last = out.add("Transpose", {out.map()}, {{"perm", List{0, 2, 3, 1}}});
  const std::string shares = out.add(name, {last}, {{"axis", Index{3}}});
  out.finish("Transpose", {shares}, {{"perm", List{0, 3, 1, 2}}});
}
inline void write_scale(const nn::Scale& op, NodeWriter& out) {
  const std::string factors =
      out.of_channels(op.learned ? &nn::Node::weight : &nn::Node::running_var, op.learned);
  if (!op.bias) return out.finish("Mul", {out.map(), factors});
  const std::string shifts =
      out.of_channels(op.learned ? &nn::Node::bias : &nn::Node::running_mean, op.learned);
  out.finish("Add", {out.add("Mul", {out.map(), factors}), shifts});
}
inline void write_prelu(const nn::Prelu&, NodeWriter& out) {
  out.finish("PRelu", {out.map(), out.of_channels(&nn::Node::weight)});
}
inline void write_silu(const nn::Silu&, NodeWriter& out) {
  out.finish_alike("Mul", {out.input(), out.add("Sigmoid", {out.input()})});
}
inline void write_hard_swish(const nn::HardSwish&, NodeWriter& out) {
  const std::string gate =
      out.add("HardSigmoid", {out.input()}, {{"alpha", 1.0 / 6.0}, {"beta", 0.5}});
  out.finish_alike("Mul", {out.input(), gate});
}
/// x (1 + f) / 2, where f is erf(x / sqrt(2)) or a tanh that is near it.
inline void write_gelu(const nn::Gelu& op, NodeWriter& out) {
  const std::string& x = out.input();
  std::string f;
  if (op.tanh) {
    const std::string cube = out.add("Mul", {out.add("Mul", {x, x}), x});
    const std::string inner = out.add("Add", {x, out.add("Mul", {cube, out.number(0.044715)})});
    f = out.add("Tanh", {out.add("Mul", {inner, out.number(std::sqrt(2.0 / std::numbers::pi))})});
  } else {
    f = out.add("Erf", {out.add("Div", {x, out.number(std::numbers::sqrt2)})});
  }
  const std::string doubled = out.add("Mul", {x, out.add("Add", {f, out.number(1.0)})});
  out.finish_alike("Mul", {doubled, out.number(0.5)});
}
inline void write_affine(const nn::ScalarAffine& op, NodeWriter& out) {
  const std::string scaled = out.add("Mul", {out.input(), out.number(op.scale)});
  out.finish_alike("Add", {scaled, out.number(op.shift)});
}
inline void write_add(const nn::Add&, NodeWriter& out) {
  std::vector<std::string> terms = out.alike();
  for (; terms.size() > 2; terms.erase(terms.begin() + 1))
    terms[0] = out.add("Add", {terms[0], terms[1]});
  out.finish_alike("Add", terms);
}
inline void write_shape(const nn::Shape3& shape, const std::string& from, NodeWriter& out) {
  out.finish("Reshape", {from, out.integers({0, shape.channels, shape.height, shape.width})});
}
inline void write_shuffle(const nn::ChannelShuffle& op, NodeWriter& out) {
  const nn::Shape3& s = out.input_shape();
  const std::string groups = out.add(
      "Reshape",
      {out.input(), out.integers({0, op.groups, s.channels / op.groups, s.height * s.width})});
  write_shape(s, out.add("Transpose", {groups}, {{"perm", List{0, 2, 1, 3}}}), out);
}

inline std::vector<Notation>& notations() {
  // An operation that is an operator of its own, with these settings.
  const auto same = [](const char* op, std::vector<Setting> settings = {}) {
    return [op, settings](const auto&, NodeWriter& out) {
      out.finish_alike(op, out.alike(), settings);
    };
  };
  // clang-format off
  static std::vector<Notation> all = {
      notation<nn::Add>(write_add),
      notation<nn::AvgPool>(write_avg_pool),
      notation<nn::BatchNorm>(write_batch_norm),
      notation<nn::ChannelShuffle>(write_shuffle),
      notation<nn::Clip>([](auto& op, NodeWriter& out) {
        out.finish_alike("Clip", {out.input()}, {{"min", op.min}, {"max", op.max}});
      }),
      notation<nn::Concat>(same("Concat", {{"axis", Index{1}}})),
      notation<nn::Conv>(write_conv),
      notation<nn::Dropout>([](auto& op, NodeWriter& out) {
        out.finish_alike("Dropout", {out.input()}, {{"ratio", op.rate}});
      }),
      notation<nn::Flatten>([](auto&, NodeWriter& out) {
        out.finish("Flatten", {out.input()}, {{"axis", Index{1}}}, true);
      }),
      notation<nn::Gelu>(write_gelu),
      notation<nn::GlobalAvgPool>([](auto&, NodeWriter& out) {
        out.finish("GlobalAveragePool", {out.map()});
      }),
      notation<nn::HardSigmoid>([](auto& op, NodeWriter& out) {
        out.finish_alike("HardSigmoid", {out.input()}, {{"alpha", op.alpha}, {"beta", op.beta}});
      }),
      notation<nn::HardSwish>(write_hard_swish),
      notation<nn::Identity>(same("Identity")),
      notation<nn::LayerNorm>(write_layer_norm),
      notation<nn::LeakyRelu>([](auto& op, NodeWriter& out) {
        out.finish_alike("LeakyRelu", {out.input()}, {{"alpha", op.negative}});
      }),
      notation<nn::Linear>(write_linear),
      notation<nn::MaxPool>(write_max_pool),
      notation<nn::Mul>(same("Mul")),
      notation<nn::Prelu>(write_prelu),
      notation<nn::Relu>(same("Relu")),
      notation<nn::Reshape>([](auto&, NodeWriter& out) {
        write_shape(out.node().shape, out.input(), out);
      }),
      notation<nn::ScalarAffine>(write_affine),
      notation<nn::Scale>(write_scale),
      notation<nn::Sigmoid>(same("Sigmoid")),
      notation<nn::Silu>(write_silu),
      notation<nn::Slice>([](auto& op, NodeWriter& out) {
        out.finish_alike("Slice", {out.input(), out.integers({op.begin}), out.integers({op.end}),
                                   out.integers({1})});
      }),
      notation<nn::Softmax>(write_softmax),
      notation<nn::Sub>(same("Sub")),
      notation<nn::Tanh>(same("Tanh")),
      notation<nn::Transpose>([](auto& op, NodeWriter& out) {
        out.finish("Transpose", {out.map()},
                   {{"perm", List{0, 1 + op.channels, 1 + op.height, 1 + op.width}}});
      }),
  };
  // clang-format on
  return all;
}

}  // namespace detail

/// Makes an operation of one's own known:
/// `register_notation(notation<Mine>([](const Mine&, NodeWriter& out) { ... }))`.
inline void register_notation(Notation own) { detail::notations().push_back(std::move(own)); }

/// Null for an operation that ONNX isn't told.
[[nodiscard]] inline const Notation* find_notation(const nn::Op& op) {
  for (const Notation& known : detail::notations())
    if (known.is(op)) return &known;
  return nullptr;
}

}  // namespace autoprune::onnx
