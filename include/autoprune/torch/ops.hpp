/// @file ops.hpp
/// Every operation of nn/ops.hpp as an expression of LibTorch, a function each and a line in the
/// table below; autograd finds its gradient. Maps are [image][channel][row][column].
#pragma once

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
  double momentum;           ///< weight of this batch in running statistics
  bool keeps_statistics;     ///< false: those of the batch leave no trace
  std::uint64_t seed, draw;  ///< name what dropout draws
  ThreadPool& pool;

  [[nodiscard]] const at::Tensor& x() const { return inputs.front(); }
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
/// Padding as values of their own: LibTorch's pools take no more than half a kernel of theirs.
[[nodiscard]] inline at::Tensor padded(const at::Tensor& x, const nn::Size2& by, double value) {
  if (by.h == 0 && by.w == 0) return x;
  return at::constant_pad_nd(x, {by.w, by.w, by.h, by.h}, value);
}

inline at::Tensor add(const nn::Add&, const Pass& pass) {
  at::Tensor sum = pass.x();
  for (const at::Tensor& x : pass.inputs.subspan(1)) sum = sum + x;
  return sum;
}
inline at::Tensor avg_pool(const nn::AvgPool& op, const Pass& pass) {
  const nn::Window window = op.window();
  return at::avg_pool2d(padded(pass.x(), window.padding, 0.0), pair_of(window.kernel),
                        pair_of(window.stride));
}
inline at::Tensor batch_norm(const nn::BatchNorm&, const Pass& pass) {
  const bool measures = pass.mode != nn::Mode::inference;
  const at::Tensor& x = pass.x();
  at::Tensor mean = pass[&nn::Node::running_mean], variance = pass[&nn::Node::running_var];
  if (measures && x.numel() == x.size(1)) {  // of one number LibTorch divides by n - 1 = 0
    if (pass.keeps_statistics) {
      const at::NoGradGuard guard;
      mean.lerp_(x.flatten().to(at::kFloat), pass.momentum);
      variance.mul_(1.0 - pass.momentum);
    }
    return one_position(pass[&nn::Node::bias].unsqueeze(0));
  }
  if (measures && !pass.keeps_statistics) mean = variance = at::Tensor();
  return at::batch_norm(x, pass[&nn::Node::weight], pass[&nn::Node::bias], mean, variance, measures,
                        pass.momentum, nn::BatchNorm::kEpsilon,
                        at::globalContext().userEnabledCuDNN());
}
inline at::Tensor conv(const nn::Conv& op, const Pass& pass) {
  const nn::Window window = op.window();
  const at::Tensor weight = pass[&nn::Node::weight];
  const std::int64_t groups = pass.x().size(1) / weight.size(1);
  return at::conv2d(pass.x(), weight, pass[&nn::Node::bias], pair_of(window.stride),
                    pair_of(window.padding), 1, groups);
}
/// The zeros are those that the processor draws.
inline at::Tensor dropout(const nn::Dropout& op, const Pass& pass) {
  if (pass.mode != nn::Mode::training) return pass.x();
  nn::Activation ones(pass.node.shape, pass.x().size(0)), factors = ones;
  ones.fill(1.0F);
  const nn::Activation* read[] = {&ones};
  nn::Node node = {.name = pass.node.name, .op = op, .inputs = {}, .shape = pass.node.shape};
  std::vector<float> unused;
  (void)op.forward({node, read, factors, nn::Mode::training, false, 0.0, pass.seed, pass.draw,
                    unused, pass.pool});
  return pass.x() * copy_to(pass.x().device(), factors);
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
  constexpr double kLowest = -std::numeric_limits<double>::infinity();
  return at::max_pool2d(padded(pass.x(), window.padding, kLowest), pair_of(window.kernel),
                        pair_of(window.stride));
}
inline at::Tensor relu(const nn::Relu&, const Pass& pass) { return at::relu(pass.x()); }

inline std::vector<Expression>& expressions() {
  // clang-format off
  static std::vector<Expression> all = {
      expression<nn::Add>(add),
      expression<nn::AvgPool>(avg_pool),
      expression<nn::BatchNorm>(batch_norm),
      expression<nn::Conv>(conv),
      expression<nn::Dropout>(dropout),
      expression<nn::Flatten>(flatten),
      expression<nn::Linear>(linear),
      expression<nn::MaxPool>(max_pool),
      expression<nn::Relu>(relu),
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
