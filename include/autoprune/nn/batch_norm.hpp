/// @file batch_norm.hpp
/// Batch normalisation (Ioffe and Szegedy, 2015) over all images and positions of a channel, with
/// the ReLU that usually follows it in the same pass.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/elementwise.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::nn::detail {

inline constexpr float kBatchNormEpsilon = 1e-5F;

/// What the running statistics make of a batch-norm node: y = scale x + shift.
struct Affine {
  std::vector<float> scale, shift;
};

[[nodiscard]] inline Affine inference_affine(const Node& bn) {
  Affine a;
  for (std::size_t c = 0; c < bn.weight.size(); ++c) {
    const float scale = bn.weight(c) / std::sqrt(bn.running_var(c) + kBatchNormEpsilon);
    a.scale.push_back(scale);
    a.shift.push_back(bn.bias(c) - scale * bn.running_mean(c));
  }
  return a;
}

/// Two sums per channel over the valid images of a batch: per-lane partial sums a block, added in
/// block order in double precision.
template <class Accumulate>
std::vector<double> channel_sums(const Activation& like, ThreadPool& pool,
                                 Accumulate&& accumulate) {
  const Index channels = like.shape().channels;
  const auto size = static_cast<std::size_t>(2 * channels);
  std::vector<std::vector<double>> sums(static_cast<std::size_t>(like.blocks()));
  pool.for_each(like.blocks(), [&](Index b) {
    std::vector<float> lanes(size * kLanes, 0.0F);
    for (Index p = 0; p < like.positions(); ++p)
      for (Index c = 0; c < channels; ++c)
        accumulate(b, (p * channels + c) * kLanes, c, lanes.data() + 2 * c * kLanes);
    auto& out = sums[static_cast<std::size_t>(b)];
    out.assign(size, 0.0);
    for (std::size_t i = 0; i < size; ++i)
      for (Index l = 0; l < like.lanes(b); ++l)
        out[i] += lanes[i * kLanes + static_cast<std::size_t>(l)];
  });
  std::vector<double> total(size, 0.0);
  for (const auto& block : sums)
    for (std::size_t i = 0; i < size; ++i) total[i] += block[i];
  return total;
}

/// Batch normalisation with the statistics of the batch, which backward() needs again.
class BatchNorm {
 public:
  /// y = (relu of) the normalised x. `momentum` is the weight of this batch in the running
  /// statistics: 0.1 in training, 1 / (k + 1) to average over batches 0 .. k. Whether all numbers
  /// were finite; when the batch's statistics aren't, the running ones are left alone.
  bool forward(Node& bn, const Activation& x, Activation& y, bool relu, double momentum,
               ThreadPool& pool) {
    y.resize(x.shape(), x.images());
    // Sums of differences from one value of the channel: a mean far from zero costs no precision.
    const float* pivots = x.block(0);
    const std::vector<double> sums =
        channel_sums(x, pool, [&](Index b, Index row, Index c, float* lanes) {
          const float* v = x.block(b) + row;
          const float pivot = pivots[c * kLanes];
          for (Index l = 0; l < kLanes; ++l) {
            const float d = v[l] - pivot;
            lanes[l] += d;
            lanes[kLanes + l] += d * d;
          }
        });
    // Squares outgrow float32 before the values do.
    if (!std::all_of(sums.begin(), sums.end(), [](double s) { return std::isfinite(s); }))
      return false;
    const auto channels = static_cast<std::size_t>(x.shape().channels);
    const auto count = static_cast<double>(x.images() * x.positions());
    mean_.resize(channels);
    inverse_.resize(channels);
    Affine affine{std::vector<float>(channels), std::vector<float>(channels)};
    for (std::size_t c = 0; c < channels; ++c) {
      const double offset = sums[2 * c] / count;
      const double mean = pivots[c * kLanes] + offset;
      const double variance = std::max(0.0, sums[2 * c + 1] / count - offset * offset);
      const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
      blend(bn.running_mean(c), mean, momentum);
      blend(bn.running_var(c), unbiased, momentum);
      mean_[c] = static_cast<float>(mean);
      inverse_[c] = static_cast<float>(1.0 / std::sqrt(variance + kBatchNormEpsilon));
      affine.scale[c] = bn.weight(c) * inverse_[c];
      affine.shift[c] = bn.bias(c) - affine.scale[c] * mean_[c];
    }
    return finite_blocks(x, pool, [&](Index b, FiniteRows& seen) {
      detail::affine(x.block(b), y.block(b), x.positions(), x.shape().channels, affine.scale.data(),
                     affine.shift.data(), relu, seen);
    });
  }

  /// Replaces dy by dx, and sets the gradients of gamma and beta. `x` and `y` are those of
  /// forward().
  void backward(const Node& bn, const Activation& x, const Activation& y, bool relu, Activation& dy,
                Tensor& dgamma, Tensor& dbeta, ThreadPool& pool) const {
    const std::vector<double> sums =
        channel_sums(dy, pool, [&](Index b, Index row, Index c, float* lanes) {
          float* g = dy.block(b) + row;
          const float* v = x.block(b) + row;
          if (relu) relu_backward(y.block(b) + row, g, kLanes);
          const float mean = mean_[static_cast<std::size_t>(c)];
          for (Index l = 0; l < kLanes; ++l) {
            lanes[l] += g[l];
            lanes[kLanes + l] += g[l] * (v[l] - mean);
          }
        });
    const auto channels = static_cast<std::size_t>(x.shape().channels);
    const auto count = static_cast<double>(x.images() * x.positions());
    std::vector<float> of_dy(channels), of_x(channels), constant(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      dbeta(c) = static_cast<float>(sums[2 * c]);
      dgamma(c) = static_cast<float>(sums[2 * c + 1] * inverse_[c]);
      of_dy[c] = bn.weight(c) * inverse_[c];
      of_x[c] = static_cast<float>(-of_dy[c] * inverse_[c] * dgamma(c) / count);
      constant[c] = static_cast<float>(-of_dy[c] * dbeta(c) / count) - of_x[c] * mean_[c];
    }
    pool.for_each(dy.blocks(), [&](Index b) {
      float* g = dy.block(b);
      const float* v = x.block(b);
      for (Index p = 0; p < dy.positions(); ++p)
        for (std::size_t c = 0; c < channels; ++c, g += kLanes, v += kLanes) {
          for (Index l = 0; l < kLanes; ++l) g[l] = of_dy[c] * g[l] + of_x[c] * v[l] + constant[c];
          for (Index l = dy.lanes(b); l < kLanes; ++l) g[l] = 0.0F;
        }
    });
  }

 private:
  static void blend(float& running, double value, double momentum) {
    running = static_cast<float>((1.0 - momentum) * running + momentum * value);
  }

  std::vector<float> mean_, inverse_;  // per channel
};

}  // namespace autoprune::nn::detail
