/// @file batch_norm.hpp
/// Batch normalisation (Ioffe and Szegedy, 2015) over all images and positions of a channel, with
/// the ReLU that usually follows it in the same pass.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "autoprune/nn/channel_sums.hpp"
#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/node.hpp"

namespace autoprune::nn {

struct BatchNorm {
  static constexpr std::string_view kName = "batch_norm";

  double eps = 1e-5;      ///< added to variances
  double momentum = 0.1;  ///< weight of a batch of training in the running statistics
  bool affine = true;     ///< whether it learns a weight and a bias a channel

  void describe(AttributeVisitor& visit) {
    visit.rare("eps", eps, 1e-5);
    visit.rare("momentum", momentum, 0.1);
    visit.rare("affine", affine, true);
  }
  [[nodiscard]] Shape3 shape(const OpInputs& in) const {
    if (!(eps >= 0.0 && momentum >= 0.0 && momentum <= 1.0))
      in.fail(ErrorId::out_of_range, "eps ", eps, " and momentum ", momentum,
              "; needs eps >= 0 and momentum from 0 to 1");
    return in.front();
  }
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    const std::vector<Index> shape = {in.front().channels};
    std::vector<Parameter> all;
    if (affine) all = {{"weight", &Node::weight, shape, 1.0F}, {"bias", &Node::bias, shape}};
    all.push_back({"running_mean", &Node::running_mean, shape});
    all.push_back({"running_var", &Node::running_var, shape, 1.0F});
    return all;
  }
  void check(const Node& bn) const {
    for (const float variance : bn.running_var)
      if (variance < 0.0F)
        fail(ErrorId::not_finite, "batch_norm '", bn.name, "': a running_var of ", variance,
             ", which has no root; a variance can't be negative, so repair the file");
  }

  /// What the running statistics make of it.
  [[nodiscard]] Affine fold(const Node& bn) const {
    Affine a;
    const auto added = static_cast<float>(eps);
    for (std::size_t c = 0; c < bn.running_var.size(); ++c) {
      const float scale = weight(bn, c) / std::sqrt(bn.running_var(c) + added);
      a.scale.push_back(scale);
      a.shift.push_back(bias(bn, c) - scale * bn.running_mean(c));
    }
    return a;
  }

