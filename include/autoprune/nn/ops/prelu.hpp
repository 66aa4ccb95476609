/// @file prelu.hpp
/// Numbers below zero times one that is learned, a channel's or everyone's (He et al., 2015).
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "autoprune/nn/channel_sums.hpp"
#include "autoprune/nn/node.hpp"

namespace autoprune::nn {

struct Prelu {
  static constexpr std::string_view kName = "prelu";

  bool shared = false;  ///< by all channels

  void describe(AttributeVisitor& visit) { visit("shared", shared); }
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    return {{"weight", &Node::weight, {shared ? 1 : in.front().channels}, 0.25F}};
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      const float* x = pass.x().block(b);
      float* y = pass.y.block(b);
      for_rows(pass.node, pass.y, [&](Index row, float slope) {
        for (Index l = row; l < row + kLanes; ++l) y[l] = x[l] > 0.0F ? x[l] : slope * x[l];
      });
      seen.see_all(y, pass.y.block_size());
    });
  }
  void gradients(const BackwardPass& pass, Gradient& gradient) const {
    const auto sums =
        channel_sums(pass.dy, pass.part, pass.pool, [&](Index b, Index row, Index, float* lanes) {
          const float *x = pass.x().block(b) + row, *dy = pass.dy.block(b) + row;
          for (Index l = 0; l < kLanes; ++l) lanes[l] += std::min(x[l], 0.0F) * dy[l];
        });
    gradient.weight.fill(0.0F);
    for (std::size_t c = 0; 2 * c < sums.size(); ++c)
      gradient.weight(shared ? 0 : c) += static_cast<float>(sums[2 * c]);
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) {
      const float *x = pass.x().block(b), *dy = pass.dy.block(b);
      float* out = dx.block(b);
      for_rows(pass.node, dx, [&](Index row, float slope) {
        for (Index l = row; l < row + kLanes; ++l) out[l] = x[l] > 0.0F ? dy[l] : slope * dy[l];
      });
    });
  }

 private:
  /// f(offset in a block, its channel's slope)
  template <class F>
  void for_rows(const Node& node, const Activation& like, F&& f) const {
    const Index channels = like.shape().channels;
    for (Index row = 0; row < like.block_size(); row += kLanes)
      f(row, node.weight(static_cast<std::size_t>(shared ? 0 : row / kLanes % channels)));
  }
};

}  // namespace autoprune::nn
