/// @file evolution.hpp
/// Separable CMA-ES from the best heuristic policy.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "autoprune/search/evolution.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/layer_walk.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

/// Begins with the policies that guided begins with, and with steps of the same length.
class EvolutionSearch {
 public:
  static constexpr const char* kName = "evolution";

  EvolutionSearch(Landscape auto& landscape, const SearchConfig& config)
      : scale_{config.least_keep},
        budget_(config.episodes),
        sigma_(config.step_sigma(landscape.layers())),
        seed_(config.seed),
        start_(warm_start(landscape.rankings(), landscape.constraints(), budget_)),
        best_(static_cast<std::size_t>(landscape.layers()), 0.0) {}

  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    if (!strategy_) return next_of(start_, told_, n);
    std::vector<Proposal> proposals(
        std::min(static_cast<std::size_t>(n), strategy_->left_of_generation()));
    for (Proposal& proposal : proposals)
      for (const double u : strategy_->ask())
        proposal.policy.push_back(scale_.keep_of(std::clamp(u, 0.0, 1.0)));
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
        std::transform(outcome.keep_ratios.begin(), outcome.keep_ratios.end(), best_.begin(),
                       [&](double keep) { return scale_.action_of(keep); });
      }
      if (told_ == std::ssize(start_)) strategy_.emplace(best_, sigma_, seed_);
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
      if (told_ >= std::ssize(start_)) strategy_.emplace(best_, sigma_, seed_);
    }
    if (strategy_) strategy_->describe(archive);
  }

 private:
  ActionScale scale_;
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
