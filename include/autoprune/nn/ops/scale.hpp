/// @file scale.hpp
/// A factor, and where asked a summand, a channel: ConvNeXt's layer scale when they are learned,
/// else constants of the graph.
#pragma once

#include <string_view>
#include <vector>

#include "autoprune/nn/channel_sums.hpp"
#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/node.hpp"

namespace autoprune::nn {

struct Scale {
  static constexpr std::string_view kName = "scale";

  bool bias = false;    ///< whether something is added as well
  bool learned = true;  ///< whether training changes them

  void describe(AttributeVisitor& visit) {
    visit("bias", bias);
    visit("learned", learned);
  }
  /// Constants stand where statistics do: they are saved, but not trained.
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    const std::vector<Index> shape = {in.front().channels};
    std::vector<Parameter> all = {
        {"weight", learned ? &Node::weight : &Node::running_var, shape, 1.0F}};
    if (bias) all.push_back({"bias", learned ? &Node::bias : &Node::running_mean, shape});
    return all;
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    const Shape3& shape = pass.y.shape();
    const std::vector<float> zeros(static_cast<std::size_t>(shape.channels), 0.0F);
    const Node& node = pass.node;
    const float* shift = !bias     ? zeros.data()
                         : learned ? node.bias.data()
                                   : node.running_mean.data();
    return pass.blocks([&](Index b, FiniteRows& seen) {
      detail::affine(pass.x().block(b), pass.y.block(b), pass.y.positions(), shape.channels,
                     factors(node).data(), shift, false, seen);
    });
  }
  void gradients(const BackwardPass& pass, Gradient& gradient) const {
    if (!learned) return;
    const auto sums =
        channel_sums(pass.dy, pass.part, pass.pool, [&](Index b, Index row, Index, float* lanes) {
          const float *x = pass.x().block(b) + row, *dy = pass.dy.block(b) + row;
          for (Index l = 0; l < kLanes; ++l) {
            lanes[l] += dy[l];
            lanes[kLanes + l] += x[l] * dy[l];
          }
        });
    for (std::size_t c = 0; c < gradient.weight.size(); ++c) {
      gradient.weight(c) = static_cast<float>(sums[2 * c + 1]);
      if (bias) gradient.bias(c) = static_cast<float>(sums[2 * c]);
    }
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    const auto channels = dx.shape().channels;
    const float* factor = factors(pass.node).data();
    pass.blocks([&](Index b) {
      const float* dy = pass.dy.block(b);
      float* out = dx.block(b);
      for (Index row = 0; row < dx.block_size(); row += kLanes) {
        const float f = factor[row / kLanes % channels];
        for (Index i = row; i < row + kLanes; ++i) out[i] = f * dy[i];
      }
    });
  }

 private:
  [[nodiscard]] const Tensor& factors(const Node& node) const {
    return learned ? node.weight : node.running_var;
  }
};

}  // namespace autoprune::nn
