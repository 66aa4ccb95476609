/// @file heuristics.hpp
/// Policies that need no search: the ones to beat, and the ones that searchers start from.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "autoprune/prune/lamp.hpp"
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

}  // namespace autoprune::search
