/// @file mlp.hpp
/// A multilayer perceptron with hand-written reverse-mode gradients: linear layers with ReLU
/// between them, and a linear or sigmoid output.
#pragma once

#include <Eigen/Core>

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::rl {

/// A batch of row vectors, batch x features.
template <class Scalar>
using RowsOf = Eigen::Ref<const MatrixOf<Scalar>>;
using Rows = RowsOf<float>;

/// Activations are batch x features. All parameters lie in one buffer, layer after layer, the
/// weight [out][in] before the bias [out], so that an optimiser is a single loop. The work buffers
/// grow to the largest batch seen and are then reused; a returned view is valid until the next
/// call. Agents learn in float; double is for comparing gradients with finite differences.
template <class Scalar>
class BasicMlp {
 public:
  using View = Eigen::Map<MatrixOf<Scalar>>;
  using ConstView = Eigen::Map<const MatrixOf<Scalar>>;
  using Vector = Eigen::VectorX<Scalar>;
  enum class Output { linear, sigmoid };

  /// `widths` are features from input to output, two or more. Weights and biases are uniform in
  /// +-1/sqrt(fan-in), PyTorch's default for linear layers.
  BasicMlp(std::vector<Index> widths, Output output, Random& random)
      : widths_(std::move(widths)), output_(output) {
    if (widths_.size() < 2)
      fail(ErrorId::out_of_range, "an MLP of ", widths_.size(),
           " widths; it needs those of its input and its output");
    for (const Index width : widths_)
      if (width < 1) fail(ErrorId::out_of_range, "an MLP layer of ", width, " units; needs >= 1");
    offsets_.push_back(0);
    for (Index l = 1; l <= layers(); ++l)
      offsets_.push_back(offsets_.back() + width(l) * (width(l - 1) + 1));
    parameters_.resize(offsets_.back());
    gradients_.setZero(offsets_.back());
    activations_.resize(widths_.size());
    deltas_.resize(widths_.size());
    for (Index l = 1; l <= layers(); ++l) {
      const double bound = 1.0 / std::sqrt(static_cast<double>(width(l - 1)));
      for (Index i = offset(l - 1); i < offset(l); ++i)
        parameters_[i] = static_cast<Scalar>(random.uniform(-bound, bound));
    }
  }

  /// Number of linear layers. Layer l reads activation l - 1 and writes activation l.
  [[nodiscard]] Index layers() const noexcept { return static_cast<Index>(widths_.size()) - 1; }
  [[nodiscard]] std::span<Scalar> parameters() { return view(parameters_); }
  /// Those of the last backward().
  [[nodiscard]] std::span<Scalar> gradients() { return view(gradients_); }
  /// Weight [out][in] of layer l in 1 .. layers().
  [[nodiscard]] View weight(Index l) { return weight_in(parameters_, l); }
  /// Bias [out] of layer l, as one row.
  [[nodiscard]] View bias(Index l) { return bias_in(parameters_, l); }

  /// The network's output for every row of `x`, batch x outputs.
  ConstView forward(const RowsOf<Scalar>& x) {
    if (x.cols() != width(0))
      fail(ErrorId::shape_mismatch, "input of ", x.cols(), " features for an MLP of ", width(0));
    batch_ = x.rows();
    activation(0) = x;
    for (Index l = 1; l <= layers(); ++l) {
      View out = activation(l);
      out.rowwise() = bias(l).row(0);
      out.noalias() += activation(l - 1) * weight(l).transpose();
      if (l < layers())
        out = out.cwiseMax(Scalar{0});
      else if (output_ == Output::sigmoid)
        out.array() = out.array().logistic();
    }
    return {activation(layers()).data(), batch_, width(layers())};
  }

  /// Sets gradients() to those of a loss whose gradient by the last forward()'s output is
  /// `d_output` (batch x outputs).
  void backward(const RowsOf<Scalar>& d_output) {
    begin_backward(d_output);
    for (Index l = layers(); l >= 1; --l) {
      const View d = delta(l);
      weight_in(gradients_, l).noalias() = d.transpose() * activation(l - 1);
      bias_in(gradients_, l) = d.colwise().sum();
      if (l > 1) pull_back(l);
    }
  }

  /// The gradient of such a loss by the input, batch x inputs; leaves gradients() alone.
  ConstView input_gradient(const RowsOf<Scalar>& d_output) {
    begin_backward(d_output);
    for (Index l = layers(); l >= 1; --l) pull_back(l);
    return {delta(0).data(), batch_, width(0)};
  }

 private:
  [[nodiscard]] Index width(Index l) const { return widths_[static_cast<std::size_t>(l)]; }
  [[nodiscard]] Index offset(Index l) const { return offsets_[static_cast<std::size_t>(l)]; }

  [[nodiscard]] static std::span<Scalar> view(Vector& buffer) {
    return {buffer.data(), static_cast<std::size_t>(buffer.size())};
  }
  [[nodiscard]] View weight_in(Vector& buffer, Index l) const {
    return {buffer.data() + offset(l - 1), width(l), width(l - 1)};
  }
  [[nodiscard]] View bias_in(Vector& buffer, Index l) const {
    return {buffer.data() + offset(l) - width(l), 1, width(l)};
  }

  [[nodiscard]] View activation(Index l) { return work(activations_, l); }
  [[nodiscard]] View delta(Index l) { return work(deltas_, l); }
  [[nodiscard]] View work(std::vector<Vector>& buffers, Index l) {
    Vector& buffer = buffers[static_cast<std::size_t>(l)];
    if (buffer.size() < batch_ * width(l)) buffer.resize(batch_ * width(l));
    return {buffer.data(), batch_, width(l)};
  }

  /// Sets the last delta: the gradient by what goes into the output's activation.
  void begin_backward(const RowsOf<Scalar>& d_output) {
    if (d_output.rows() != batch_ || d_output.cols() != width(layers()))
      fail(ErrorId::shape_mismatch, "output gradient of ", d_output.rows(), 'x', d_output.cols(),
           " for a forward pass of ", batch_, 'x', width(layers()));
    View d = delta(layers());
    d = d_output;
    if (output_ == Output::sigmoid) {
      const auto y = activation(layers()).array();
      d.array() *= y * (Scalar{1} - y);
    }
  }

  /// From delta l to delta l - 1, through the weight and the ReLU before it.
  void pull_back(Index l) {
    View below = delta(l - 1);
    below.noalias() = delta(l) * weight(l);
    if (l > 1)
      below.array() = (activation(l - 1).array() > Scalar{0}).select(below.array(), Scalar{0});
  }

  std::vector<Index> widths_, offsets_;  ///< offsets_[l]: where the parameters of layer l end
  Output output_;
  Vector parameters_, gradients_;
  std::vector<Vector> activations_, deltas_;
  Index batch_ = 0;
};

using Mlp = BasicMlp<float>;

}  // namespace autoprune::rl
