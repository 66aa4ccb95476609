/// @file proposal.hpp
/// What a searcher proposes, and what comes back.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/text.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/search/constraints.hpp"
#include "autoprune/search/figures.hpp"
#include "autoprune/search/policy.hpp"

namespace autoprune::search {

/// Where the policy of an episode came from.
enum class Origin {
  uniform,  ///< a heuristic: every layer keeps the same share
  lamp,     ///< a heuristic: LAMP over the network
  explore,  ///< drawn at random
  probe,    ///< to learn what one layer costs: measured as it is, outside of the constraints
  searcher  ///< the searcher's own choice
};

[[nodiscard]] constexpr auto words_of(Origin) {
  using enum Origin;
  return std::to_array<Word<Origin>>({{uniform, "uniform"},
                                      {lamp, "lamp"},
                                      {explore, "explore"},
                                      {probe, "probe"},
                                      {searcher, "searcher"}});
}
inline constexpr Index kLastOrigin = static_cast<Index>(Origin::searcher);

struct Proposal {
  Origin origin = Origin::searcher;
  Policy policy;
};

/// What the environment says of a policy.
struct Outcome {
  std::vector<double> keep_ratios;  ///< realised: after scaling and rounding to whole OUs
  double accuracy = 0.0;            ///< held out, percent
  double reward = 0.0;              ///< where a constraint is missed, minus what it is missed by
  bool feasible = true;             ///< within the constraints
  mapping::CrossbarCount crossbars;
  Costs costs;    ///< zeros where nothing is priced
  Policy policy;  ///< as it was measured: gives the same masks again
};

/// The constraint that an outcome misses by most, and what to do. `dense_accuracy` is in percent,
/// measured as the outcome's.
[[nodiscard]] inline Missed missed(const Outcome& outcome, const Constraints& constraints,
                                   double dense_accuracy) {
  Missed most;
  const double accuracy = std::max(constraints.min_accuracy.value_or(0.0),
                                   dense_accuracy - constraints.max_accuracy_drop.value_or(100.0));
  most.ask(outcome.accuracy, accuracy, "a held-out accuracy of ", outcome.accuracy, " %, below ",
           accuracy, " % (before: ", dense_accuracy, " %). Allow less, or search longer");
  // Policies of keep ratios alone have been scaled to the others, or are probes.
  if (methods::keeps_only(outcome.policy)) return most;
  const double reached = compression(outcome.crossbars, constraints.counting),
               target = constraints.target_compression.value_or(0.0);
  most.ask(reached, target, "a compression of ", reached, ", below ", target,
           ". Search longer; search keep ratios, or lower their bounds; allow fewer bits; or lower "
           "the target");
  if (const Missed cost = constraints.budgets.missed(outcome.costs); cost.by > most.by)
    most = {cost.by, cost.what +
                         ". Search longer; search keep ratios, or lower their bounds; allow fewer "
                         "bits; or raise the budget"};
  return most;
}

/// The policy of an outcome with its realised keep ratios.
[[nodiscard]] inline Policy realised_policy(const Outcome& outcome) {
  Policy policy = outcome.policy;
  for (std::size_t k = 0; k < policy.size(); ++k) policy[k].keep = outcome.keep_ratios[k];
  return policy;
}

/// Up to n of a list's proposals, the first `done` left out.
[[nodiscard]] inline std::vector<Proposal> next_of(std::span<const Proposal> all, Index done,
                                                   Index n) {
  const auto from = std::min(static_cast<std::size_t>(done), all.size());
  const auto count = std::min(static_cast<std::size_t>(n), all.size() - from);
  const std::span<const Proposal> next = all.subspan(from, count);
  return {next.begin(), next.end()};
}

}  // namespace autoprune::search
