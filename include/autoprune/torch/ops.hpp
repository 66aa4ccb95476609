/// @file ops.hpp
/// Every operation of nn/ops.hpp as an expression of LibTorch, a function each and a line in the
/// table below; autograd finds its gradient. Maps are [image][channel][row][column].
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/torch/tensors.hpp"

namespace autoprune::libtorch {

/// A batch on its way through a node.
struct Pass {
  const nn::Node& node;
  std::span<const at::Tensor> inputs;
  /// Of the node, in the order of Node::parameters; weights that are pruned are 0.
  std::span<const at::Tensor> parameters;
  nn::Mode mode;
  double momentum;           ///< weight of this batch in running statistics, for mode statistics
  bool keeps_statistics;     ///< false: those of the batch leave no trace
  std::uint64_t seed, draw;  ///< name what dropout draws
  ThreadPool& pool;

  [[nodiscard]] const at::Tensor& x() const { return inputs.front(); }
  [[nodiscard]] std::vector<at::Tensor> all() const { return {inputs.begin(), inputs.end()}; }
  /// A parameter on the device; undefined where the node has none.
  [[nodiscard]] at::Tensor operator[](Tensor nn::Node::*which) const {
    for (std::size_t k = 0; k < parameters.size(); ++k)
      if (node.parameters[k].tensor == which) return parameters[k];
    return {};
  }
};

/// How LibTorch computes an operation.
struct Expression {
  std::function<bool(const nn::Op&)> is;  ///< whether it is of this operation
  std::function<at::Tensor(const Pass&)> y;
};

/// That of the operations of type O, y(op, pass).
template <class O, class Y>
[[nodiscard]] Expression expression(Y y) {
  return {[](const nn::Op& op) { return op.is<O>(); },
          [y](const Pass& pass) { return y(*pass.node.op.as<O>(), pass); }};
}

namespace detail {

[[nodiscard]] inline std::vector<std::int64_t> pair_of(const nn::Size2& size) {
  return {size.h, size.w};
}
/// A vector an image as a map of one position.
[[nodiscard]] inline at::Tensor one_position(const at::Tensor& vectors) {
  return vectors.unsqueeze(2).unsqueeze(3);
}
/// A map with its padding as values of their own, as wide behind as the windows of the output need.
/// (LibTorch pads by at most half a kernel, and before as behind.)
[[nodiscard]] inline at::Tensor padded(const at::Tensor& x, const nn::Window& window,
                                       const nn::Shape3& out, double value) {
  const auto behind = [](Index outputs, Index stride, Index reach, Index size, Index before) {
    return std::max<Index>(0, (outputs - 1) * stride + reach - size - before);
  };
  const auto& [h, w, h_end, w_end] = window.padding;
  const nn::Size2 reach = window.reach();
  const Index rows = std::max(h_end, behind(out.height, window.stride.h, reach.h, x.size(2), h));
  const Index columns = std::max(w_end, behind(out.width, window.stride.w, reach.w, x.size(3), w));
  if (h == 0 && w == 0 && rows == 0 && columns == 0) return x;
  return at::constant_pad_nd(x, {w, columns, h, rows}, value);
}
/// Whether LibTorch pads a pool so itself, without a copy of the map.
[[nodiscard]] inline bool pads_itself(const nn::Window& window, const at::Tensor& x,
                                      const nn::Shape3& out) {
  const nn::Size2 reach = window.reach();
  const auto& [h, w, h_end, w_end] = window.padding;
  return window.padding.symmetric() && 2 * h <= window.kernel.h && 2 * w <= window.kernel.w &&
         (x.size(2) + 2 * h - reach.h) / window.stride.h + 1 == out.height &&
         (x.size(3) + 2 * w - reach.w) / window.stride.w + 1 == out.width;
}
/// What a mean over a whole kernel has to be multiplied by, [1][1][row][column].
[[nodiscard]] inline at::Tensor corrections(const nn::AvgPool& op, const Pass& pass) {
  const nn::Shape3 &out = pass.node.shape, in{pass.x().size(1), pass.x().size(2), pass.x().size(3)};
  const nn::detail::PoolBlock block{op.window(), in, out, op.count_padding};
  const auto whole = static_cast<float>(op.kernel.h * op.kernel.w);
  std::vector<float> factors;
  for (Index h = 0; h < out.height; ++h)
    for (Index w = 0; w < out.width; ++w)
      factors.push_back(whole / static_cast<float>(block.counted(h, w)));
  return copy_to(pass.x().device(), std::span<const float>(factors), at::kFloat)
      .view({1, 1, out.height, out.width});
}

inline at::Tensor add(const nn::Add&, const Pass& pass) {
  at::Tensor sum = pass.x();
  for (const at::Tensor& x : pass.inputs.subspan(1)) sum = sum + x;
  return sum;
}
inline at::Tensor avg_pool(const nn::AvgPool& op, const Pass& pass) {
  const nn::Window window = op.window();
  if (pads_itself(window, pass.x(), pass.node.shape))
    return at::avg_pool2d(pass.x(), pair_of(window.kernel), pair_of(window.stride),
                          {window.padding.h, window.padding.w}, /*ceil_mode=*/false,
                          op.count_padding);
  const at::Tensor means = at::avg_pool2d(padded(pass.x(), window, pass.node.shape, 0.0),
                                          pair_of(window.kernel), pair_of(window.stride));
  return op.ceil || !op.count_padding ? means * corrections(op, pass) : means;
}
inline at::Tensor batch_norm(const nn::BatchNorm& op, const Pass& pass) {
  const bool measures = pass.mode != nn::Mode::inference;
  const double momentum = pass.mode == nn::Mode::training ? op.momentum : pass.momentum;
  const at::Tensor& x = pass.x();
  const at::Tensor bias = pass[&nn::Node::bias];
  at::Tensor mean = pass[&nn::Node::running_mean], variance = pass[&nn::Node::running_var];
  if (measures && x.numel() == x.size(1)) {  // of one number LibTorch divides by n - 1 = 0
    if (pass.keeps_statistics) {
      const at::NoGradGuard guard;
      mean.lerp_(x.flatten().to(at::kFloat), momentum);
      variance.mul_(1.0 - momentum);
    }
    return bias.defined() ? one_position(bias.unsqueeze(0)) : at::zeros_like(x);
  }
  if (measures && !pass.keeps_statistics) mean = variance = at::Tensor();
  return at::batch_norm(x, pass[&nn::Node::weight], bias, mean, variance, measures, momentum,
                        op.eps, at::globalContext().userEnabledCuDNN());
}
inline at::Tensor conv(const nn::Conv& op, const Pass& pass) {
  const nn::Window window = op.window();
  const nn::Padding& p = window.padding;
  const std::vector<std::int64_t> padding = {p.symmetric() ? p.h : 0, p.symmetric() ? p.w : 0};
  const at::Tensor x = p.symmetric() ? pass.x() : padded(pass.x(), window, pass.node.shape, 0.0);
  return at::conv2d(x, pass[&nn::Node::weight], pass[&nn::Node::bias], pair_of(window.stride),
                    padding, pair_of(window.dilation), op.groups);
}
/// The zeros are those that the processor draws. They travel as a bit each, those of a block's
/// images in one number.
inline at::Tensor dropout(const nn::Dropout& op, const Pass& pass) {
  if (pass.mode != nn::Mode::training) return pass.x();
  const auto& [channels, height, width] = pass.node.shape;
  const Index images = pass.x().size(0), size = pass.node.shape.size();
  const Index blocks = ceil_div(images, nn::kLanes);
  std::vector<std::uint32_t> drawn(static_cast<std::size_t>(blocks * size));
  pass.pool.for_each(blocks, [&](Index b) {
    for (Index i = 0; i < size; ++i)
      drawn[static_cast<std::size_t>(b * size + i)] =
          op.kept(pass.seed, pass.draw, b, i * nn::kLanes);
  });
  const at::Tensor bits =
      copy_to(pass.x().device(), std::span<const std::uint32_t>(drawn), at::kInt)
          .view({blocks, 1, height, width, channels});
  const at::Tensor lanes = at::arange(nn::kLanes, bits.options()).view({1, nn::kLanes, 1, 1, 1});
  const at::Tensor kept = bits.bitwise_right_shift(lanes)
                              .bitwise_and_(1)
                              .to(at::kBool)
                              .flatten(0, 1)
                              .narrow(0, 0, images)
                              .permute({0, 3, 1, 2});
  return pass.x() * kept * op.scale();
}
inline at::Tensor flatten(const nn::Flatten&, const Pass& pass) {
  return one_position(pass.x().flatten(1));
}
inline at::Tensor linear(const nn::Linear&, const Pass& pass) {
  return one_position(
      at::linear(pass.x().flatten(1), pass[&nn::Node::weight], pass[&nn::Node::bias]));
}
inline at::Tensor max_pool(const nn::MaxPool& op, const Pass& pass) {
  const nn::Window window = op.window();
  if (pads_itself(window, pass.x(), pass.node.shape))
    return at::max_pool2d(pass.x(), pair_of(window.kernel), pair_of(window.stride),
                          {window.padding.h, window.padding.w}, pair_of(window.dilation));
  constexpr double kLowest = -std::numeric_limits<double>::infinity();
  return at::max_pool2d(padded(pass.x(), window, pass.node.shape, kLowest), pair_of(window.kernel),
                        pair_of(window.stride), 0, pair_of(window.dilation));
}
inline at::Tensor layer_norm(const nn::LayerNorm& op, const Pass& pass) {
  const at::Tensor by_position = pass.x().permute({0, 2, 3, 1});
  return at::layer_norm(by_position, {by_position.size(3)}, pass[&nn::Node::weight],
                        pass[&nn::Node::bias], op.eps)
      .permute({0, 3, 1, 2});
}
inline at::Tensor scale(const nn::Scale& op, const Pass& pass) {
  const auto of = [&](const at::Tensor& vector) { return vector.view({1, -1, 1, 1}); };
  const at::Tensor y = pass.x() * of(pass[op.learned ? &nn::Node::weight : &nn::Node::running_var]);
  return op.bias ? y + of(pass[op.learned ? &nn::Node::bias : &nn::Node::running_mean]) : y;
}
inline at::Tensor channel_shuffle(const nn::ChannelShuffle& op, const Pass& pass) {
  const at::Tensor& x = pass.x();
  return x.reshape({x.size(0), op.groups, x.size(1) / op.groups, x.size(2), x.size(3)})
      .transpose(1, 2)
      .flatten(1, 2);
}

inline std::vector<Expression>& expressions() {
  // clang-format off
  static std::vector<Expression> all = {
      expression<nn::Add>(add),
      expression<nn::AvgPool>(avg_pool),
      expression<nn::BatchNorm>(batch_norm),
      expression<nn::ChannelShuffle>(channel_shuffle),
      expression<nn::Clip>([](auto& op, auto& pass) { return pass.x().clamp(op.min, op.max); }),
      expression<nn::Concat>([](auto&, auto& pass) { return at::cat(pass.all(), 1); }),
      expression<nn::Conv>(conv),
      expression<nn::Dropout>(dropout),
      expression<nn::Flatten>(flatten),
      expression<nn::Gelu>([](auto& op, auto& pass) {
        return at::gelu(pass.x(), op.tanh ? "tanh" : "none");
      }),
      expression<nn::GlobalAvgPool>([](auto&, auto& pass) { return pass.x().mean({2, 3}, true); }),
      expression<nn::HardSigmoid>([](auto& op, auto& pass) {
        return (pass.x() * op.alpha + op.beta).clamp(0.0, 1.0);
      }),
      expression<nn::HardSwish>([](auto&, auto& pass) { return at::hardswish(pass.x()); }),
      expression<nn::Identity>([](auto&, auto& pass) { return pass.x(); }),
      expression<nn::LayerNorm>(layer_norm),
      expression<nn::LeakyRelu>([](auto& op, auto& pass) {
        return at::leaky_relu(pass.x(), op.negative);
      }),
      expression<nn::Linear>(linear),
      expression<nn::MaxPool>(max_pool),
      expression<nn::Mul>([](auto&, auto& pass) { return pass.x() * pass.inputs[1]; }),
      expression<nn::Prelu>([](auto&, auto& pass) {
        return at::prelu(pass.x(), pass[&nn::Node::weight]);
      }),
      expression<nn::Relu>([](auto&, auto& pass) { return at::relu(pass.x()); }),
      expression<nn::Reshape>([](auto& op, auto& pass) {
        return pass.x().reshape({pass.x().size(0), op.channels, op.height, op.width});
      }),
      expression<nn::ScalarAffine>([](auto& op, auto& pass) {
        return pass.x() * op.scale + op.shift;
      }),
      expression<nn::Scale>(scale),
      expression<nn::Sigmoid>([](auto&, auto& pass) { return at::sigmoid(pass.x()); }),
      expression<nn::Silu>([](auto&, auto& pass) { return at::silu(pass.x()); }),
      expression<nn::Slice>([](auto& op, auto& pass) {
        return pass.x().slice(1, op.begin, op.end);
      }),
      expression<nn::Softmax>([](auto& op, auto& pass) {
        return op.log ? at::log_softmax(pass.x(), 1) : at::softmax(pass.x(), 1);
      }),
      expression<nn::Sub>([](auto&, auto& pass) { return pass.x() - pass.inputs[1]; }),
      expression<nn::Tanh>([](auto&, auto& pass) { return at::tanh(pass.x()); }),
      expression<nn::Transpose>([](auto& op, auto& pass) {
        return pass.x().permute({0, 1 + op.channels, 1 + op.height, 1 + op.width});
      }),
  };
  // clang-format on
  return all;
}

}  // namespace detail

/// Makes an operation of one's own known:
/// `register_expression(expression<Mine>([](const Mine&, const Pass& pass) { return ...; }))`.
/// Call it before other threads make backends.
inline void register_expression(Expression own) { detail::expressions().push_back(std::move(own)); }

/// The expression of an operation, or null.
[[nodiscard]] inline const Expression* find_expression(const nn::Op& op) {
  for (const Expression& known : detail::expressions())
    if (known.is(op)) return &known;
  return nullptr;
}

/// The expression of every node but the images. Throws unknown_name, which lists all nodes without
/// one.
[[nodiscard]] inline std::vector<const Expression*> expressions_of(const nn::Network& network) {
  std::vector<const Expression*> found = {nullptr};
  std::vector<std::string> unknown;
  for (Index i = 1; i < network.size(); ++i) {
    const nn::Node& node = network.node(i);
    found.push_back(find_expression(node.op));
    if (found.back() == nullptr) unknown.push_back(concat(node.op.name(), " '", node.name, '\''));
  }
  if (!unknown.empty())
    fail(ErrorId::unknown_name, "LibTorch isn't told what these nodes compute: ", join(unknown),
         "; say it with libtorch::register_expression(), or run the network on the cpu");
  return found;
}

}  // namespace autoprune::libtorch
