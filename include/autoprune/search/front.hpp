/// @file front.hpp
/// Pareto fronts of accuracy, crossbars and energy.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "autoprune/search/history.hpp"
#include "autoprune/search/proposal.hpp"

namespace autoprune::search {

/// Accuracy lost, crossbars, energy: the less of each, the better.
[[nodiscard]] inline std::array<double, 3> objectives(const Outcome& of, Counting counting) {
  const Index crossbars =
      counting == Counting::pooled ? of.crossbars.pooled : of.crossbars.per_layer;
  return {-of.accuracy, static_cast<double>(crossbars), of.costs.energy_nj};
}

/// Whether `a` is as good as `b` in every objective, and better in one. A policy within the
/// constraints dominates any that isn't; of two that aren't, the one of the higher reward does (Deb
/// et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002, section VI).
[[nodiscard]] inline bool dominates(const Outcome& a, const Outcome& b, Counting counting) {
  if (a.feasible != b.feasible) return a.feasible;
  if (!a.feasible) return a.reward > b.reward;
  const auto of_a = objectives(a, counting), of_b = objectives(b, counting);
  for (std::size_t i = 0; i < of_a.size(); ++i)
    if (of_a[i] > of_b[i]) return false;
  return of_a != of_b;
}

/// The episodes of the policies that no other one dominates, from the fewest crossbars up; of
/// equals the first. Probes, and policies that miss a constraint, are left out.
[[nodiscard]] inline std::vector<Index> pareto_front(std::span<const Episode> episodes,
                                                     Counting counting) {
  const auto beats = [&](std::size_t a, std::size_t b) {
    const Outcome &of_a = episodes[a].outcome, &of_b = episodes[b].outcome;
    return dominates(of_a, of_b, counting) ||
           (a < b && objectives(of_a, counting) == objectives(of_b, counting));
  };
  std::vector<std::size_t> within;
  for (std::size_t e = 0; e < episodes.size(); ++e)
    if (episodes[e].origin != Origin::probe && episodes[e].outcome.feasible) within.push_back(e);
  std::vector<Index> front;
  for (const std::size_t e : within)
    if (std::none_of(within.begin(), within.end(), [&](std::size_t o) { return beats(o, e); }))
      front.push_back(static_cast<Index>(e));
  std::stable_sort(front.begin(), front.end(), [&](Index a, Index b) {
    const auto order = [&](Index e) {
      auto key = objectives(episodes[static_cast<std::size_t>(e)].outcome, counting);
      std::rotate(key.begin(), key.begin() + 1, key.end());
      return key;
    };
    return order(a) < order(b);
  });
  return front;
}

/// How good a policy is among others: those of front 0 are dominated by none, of front 1 by those
/// of front 0 alone, and so on; within a front, the farther from its neighbours, the more worth it
/// is to be kept.
struct Standing {
  Index front = 0;
  double crowding = 0.0;

  [[nodiscard]] bool better_than(const Standing& other) const {
    return front != other.front ? front < other.front : crowding > other.crowding;
  }
};

/// Of each outcome, by NSGA-II's sorting and crowding distance.
[[nodiscard]] inline std::vector<Standing> standings(std::span<const Outcome> outcomes,
                                                     Counting counting) {
  constexpr double kEnd = std::numeric_limits<double>::infinity();
  std::vector<Standing> all(outcomes.size());
  std::vector<std::size_t> left(outcomes.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (Index front = 0; !left.empty(); ++front) {
    std::vector<std::size_t> here, rest;
    for (const std::size_t b : left) {
      const bool beaten = std::any_of(left.begin(), left.end(), [&](std::size_t a) {
        return dominates(outcomes[a], outcomes[b], counting);
      });
      (beaten ? rest : here).push_back(b);
    }
    for (const std::size_t i : here) all[i].front = front;
    for (std::size_t o = 0; o < objectives(outcomes[here.front()], counting).size(); ++o) {
      const auto value = [&](std::size_t i) { return objectives(outcomes[i], counting)[o]; };
      std::stable_sort(here.begin(), here.end(),
                       [&](std::size_t a, std::size_t b) { return value(a) < value(b); });
      const double range = value(here.back()) - value(here.front());
      all[here.front()].crowding = all[here.back()].crowding = kEnd;
      for (std::size_t i = 1; i + 1 < here.size() && range > 0.0; ++i)
        all[here[i]].crowding += (value(here[i + 1]) - value(here[i - 1])) / range;
    }
    left = std::move(rest);
  }
  return all;
}

}  // namespace autoprune::search
