/// @file reward.hpp
/// What a policy is worth.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>

#include "autoprune/core/number.hpp"

namespace autoprune::search {

/// What a reward may depend on.
struct Figures {
  double compression = 1.0;     ///< crossbars, or whatever else counts: dense / pruned
  double accuracy = 0.0;        ///< of the pruned network, in percent
  double dense_accuracy = 0.0;  ///< of the dense one
};

template <class R>
concept RewardFunction = requires(const R& reward, const Figures& figures) {
  { reward(figures) } -> std::convertible_to<double>;
};

/// The slides': (1 - 1 / CR)^alpha * accuracy, accuracy as a fraction; between 0 and 1.
struct CompressionReward {
  double alpha = 1.0;  ///< weight of compression: accuracy counts alone at 0

  void validate() const { require_range(alpha, "alpha, the reward's exponent,", 0.0, 1e6); }
  [[nodiscard]] double operator()(const Figures& f) const {
    return std::pow(std::max(0.0, 1.0 - 1.0 / f.compression), alpha) * f.accuracy / 100.0;
  }
};

}  // namespace autoprune::search
