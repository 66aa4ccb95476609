/// @file heuristics.hpp
/// Policies that need no search: the ones to beat, and the ones that searchers start from.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "autoprune/prune/lamp.hpp"
#include "autoprune/search/action_space.hpp"
#include "autoprune/search/proposal.hpp"

namespace autoprune::search {

/// Uniform and LAMP policies that keep `keep_ratio` of the network's column-vectors (uniform: of
/// each layer's). LAMP ranks whole OUs over the network.
[[nodiscard]] inline Proposal heuristic(Origin origin, std::span<const Ranking> layers,
                                        double keep_ratio) {
  std::vector<prune::Scores> scores;
  for (const Ranking& layer : layers) scores.push_back(layer.ous);
  const std::vector<double> keep_ratios = origin == Origin::lamp
                                              ? prune::lamp_policy(scores, keep_ratio)
                                              : prune::uniform_policy(scores, keep_ratio);
  return {origin, Policy(keep_ratios.begin(), keep_ratios.end())};
}

/// `count` heuristic policies, LAMP and uniform in turn, from none to heavy pruning: keep ratios
/// fall in equal factors from 1 to 1/32.
[[nodiscard]] inline std::vector<Proposal> heuristic_sweep(std::span<const Ranking> layers,
                                                           Index count) {
  std::vector<Proposal> proposals;
  const Index steps = ceil_div(count, 2);
  for (Index i = 0; i < count; ++i) {
    const double at = steps > 1 ? static_cast<double>(i / 2) / static_cast<double>(steps - 1) : 0.0;
    proposals.push_back(
        heuristic(i % 2 == 0 ? Origin::lamp : Origin::uniform, layers, std::pow(1.0 / 32.0, at)));
  }
  return proposals;
}

/// The policies that a search of `episodes` starts from. Without a target compression: a sweep, for
/// half of the search but 48 policies at most. With one: both heuristics at the target, then LAMP
/// policies of other amounts, a quarter of the search but 24 at most; scaled to the target, they
/// share it out differently among the layers.
[[nodiscard]] inline std::vector<Proposal> warm_start(std::span<const Ranking> layers,
                                                      const Constraints& constraints,
                                                      Index episodes) {
  if (!constraints.target_compression)
    return heuristic_sweep(layers, std::clamp<Index>(episodes / 2, 2, 48));
  const double keep = 1.0 / *constraints.target_compression;
  std::vector<Proposal> proposals = {heuristic(Origin::lamp, layers, keep),
                                     heuristic(Origin::uniform, layers, keep)};
  const Index others = std::min<Index>(episodes / 4, 24);
  for (Index i = 0; i < others; ++i) {
    const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(others);
    proposals.push_back(heuristic(Origin::lamp, layers, std::pow(1.0 / 32.0, at)));
  }
  return proposals;
}

/// Proposals of keep ratios with choices of what else is searched: one of each variable for all
/// layers, the last ones first, then spread by Halton's sequence ("On the efficiency of certain
/// quasi-random sequences of points", 1960). None comes twice.
[[nodiscard]] inline std::vector<Proposal> in_space(std::vector<Proposal> proposals,
                                                    const ActionSpace& space) {
  if (space.keeps_only()) return proposals;
  constexpr Index kPrimes[] = {2, 3, 5, 7, 11};
  std::vector<Proposal> different;
  for (Index i = 0; i < std::ssize(proposals); ++i) {
    std::vector<double> actions;
    for (Index v = 0; v < space.size() - (space.searches_keep() ? 1 : 0); ++v) {
      double inverse = 0.0, digit = 1.0;
      for (Index rest = i; rest > 0; rest /= kPrimes[v])
        inverse +=
            static_cast<double>(rest % kPrimes[v]) * (digit /= static_cast<double>(kPrimes[v]));
      actions.push_back(1.0 - inverse);
    }
    Proposal& proposal = proposals[static_cast<std::size_t>(i)];
    for (LayerPlan& plan : proposal.policy) {
      std::vector<double> all = actions;
      if (space.searches_keep()) all.insert(all.begin(), 0.0);
      const double keep = space.searches_keep() ? plan.keep : 1.0;
      plan = space.plan_of(all);
      plan.keep = keep;
    }
    const auto same = [&](const Proposal& other) { return other.policy == proposal.policy; };
    if (std::none_of(different.begin(), different.end(), same))
      different.push_back(std::move(proposal));
  }
  return different;
}

}  // namespace autoprune::search
