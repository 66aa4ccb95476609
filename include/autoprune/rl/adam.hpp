/// @file adam.hpp
/// The Adam optimiser (Kingma and Ba, 2015) on one flat parameter buffer.
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "autoprune/core/types.hpp"
#include "autoprune/rl/state_visitor.hpp"

namespace autoprune::rl {

/// Moments for `size` parameters; betas 0.9 and 0.999, epsilon 1e-8.
class Adam {
 public:
  Adam(Index size, double rate)
      : rate_(rate), mean_(Eigen::ArrayXf::Zero(size)), square_(Eigen::ArrayXf::Zero(size)) {}

  /// One step against the gradients. Both spans have `size` numbers.
  void step(std::span<float> parameters, std::span<const float> gradients) {
    ++steps_;
    const auto t = static_cast<double>(steps_);
    const auto rate = static_cast<float>(rate_ / (1.0 - std::pow(kBeta1, t)));
    const auto scale = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(kBeta2, t)));
    // A block stays in the first-level cache, so memory is passed over once.
    for (Index begin = 0; begin < mean_.size(); begin += kBlock) {
      const Index count = std::min(kBlock, mean_.size() - begin);
      Eigen::Map<Eigen::ArrayXf> p(parameters.data() + begin, count);
      const Eigen::Map<const Eigen::ArrayXf> g(gradients.data() + begin, count);
      auto m = mean_.segment(begin, count);
      auto v = square_.segment(begin, count);
      m = (m + static_cast<float>(1.0 - kBeta1) * (g - m) + kCoarse) - kCoarse;
      v = (v + static_cast<float>(1.0 - kBeta2) * (g.square() - v) + kCoarse) - kCoarse;
      p -= rate * m / (scale * v.sqrt() + kEpsilon);
    }
  }

  /// Hands every number that decides the future to the visitor; see StateVisitor.
  template <class Visitor>
  void visit_state(Visitor&& visit) {
    visit_count(visit, "steps", steps_);
    visit("mean", std::span(mean_.data(), static_cast<std::size_t>(mean_.size())));
    visit("square", std::span(square_.data(), static_cast<std::size_t>(square_.size())));
  }

 private:
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999;
  static constexpr float kEpsilon = 1e-8F;
  /// The weights of a dead unit get no gradient, so their moments would decay into subnormal
  /// numbers, on which processors are slow (a third of an update, after a few thousand). To add and
  /// take away this much rounds the moments to steps of 1e-27, far below what epsilon lets through.
  static constexpr float kCoarse = 1e-20F;
  static constexpr Index kBlock = 1024;

  double rate_;
  std::uint64_t steps_ = 0;
  Eigen::ArrayXf mean_, square_;  ///< running means of the gradient and of its square
};

}  // namespace autoprune::rl
