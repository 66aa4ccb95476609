/// @file methods.hpp
/// Other ways to find a policy than an agent, each with a budget of policies that it may measure.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/search/auto_prune.hpp"
#include "autoprune/search/evolution.hpp"
#include "autoprune/search/heuristics.hpp"

namespace autoprune::search {

enum class SearchMethod {
  random,     ///< every layer's keep ratio on its own, logarithms uniform
  uniform,    ///< one keep ratio for all layers, a sweep
  lamp,       ///< LAMP over the network, a sweep
  greedy,     ///< each layer's sensitivity first, then the cheapest step over and over
  evolution,  ///< separable CMA-ES from the best policy of an agent's warm start
  agent       ///< DDPG
};

inline constexpr std::array<std::pair<SearchMethod, const char*>, 6> kSearchMethodNames = {
    {{SearchMethod::random, "random"},
     {SearchMethod::uniform, "uniform"},
     {SearchMethod::lamp, "lamp"},
     {SearchMethod::greedy, "greedy"},
     {SearchMethod::evolution, "evolution"},
     {SearchMethod::agent, "agent"}}};

namespace detail {

/// Measures policies until the budget is spent.
template <class Environment>
class BudgetedSearch {
 public:
  BudgetedSearch(Environment& environment, Index budget, std::uint64_t seed, double least_keep)
      : environment_(environment), budget_(budget), seed_(seed), least_keep_(least_keep) {
    require_range(budget, "number of policies", 1, 1'000'000);
    if (!(least_keep > 0.0 && least_keep < 1.0))
      fail(ErrorId::out_of_range, "least keep ratio ", least_keep, " is not in (0, 1)");
  }

