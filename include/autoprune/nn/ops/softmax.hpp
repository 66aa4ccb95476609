/// @file softmax.hpp
/// Shares of e^x among the channels of each position, or their logarithms.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "autoprune/nn/functions.hpp"
#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct Softmax {
  static constexpr std::string_view kName = "softmax";

  bool log = false;  ///< the logarithms

  void describe(AttributeVisitor& visit) { visit.rare("log", log, false); }

  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      for_positions(pass.y, [&](Index first, Index end) {
        shares(pass.x().block(b), pass.y.block(b), first, end);
      });
      seen.see_all(pass.y.block(b), pass.y.block_size());
    });
  }
  /// dx = y (dy - sum of y dy); of logarithms dx = dy - e^y (sum of dy)
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) {
      const float *y = pass.y.block(b), *dy = pass.dy.block(b);
      float* out = dx.block(b);
      for_positions(dx, [&](Index first, Index end) {
        alignas(64) std::array<float, kLanes> sum = {};
        for_channels(first, end,
                     [&](Index i, std::size_t l) { sum[l] += log ? dy[i] : y[i] * dy[i]; });
        for_channels(first, end, [&](Index i, std::size_t l) {
          out[i] = log ? dy[i] - detail::exponential(y[i]) * sum[l] : y[i] * (dy[i] - sum[l]);
        });
      });
    });
  }

 private:
  void shares(const float* x, float* y, Index first, Index end) const {
    alignas(64) std::array<float, kLanes> top, sum = {};
    std::copy_n(x + first, kLanes, top.begin());
    for_channels(first, end, [&](Index i, std::size_t l) { top[l] = std::max(top[l], x[i]); });
    for_channels(first, end, [&](Index i, std::size_t l) {
      y[i] = detail::exponential(x[i] - top[l]);
      sum[l] += y[i];
    });
    for (float& s : sum) s = log ? std::log(s) : 1.0F / s;
    for_channels(first, end, [&](Index i, std::size_t l) {
      y[i] = log ? x[i] - top[l] - sum[l] : y[i] * sum[l];
    });
  }

  /// f(first number of a position, the first one behind it)
  template <class F>
  static void for_positions(const Activation& like, F&& f) {
    const Index step = like.shape().channels * kLanes;
    for (Index p = 0; p < like.positions(); ++p) f(p * step, (p + 1) * step);
  }
  /// f(number, its lane)
  template <class F>
  static void for_channels(Index first, Index end, F&& f) {
    for (Index row = first; row < end; row += kLanes)
      for (std::size_t l = 0; l < kLanes; ++l) f(row + static_cast<Index>(l), l);
  }
};

}  // namespace autoprune::nn
