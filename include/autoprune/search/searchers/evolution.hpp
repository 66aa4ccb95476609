/// @file evolution.hpp
/// Separable CMA-ES from the best heuristic policy.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "autoprune/search/action_space.hpp"
#include "autoprune/search/evolution.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/landscape.hpp"
#include "autoprune/search/search_config.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

/// Begins with the policies that guided begins with, and with steps of the same length. Points are
/// rounded to choices.
class EvolutionSearch {
 public:
  static constexpr const char* kName = "evolution";

  EvolutionSearch(Landscape auto& landscape, const SearchConfig& config)
      : space_(config.space, config.least_keep),
        budget_(config.episodes),
        sigma_(config.step_sigma(landscape.layers())),
        seed_(config.seed),
        start_(
            in_space(warm_start(landscape.rankings(), landscape.constraints(), budget_), space_)),
        best_(static_cast<std::size_t>(landscape.layers() * space_.size()), 0.0) {}

  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    if (!strategy_) return next_of(start_, told_, n);
    std::vector<Proposal> proposals(
        std::min(static_cast<std::size_t>(n), strategy_->left_of_generation()));
    for (Proposal& proposal : proposals) proposal.policy = policy_at(strategy_->ask());
    return proposals;
  }

  void tell(std::span<const Outcome> outcomes) {
    for (const Outcome& outcome : outcomes) {
      ++told_;
      if (strategy_) {
        strategy_->tell(outcome.reward);
        continue;
      }
      if (outcome.reward > best_reward_) {
        best_reward_ = outcome.reward;
        best_ = space_.actions_of(realised_policy(outcome));
      }
      if (told_ == std::ssize(start_)) begin();
    }
  }

  template <class Archive>
  void describe(Archive& archive) {
    visit_same(archive, "budget", static_cast<std::uint64_t>(budget_));
    visit_integer(archive, "told", told_, budget_);
    visit_finite(archive, "best_reward", {&best_reward_, 1});
    visit_finite(archive, "best", best_);
    if constexpr (Archive::loading) {
      strategy_.reset();
      if (told_ >= std::ssize(start_)) begin();
    }
    if (strategy_) strategy_->describe(archive);
  }

 private:
  /// Actions of a coordinate's unit: a first step takes it to another choice one time in three.
  [[nodiscard]] double unit(std::size_t coordinate) const {
    const auto each = static_cast<std::size_t>(space_.size());
    const Index choices = space_.choices()[coordinate % each];
    return choices > 0 ? std::max(1.0, 0.5 / (static_cast<double>(choices) * sigma_)) : 1.0;
  }
  void begin() {
    Evolution::Point start = best_;
    for (std::size_t i = 0; i < start.size(); ++i) start[i] /= unit(i);
    strategy_.emplace(std::move(start), sigma_, seed_);
  }
  [[nodiscard]] Policy policy_at(Evolution::Point point) const {
    for (std::size_t i = 0; i < point.size(); ++i)
      point[i] = std::clamp(point[i] * unit(i), 0.0, 1.0);
    return space_.policy_of(point);
  }

  ActionSpace space_;
  Index budget_;
  double sigma_;
  std::uint64_t seed_;
  std::vector<Proposal> start_;
  Index told_ = 0;
  double best_reward_ = std::numeric_limits<double>::lowest();  // of the start
  std::vector<double> best_;                                    // its actions
  std::optional<Evolution> strategy_;                           // once the start is told
};

}  // namespace autoprune::search
