/// @file layer_norm.hpp
/// Layer normalisation (Ba et al., 2016) over the channels of each position: ConvNeXt's, and behind
/// a flatten that over a whole map.
#pragma once

#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "autoprune/nn/channel_sums.hpp"
#include "autoprune/nn/node.hpp"

namespace autoprune::nn {

struct LayerNorm {
  static constexpr std::string_view kName = "layer_norm";

  double eps = 1e-5;   ///< added to variances
  bool affine = true;  ///< whether it learns a weight and a bias a channel

  void describe(AttributeVisitor& visit) {
    visit("eps", eps);
    visit("affine", affine);
  }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    if (!(eps > 0.0)) in.fail(ErrorId::out_of_range, "eps ", eps, " has to be above 0");
    return in.front();
  }
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    if (!affine) return {};
    const std::vector<Index> shape = {in.front().channels};
    return {{"weight", &Node::weight, shape, 1.0F}, {"bias", &Node::bias, shape}};
  }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      const float* x = pass.x().block(b);
      float* y = pass.y.block(b);
      for_positions(pass.x(), b, [&](Index first, const Statistics& s) {
        for_channels(pass.y, first, [&](std::size_t c, Index i, std::size_t l) {
          y[i] = weight(pass.node, c) * ((x[i] - s.mean[l]) * s.inverse[l]) + bias(pass.node, c);
        });
      });
      seen.see_all(y, pass.y.block_size());
    });
  }

  void gradients(const BackwardPass& pass, Gradient& gradient) const {
    if (!affine) return;
    // What channel_sums() adds up are numbers of one map: the normalised input times dy.
    Activation product(pass.dy.shape(), pass.dy.images());
    pass.blocks([&](Index b) {
      const float *x = pass.x().block(b), *dy = pass.dy.block(b);
      float* out = product.block(b);
      for_positions(pass.x(), b, [&](Index first, const Statistics& s) {
        for_channels(product, first, [&](std::size_t, Index i, std::size_t l) {
          out[i] = (x[i] - s.mean[l]) * s.inverse[l] * dy[i];
        });
      });
    });
    const auto sums =
        channel_sums(pass.dy, pass.part, pass.pool, [&](Index b, Index row, Index, float* lanes) {
          const float *g = pass.dy.block(b) + row, *p = product.block(b) + row;
          for (Index l = 0; l < kLanes; ++l) {
            lanes[l] += g[l];
            lanes[kLanes + l] += p[l];
          }
        });
    for (std::size_t c = 0; c < gradient.weight.size(); ++c) {
      gradient.bias(c) = static_cast<float>(sums[2 * c]);
      gradient.weight(c) = static_cast<float>(sums[2 * c + 1]);
    }
  }

  /// dx = (g - mean(g) - n mean(n g)) / deviation, for g = weight dy and the normalised input n.
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    const float share = 1.0F / static_cast<float>(dx.shape().channels);
    pass.blocks([&](Index b) {
      const float *x = pass.x().block(b), *dy = pass.dy.block(b);
      float* out = dx.block(b);
      for_positions(pass.x(), b, [&](Index first, const Statistics& s) {
        alignas(64) std::array<float, kLanes> sum = {}, product = {};
        for_channels(dx, first, [&](std::size_t c, Index i, std::size_t l) {
          const float g = weight(pass.node, c) * dy[i];
          sum[l] += g;
          product[l] += g * ((x[i] - s.mean[l]) * s.inverse[l]);
        });
        for_channels(dx, first, [&](std::size_t c, Index i, std::size_t l) {
          const float n = (x[i] - s.mean[l]) * s.inverse[l];
          out[i] =
              s.inverse[l] * (weight(pass.node, c) * dy[i] - share * (sum[l] + n * product[l]));
        });
      });
    });
  }

 private:
  /// Of one position of each image.
  struct Statistics {
    alignas(64) std::array<float, kLanes> mean = {}, inverse = {};
  };

  [[nodiscard]] float weight(const Node& node, std::size_t c) const {
    return affine ? node.weight(c) : 1.0F;
  }
  [[nodiscard]] float bias(const Node& node, std::size_t c) const {
    return affine ? node.bias(c) : 0.0F;
  }

  /// f(first number of a position in the block, its statistics)
  template <class F>
  void for_positions(const Activation& x, Index block, F&& f) const {
    const float* values = x.block(block);
    const float share = 1.0F / static_cast<float>(x.shape().channels);
    for (Index p = 0; p < x.positions(); ++p) {
      const Index first = p * x.shape().channels * kLanes;
      Statistics s;
      for_channels(x, first, [&](std::size_t, Index i, std::size_t l) { s.mean[l] += values[i]; });
      for (float& mean : s.mean) mean *= share;
      for_channels(x, first, [&](std::size_t, Index i, std::size_t l) {
        const float d = values[i] - s.mean[l];
        s.inverse[l] += d * d;
      });
      for (float& v : s.inverse) v = 1.0F / std::sqrt(v * share + static_cast<float>(eps));
      f(first, s);
    }
  }
  /// f(channel, number, its lane)
  template <class F>
  static void for_channels(const Activation& like, Index first, F&& f) {
    const auto channels = static_cast<std::size_t>(like.shape().channels);
    for (std::size_t c = 0; c < channels; ++c, first += kLanes)
      for (std::size_t l = 0; l < kLanes; ++l) f(c, first + static_cast<Index>(l), l);
  }
};

}  // namespace autoprune::nn
