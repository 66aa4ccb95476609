/// @file greedy.hpp
/// Greedy search: each layer's sensitivity first, then the cheapest step over and over.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "autoprune/search/landscape.hpp"
#include "autoprune/search/search_config.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

/// Half of the budget, at least one policy a layer, finds what halving a layer once, twice and so
/// on costs with all others dense (probes: accuracy is asked for without the constraints); then
/// layers are halved in the order of accuracy lost for every crossbar saved, and of the policies on
/// that way as many as the budget allows are measured, evenly spread.
template <Landscape L>
class Greedy {
 public:
  static constexpr const char* kName = "greedy";

  Greedy(L& landscape, const SearchConfig& config)
      : landscape_(landscape), budget_(config.episodes), least_keep_(config.least_keep) {
    config.space.require_keeps_only(kName);
    const Index n = landscape.layers();
    const Index levels = std::clamp<Index>(budget_ / (2 * n), 1, 6);
    for (Index i = 0; i < std::min(budget_ - 1, n * levels); ++i) {
      probes_.push_back({Origin::probe, Policy(at(n), 1.0)});
      probes_.back().policy[at(i % n)].keep = std::exp2(-static_cast<double>(i / n + 1));
    }
  }

  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    const Index probes = std::ssize(probes_);
    if (told_ < probes) return next_of(probes_, told_, n);
    const std::vector<Policy> path = halving_path();
    const Index last = budget_ - probes, steps = std::ssize(path);
    std::vector<Proposal> proposals;
    for (Index i = told_ - probes; i < last && std::ssize(proposals) < n; ++i)
      proposals.push_back(
          {Origin::searcher, path[at(last > 1 ? i * (steps - 1) / (last - 1) : 0)]});
    return proposals;
  }

  void tell(std::span<const Outcome> outcomes) {
    for (const Outcome& outcome : outcomes)
      if (told_++ < std::ssize(probes_)) accuracies_.push_back(outcome.accuracy);
  }

  template <class Archive>
  void describe(Archive& archive) {
    visit_same(archive, "budget", static_cast<std::uint64_t>(budget_));
    visit_integer(archive, "told", told_, budget_);
    accuracies_.resize(std::min(at(told_), probes_.size()));
    visit_finite(archive, "accuracies", accuracies_);
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// Policies from dense to every layer at its last level, and on in equal steps for all layers.
  [[nodiscard]] std::vector<Policy> halving_path() {
    const auto n = at(landscape_.layers());
    std::vector<std::vector<double>> loss(n, {0.0}), saved(n);  // [layer][level]
    for (std::size_t k = 0; k < n; ++k)
      saved[k].push_back(landscape_.saved(static_cast<Index>(k), 1.0));
    for (std::size_t i = 0; i < accuracies_.size(); ++i) {
      const std::size_t k = i % n;
      // Noise may let a loss seem to shrink; it doesn't.
      loss[k].push_back(std::max(loss[k].back(), landscape_.dense_accuracy() - accuracies_[i]));
      saved[k].push_back(landscape_.saved(static_cast<Index>(k), probes_[i].policy[k].keep));
    }

    std::vector<Policy> path = {Policy(n, 1.0)};
    std::vector<std::size_t> level(n, 0);
    for (;;) {
      std::size_t best = n;
      double cheapest = 0.0;
      for (std::size_t k = 0; k < n; ++k) {
        if (level[k] + 1 >= loss[k].size()) continue;
        const double more = std::max(1e-6, saved[k][level[k] + 1] - saved[k][level[k]]);
        const double cost = (loss[k][level[k] + 1] - loss[k][level[k]]) / more;
        if (best == n || cost < cheapest) {
          best = k;
          cheapest = cost;
        }
      }
      if (best == n) break;
      ++level[best];
      path.push_back(path.back());
      path.back()[best].keep /= 2.0;
    }
    for (int more = 0; more < 8; ++more) {
      path.push_back(path.back());
      for (LayerPlan& plan : path.back())
        plan.keep = std::max(least_keep_, plan.keep * std::sqrt(0.5));
    }
    return path;
  }

  L& landscape_;
  Index budget_;
  double least_keep_;
  std::vector<Proposal> probes_;
  Index told_ = 0;
  std::vector<double> accuracies_;  // of the probes that were told
};

}  // namespace autoprune::search
