/// @file heuristics.hpp
/// Policies that need no search: the ones to beat, and the ones that an agent starts from.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "autoprune/prune/lamp.hpp"
#include "autoprune/search/policy.hpp"

namespace autoprune::search {

/// Where the policy of an episode came from.
enum class Origin { uniform, lamp, explore, agent };

[[nodiscard]] inline std::string_view origin_name(Origin origin) {
  constexpr std::string_view names[] = {"uniform", "lamp", "explore", "agent"};
  return names[static_cast<std::size_t>(origin)];
}

struct Proposal {
  Origin origin;
  Policy policy;
};

/// Uniform and LAMP policies that keep `keep_ratio` of the network's column-vectors (uniform: of
/// each layer's). LAMP ranks whole OUs over the network.
[[nodiscard]] inline Proposal heuristic(Origin origin, std::span<const Ranking> layers,
                                        double keep_ratio) {
  std::vector<prune::Scores> scores;
  for (const Ranking& layer : layers) scores.push_back(layer.ous);
  return {origin, origin == Origin::lamp ? prune::lamp_policy(scores, keep_ratio)
                                         : prune::uniform_policy(scores, keep_ratio)};
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

/// The policies that a search starts from: both heuristics at the target compression, or a sweep of
/// them where there is none.
[[nodiscard]] inline std::vector<Proposal> warm_start(std::span<const Ranking> layers,
                                                      const Constraints& constraints) {
  if (!constraints.target_compression) return heuristic_sweep(layers, 16);
  const double keep = 1.0 / *constraints.target_compression;
  return {heuristic(Origin::lamp, layers, keep), heuristic(Origin::uniform, layers, keep)};
}

}  // namespace autoprune::search