  /// To average over batches 0 .. k the pass's momentum is 1 / (k + 1). When the batch's
  /// statistics aren't finite the running ones are left alone.
  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    Node& bn = pass.node;
    const Activation& x = pass.x();
    const auto channels = static_cast<std::size_t>(x.shape().channels);
    std::vector<float> means(channels, 0.0F);
    if (pass.mode == Mode::inference) return scale(pass, fold(bn), means);
    // Sums of differences from one value of the channel: a mean far from zero costs no precision.
    const std::vector<float> pivots = first_pixel(x, pass.part);
    const std::vector<double> sums =
        channel_sums(x, pass.part, pass.pool, [&](Index b, Index row, Index c, float* lanes) {
          const float* v = x.block(b) + row;
          const float pivot = pivots[static_cast<std::size_t>(c)];
          for (Index l = 0; l < kLanes; ++l) {
            const float d = v[l] - pivot;
            lanes[l] += d;
            lanes[kLanes + l] += d * d;
          }
        });
    // Squares outgrow float32 before the values do.
    if (!std::all_of(sums.begin(), sums.end(), [](double s) { return std::isfinite(s); }))
      return false;
    const auto count = static_cast<double>(pass.part.images() * x.positions());
    const double share = pass.mode == Mode::training ? momentum : pass.momentum;
    pass.kept.resize(2 * channels);
    Affine scaled{std::vector<float>(channels), std::vector<float>(channels)};
    for (std::size_t c = 0; c < channels; ++c) {
      const double offset = sums[2 * c] / count;
      const double mean = pivots[c] + offset;
      const double variance = std::max(0.0, sums[2 * c + 1] / count - offset * offset);
      const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
      blend(bn.running_mean(c), mean, share);
      blend(bn.running_var(c), unbiased, share);
      const Statistics s{static_cast<float>(mean),
                         static_cast<float>(1.0 / std::sqrt(variance + eps))};
      pass.kept[2 * c] = means[c] = s.mean;
      pass.kept[2 * c + 1] = s.inverse;
      scaled.scale[c] = weight(bn, c) * s.inverse;
      scaled.shift[c] = bias(bn, c);
    }
    return scale(pass, scaled, means);
  }

  /// Replaces dy by dx, too: it takes the same sums.
  void gradients(const BackwardPass& pass, Gradient& gradient) const {
    const Activation &x = pass.x(), &y = pass.y;
    Activation& dy = pass.dy;
    const auto statistics = [&](std::size_t c) {
      return Statistics{pass.kept[2 * c], pass.kept[2 * c + 1]};
    };
    const std::vector<double> sums =
        channel_sums(dy, pass.part, pass.pool, [&](Index b, Index row, Index c, float* lanes) {
          float* g = dy.block(b) + row;
          const float* v = x.block(b) + row;
          if (pass.relu) detail::relu_backward(y.block(b) + row, g, kLanes);
          const float mean = statistics(static_cast<std::size_t>(c)).mean;
          for (Index l = 0; l < kLanes; ++l) {
            lanes[l] += g[l];
            lanes[kLanes + l] += g[l] * (v[l] - mean);
          }
        });
    const auto channels = static_cast<std::size_t>(x.shape().channels);
    const auto count = static_cast<double>(pass.part.images() * x.positions());
    std::vector<float> of_dy(channels), of_x(channels), constant(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      const Statistics s = statistics(c);
      const float dbeta = static_cast<float>(sums[2 * c]);
      const float dgamma = static_cast<float>(sums[2 * c + 1] * s.inverse);
      if (affine) {
        gradient.bias(c) = dbeta;
        gradient.weight(c) = dgamma;
      }
      of_dy[c] = weight(pass.node, c) * s.inverse;
      of_x[c] = static_cast<float>(-of_dy[c] * s.inverse * dgamma / count);
      constant[c] = static_cast<float>(-of_dy[c] * dbeta / count);
    }
    pass.blocks([&](Index b) {
      float* g = dy.block(b);
      const float* v = x.block(b);
      for (Index p = 0; p < dy.positions(); ++p)
        for (std::size_t c = 0; c < channels; ++c, g += kLanes, v += kLanes) {
          const float mean = statistics(c).mean;
          for (Index l = 0; l < kLanes; ++l)
            g[l] = of_dy[c] * g[l] + of_x[c] * (v[l] - mean) + constant[c];
          for (Index l = dy.lanes(b); l < kLanes; ++l) g[l] = 0.0F;
        }
    });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) { std::copy_n(pass.dy.block(b), dx.block_size(), dx.block(b)); });
  }

 private:
  /// Of a channel in the batch; the inverse of the standard deviation.
  struct Statistics {
    float mean, inverse;
  };

  /// Of the batch's first image.
  [[nodiscard]] static std::vector<float> first_pixel(const Activation& x, const Part& part) {
    std::vector<float> pixel;
    for (Index c = 0; c < x.shape().channels; ++c) pixel.push_back(x.block(0)[c * kLanes]);
    if (part.peers() == nullptr) return pixel;
    std::vector<Index> begins(static_cast<std::size_t>(part.count()) + 1, std::ssize(pixel));
    begins.front() = 0;  // all are the first peer's
    gather(*part.peers(), pixel.data(), begins);
    return pixel;
  }
  [[nodiscard]] float weight(const Node& bn, std::size_t c) const {
    return affine ? bn.weight(c) : 1.0F;
  }
  [[nodiscard]] float bias(const Node& bn, std::size_t c) const {
    return affine ? bn.bias(c) : 0.0F;
  }
  /// y = scale (x - mean) + shift. Means that are folded into the shift cost digits where they are
  /// far from zero.
  static bool scale(const ForwardPass& pass, const Affine& a, const std::vector<float>& means) {
    const Activation& x = pass.x();
    return pass.blocks([&](Index b, FiniteRows& seen) {
      FiniteRows own = seen;  // stays in registers
      const float* v = x.block(b);
      float* y = pass.y.block(b);
      for (Index p = 0; p < x.positions(); ++p)
        for (std::size_t c = 0; c < means.size(); ++c, v += kLanes, y += kLanes)
          detail::affine_row(v, y, a.scale[c], a.shift[c], pass.relu, own, means[c]);
      seen = own;
    });
  }
  static void blend(float& running, double value, double momentum) {
    running = static_cast<float>((1.0 - momentum) * running + momentum * value);
  }
};

}  // namespace autoprune::nn