  [[nodiscard]] std::vector<Outcome> run(SearchMethod method) {
    if (method == SearchMethod::random) random();
    if (method == SearchMethod::uniform) sweep(Origin::uniform);
    if (method == SearchMethod::lamp) sweep(Origin::lamp);
    if (method == SearchMethod::greedy) greedy();
    if (method == SearchMethod::evolution) evolution();
    return std::move(outcomes_);
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  [[nodiscard]] Index left() const { return budget_ - static_cast<Index>(outcomes_.size()); }

  const Outcome& measure(const Policy& policy) {
    outcomes_.push_back(environment_.evaluate(environment_.allowed(policy)));
    return outcomes_.back();
  }
  [[nodiscard]] double keep_of(double u) const {
    return std::pow(least_keep_, 1.0 - std::clamp(u, 0.0, 1.0));
  }

  void random() {
    Random random(seed_, 0x4A4D);
    while (left() > 0) {
      Policy policy;
      for (Index k = 0; k < environment_.layers(); ++k) policy.push_back(keep_of(random.uniform()));
      measure(policy);
    }
  }

  /// Keep ratios fall in equal factors from 1 to 1/32, as in heuristic_sweep().
  void sweep(Origin origin) {
    const Index steps = budget_;
    for (Index i = 0; i < steps; ++i) {
      const double at = steps > 1 ? static_cast<double>(i) / static_cast<double>(steps - 1) : 0.0;
      measure(heuristic(origin, environment_.rankings(), std::pow(1.0 / 32.0, at)).policy);
    }
  }

  /// Half of the budget, at least one policy a layer, finds what halving a layer once, twice and so
  /// on costs with all others dense; then layers are halved in the order of accuracy lost for every
  /// crossbar saved, and of the policies on that way as many as the budget allows are measured,
  /// evenly spread. Accuracy is asked of the environment without its constraints.
  void greedy() {
    const Index n = environment_.layers();
    const Index levels = std::clamp<Index>(budget_ / (2 * n), 1, 6);
    std::vector<std::vector<double>> loss(at(n)), saved(at(n));  // [layer][level]
    for (Index k = 0; k < n; ++k) {
      loss[at(k)].push_back(0.0);
      saved[at(k)].push_back(environment_.saved(k, 1.0));
    }
    for (Index level = 1; level <= levels; ++level)
      for (Index k = 0; k < n && left() > 1; ++k) {
        Policy policy(at(n), 1.0);
        policy[at(k)] = std::exp2(-static_cast<double>(level));
        outcomes_.push_back(environment_.evaluate(policy));
        // Noise may let a loss seem to shrink; it doesn't.
        loss[at(k)].push_back(std::max(loss[at(k)].back(),
                                       environment_.dense_accuracy() - outcomes_.back().accuracy));
        saved[at(k)].push_back(environment_.saved(k, policy[at(k)]));
      }
    const bool free_amount = !environment_.constraints().target_compression;
    if (!free_amount) outcomes_.clear();  // they miss the target: no answers, but paid for
    std::vector<Policy> path = halving_path(loss, saved);
    const Index paid = free_amount ? 0 : std::min(budget_ - 1, n * levels);
    const Index last = left() - paid, steps = static_cast<Index>(path.size());
    for (Index i = 0; i < last; ++i) measure(path[at(last > 1 ? i * (steps - 1) / (last - 1) : 0)]);
  }

  /// Policies from dense to every layer at its last level, and on in equal steps for all layers.
  [[nodiscard]] std::vector<Policy> halving_path(const std::vector<std::vector<double>>& loss,
                                                 const std::vector<std::vector<double>>& saved) {
    std::vector<Policy> path = {Policy(loss.size(), 1.0)};
    std::vector<std::size_t> level(loss.size(), 0);
    for (;;) {
      std::size_t best = loss.size();
      double cheapest = 0.0;
      for (std::size_t k = 0; k < loss.size(); ++k) {
        if (level[k] + 1 >= loss[k].size()) continue;
        const double more = std::max(1e-6, saved[k][level[k] + 1] - saved[k][level[k]]);
        const double cost = (loss[k][level[k] + 1] - loss[k][level[k]]) / more;
        if (best == loss.size() || cost < cheapest) {
          best = k;
          cheapest = cost;
        }
      }
      if (best == loss.size()) break;
      ++level[best];
      path.push_back(path.back());
      path.back()[best] /= 2.0;
    }
    for (int more = 0; more < 8; ++more) {
      path.push_back(path.back());
      for (double& keep : path.back()) keep = std::max(least_keep_, keep * std::sqrt(0.5));
    }
    return path;
  }

  void evolution() {
    std::vector<Proposal> start =
        warm_start(environment_.rankings(), environment_.constraints(), budget_);
    for (const Proposal& proposal : start)
      if (left() > 0) measure(proposal.policy);
    const auto best =
        std::max_element(outcomes_.begin(), outcomes_.end(),
                         [](const Outcome& a, const Outcome& b) { return a.reward < b.reward; });
    Policy mean;
    for (const double keep : best->keep_ratios)
      mean.push_back(std::clamp(1.0 - std::log(keep) / std::log(least_keep_), 0.0, 1.0));
    const double sigma = SearchConfig{}.step_sigma(environment_.layers());
    Evolution strategy(std::move(mean), sigma, seed_);
    while (left() > 0) {
      Policy policy = strategy.ask();
      for (double& u : policy) u = keep_of(u);
      strategy.tell(measure(policy).reward);
    }
  }

  Environment& environment_;
  Index budget_;
  std::uint64_t seed_;
  double least_keep_;
  std::vector<Outcome> outcomes_;
};

}  // namespace detail

/// What a method measures with a budget of `budget` policies, in order; least_keep is the smallest
/// keep ratio that it proposes. Uniform, LAMP and greedy don't depend on the seed. Throws
/// out_of_range, and what the environment throws.
template <class Environment>
[[nodiscard]] std::vector<Outcome> search_by(SearchMethod method, Environment& environment,
                                             Index budget, std::uint64_t seed,
                                             double least_keep = 0.01) {
  if (method != SearchMethod::agent)
    return detail::BudgetedSearch<Environment>(environment, budget, seed, least_keep).run(method);
  SearchConfig config;
  config.episodes = budget;
  config.least_keep = least_keep;
  config.seed = seed;
  AutoPruner<Environment> search(environment, config);
  std::vector<Outcome> outcomes;
  while (!search.done()) outcomes.push_back(search.run_episode().outcome);
  return outcomes;
}

}  // namespace autoprune::search
