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
#include "autoprune/search/figures.hpp"
#include "autoprune/search/savings.hpp"

namespace autoprune::search {

template <class R>
concept RewardFunction = requires(const R& reward, const Figures& figures) {
  { reward(figures) } -> std::convertible_to<double>;
};

/// The slides': (1 - 1 / CR)^alpha * accuracy, accuracy as a fraction; between 0 and 1. CR may be a
/// product of anything that is saved.
struct CompressionReward {
  double alpha = 1.0;  ///< weight of compression: accuracy counts alone at 0
  SavingProduct compression = {};

  void validate() const {
    require_range(alpha, "alpha, the reward's exponent,", 0.0, 1e6);
    compression.validate();
  }
  /// For reports, of what `accuracy` says in words.
  [[nodiscard]] std::string words(const std::string& accuracy) const {
    return concat("(1 - 1/CR)^", alpha, " x ", accuracy, ", CR of ", compression.to_string());
  }
  [[nodiscard]] bool reads_costs() const noexcept { return compression.reads_costs(); }
  [[nodiscard]] double operator()(const Figures& f) const {
    return std::pow(std::max(0.0, 1.0 - 1.0 / compression(f)), alpha) * f.accuracy / 100.0;
  }
};

/// What is saved, to the power of alpha, times accuracy, as a fraction. It tells apart what saves
/// little or nothing, of which CompressionReward says 0.
struct SavingReward {
  double alpha = 1.0;
  SavingProduct saved = {};

  void validate() const {
    require_range(alpha, "alpha, the reward's exponent,", 0.0, 100.0);
    saved.validate();
  }
  [[nodiscard]] std::string words(const std::string& accuracy) const {
    return concat("CR^", alpha, " x ", accuracy, ", CR of ", saved.to_string());
  }
  [[nodiscard]] bool reads_costs() const noexcept { return saved.reads_costs(); }
  [[nodiscard]] double operator()(const Figures& f) const {
    return std::pow(saved(f), alpha) * f.accuracy / 100.0;
  }
};

/// Whether a reward depends on energy, latency or area; one that doesn't say doesn't.
template <RewardFunction Reward>
[[nodiscard]] bool reads_costs(const Reward& reward) {
  if constexpr (requires { reward.reads_costs(); })
    return reward.reads_costs();
  else
    return false;
}

/// A reward whose type is forgotten. One may have `validate()`, `words(accuracy)` that reports
/// show, and `reads_costs()`.
class AnyReward {
 public:
  AnyReward() : AnyReward(CompressionReward{}) {}
  /// Throws what its validate() throws.
  template <class Reward>
  requires(!std::is_same_v<Reward, AnyReward> && RewardFunction<Reward>) AnyReward(Reward reward)
      : reads_costs_(search::reads_costs(reward)) {
    if constexpr (requires { reward.validate(); }) reward.validate();
    if constexpr (requires(std::string accuracy) { reward.words(accuracy); })
      words_ = [reward](const std::string& accuracy) { return reward.words(accuracy); };
    value_ = std::move(reward);
  }

  [[nodiscard]] double operator()(const Figures& figures) const { return value_(figures); }
  [[nodiscard]] bool reads_costs() const noexcept { return reads_costs_; }
  [[nodiscard]] std::string words(const std::string& accuracy) const {
    return words_ ? words_(accuracy) : "a reward of one's own of " + accuracy;
  }

 private:
  bool reads_costs_;
  std::function<double(const Figures&)> value_;
  std::function<std::string(const std::string&)> words_;
};

}  // namespace autoprune::search
