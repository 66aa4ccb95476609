/// @file reward.hpp
/// What a policy is worth.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "autoprune/core/error.hpp"
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
  /// For reports, of what `accuracy` says in words.
  [[nodiscard]] std::string words(const std::string& accuracy) const {
    return concat("(1 - 1/CR)^", alpha, " x ", accuracy);
  }
  [[nodiscard]] double operator()(const Figures& f) const {
    return std::pow(std::max(0.0, 1.0 - 1.0 / f.compression), alpha) * f.accuracy / 100.0;
  }
};

/// A reward whose type is forgotten. One may have `validate()`, and `words(accuracy)` that reports
/// show.
class AnyReward {
 public:
  AnyReward() : AnyReward(CompressionReward{}) {}
  /// Throws what its validate() throws.
  template <class Reward>
  requires(!std::is_same_v<Reward, AnyReward> && RewardFunction<Reward>) AnyReward(Reward reward) {
    if constexpr (requires { reward.validate(); }) reward.validate();
    if constexpr (requires(std::string accuracy) { reward.words(accuracy); })
      words_ = [reward](const std::string& accuracy) { return reward.words(accuracy); };
    value_ = std::move(reward);
  }

  [[nodiscard]] double operator()(const Figures& figures) const { return value_(figures); }
  [[nodiscard]] std::string words(const std::string& accuracy) const {
    return words_ ? words_(accuracy) : "a reward of one's own of " + accuracy;
  }

 private:
  std::function<double(const Figures&)> value_;
  std::function<std::string(const std::string&)> words_;
};

}  // namespace autoprune::search
