/// @file landscape.hpp
/// What may be asked of policies without measuring any: layers and their states, constraints,
/// crossbars.
#pragma once

#include <concepts>
#include <span>

#include "autoprune/search/compressor.hpp"
#include "autoprune/search/layer_counts.hpp"
#include "autoprune/search/policy.hpp"
#include "autoprune/search/pricing.hpp"
#include "autoprune/search/rankings.hpp"
#include "autoprune/search/state.hpp"

namespace autoprune::search {

/// All that a searcher knows of its task.
template <class L>
concept Landscape = requires(L& landscape, const Policy& policy, Index k, const LayerPlan& plan) {
  { landscape.layers() } -> std::convertible_to<Index>;
  { landscape.states().at(k, plan.keep, plan.keep) } -> std::convertible_to<State>;
  { landscape.constraints() } -> std::convertible_to<const Constraints&>;
  { landscape.rankings() } -> std::convertible_to<std::span<const Ranking>>;
  { landscape.dense_accuracy() } -> std::convertible_to<double>;
  { landscape.allowed(policy) } -> std::convertible_to<Policy>;
  { landscape.realised(policy) } -> std::convertible_to<std::vector<double>>;
  { landscape.saved(k, plan) } -> std::convertible_to<double>;
};

/// The landscape of a network on its hardware. For one thread at a time: it counts each keep ratio
/// once.
class PruningLandscape {
 public:
  /// Holds references to the compressor, the rankings and what prices policies. `only_crossbars`
  /// cost anything: to fill those that are there anyway is free. Throws what the constraints throw,
  /// and missing_value for budgets where nothing is priced.
  PruningLandscape(const nn::Network& network, const Compressor& compressor, Rankings& rankings,
                   const Pricing& pricing, const Constraints& constraints, double dense_accuracy,
                   bool only_crossbars)
      : rankings_(rankings),
        pricing_(pricing),
        layers_(rankings.own()),
        constraints_((constraints.validate(layers_.size()), constraints)),
        dense_accuracy_(dense_accuracy),
        fills_crossbars_(only_crossbars && !constraints.budgets.any()),
        counts_(compressor, rankings),
        states_(network,
                compressor.count(Compressor::masks(layers_, Policy(layers_.size(), 1.0)))) {
    if (!pricing && (constraints.budgets.any() || !only_crossbars))
      fail(ErrorId::missing_value, "a budget or a reward of energy, latency or area, but nothing ",
           "prices policies; give the environment a Pricing (search/pricing.hpp)");
  }

  [[nodiscard]] Index layers() const noexcept { return states_.layers(); }
  [[nodiscard]] const StateTable& states() const noexcept { return states_; }
  [[nodiscard]] const Constraints& constraints() const noexcept { return constraints_; }
  [[nodiscard]] std::span<const Ranking> rankings() const noexcept { return layers_; }
  /// Held-out accuracy of the unpruned network, percent.
  [[nodiscard]] double dense_accuracy() const noexcept { return dense_accuracy_; }

  /// The policy moved into the constraints that don't need an accuracy: bounds, target, budgets.
  [[nodiscard]] Policy allowed(const Policy& policy) {
    if (fills_crossbars_) return meet_constraints(policy, constraints_, counts_);
    Policy met = constraints_.target_compression ? scale_to_target(policy, constraints_, counts_)
                                                 : clamp_to_bounds(policy, constraints_);
    if (!constraints_.budgets.any()) return met;
    return scale_to_budgets(met, constraints_, [this](const Policy& p) {
      return pricing_.price({rankings_.masks(p), p});
    });
  }

  /// The keep ratios that an (allowed) policy comes to when whole OUs are kept.
  [[nodiscard]] std::vector<double> realised(const Policy& policy) {
    std::vector<double> keep_ratios;
    for (std::size_t k = 0; k < policy.size(); ++k) {
      const mapping::LayerCount& count = counts_.at(k, policy[k]);
      keep_ratios.push_back(static_cast<double>(count.kept) / static_cast<double>(count.vectors));
    }
    return keep_ratios;
  }

  /// Crossbars that layer k saves under a plan; below 0 where it takes more than the dense one.
  [[nodiscard]] double saved(Index k, const LayerPlan& plan) {
    const mapping::LayerCount& count = counts_.at(static_cast<std::size_t>(k), plan);
    return static_cast<double>(count.crossbars_dense - count.crossbars);
  }

 private:
  Rankings& rankings_;
  const Pricing& pricing_;
  std::span<const Ranking> layers_;
  Constraints constraints_;
  double dense_accuracy_;
  bool fills_crossbars_;
  LayerCounts counts_;
  StateTable states_;
};

}  // namespace autoprune::search
