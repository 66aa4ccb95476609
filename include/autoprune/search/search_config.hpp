/// @file search_config.hpp
/// What can be set on a search; every searcher takes what concerns it.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "autoprune/core/number.hpp"
#include "autoprune/rl/agent_config.hpp"
#include "autoprune/search/action_space.hpp"
#include "autoprune/search/archive.hpp"

namespace autoprune::search {

struct SearchConfig {
  std::string searcher = "guided";  ///< see searchers.hpp
  Index episodes = 100;             ///< policies that are measured, those of a warm start included
  Index batch = 1;                  ///< policies that are measured before the searcher is told
  /// An action u means a keep ratio of least_keep^(1 - u): equal steps are equal factors, which is
  /// how crossbars answer. At 0 the action is the keep ratio itself.
  double least_keep = 0.01;
  SearchSpace space = {};  ///< the variables that are searched: keep ratios
  std::uint64_t seed = 1;

  // guided and ddpg
  std::optional<bool> warm_start = {};  ///< begin with heuristic policies instead of random ones;
                                        ///< not given: guided does, ddpg doesn't
  rl::AgentConfig agent = {};           ///< its seed, warm-up and noise's decay are the search's

  // ddpg
  double random_share = 0.25;  ///< of the episodes, with uniform actions; AMC: 100 of 400
  double final_noise = 0.1;  ///< deviation of the noise in the last episode, down to which it falls
                             ///< in equal factors
  Index updates = 400;       ///< a layer, spread evenly over the episodes; AMC: one in each of 400

  // guided
  Index candidates = 200;       ///< steps of exploration that the reward model chooses from
  double warm_step = 0.23;      ///< length of such a step through all layers' actions, root mean
                                ///< square; each candidate has a quarter to twice of it; also of
                                ///< evolution's first
  double warm_share = 0.3;      ///< share of the layers that every other candidate moves
  Index critic_episodes = 100;  ///< that the critic sees before its gradient moves the actor
  Index imitation_steps = 400;  ///< of the actor towards the best policies, at each new best
  Index anchor_steps = 30;      ///< of the same after every other episode

  /// Deviation of a step in each of `layers` actions.
  [[nodiscard]] double step_sigma(Index layers) const {
    return warm_step / std::sqrt(static_cast<double>(layers));
  }
  void validate() const {
    constexpr Index kMost = 1'000'000;
    require_range(episodes, "number of episodes", 1, kMost);
    require_range(batch, "number of policies in a batch", 1, kMost);
    require_range(updates, "number of updates", 1, kMost);
    require_range(candidates, "number of candidates", 1, kMost);
    require_range(critic_episodes, "number of critic episodes", 0, kMost);
    require_range(imitation_steps, "number of imitation steps", 0, kMost);
    require_range(anchor_steps, "number of anchor steps", 0, kMost);
    if (!(least_keep >= 0.0 && least_keep < 1.0))
      fail(ErrorId::out_of_range, "least keep ratio ", least_keep, " is not in [0, 1)");
    if (!(warm_step > 0.0 && warm_step <= 1.0 && warm_share > 0.0 && warm_share <= 1.0))
      fail(ErrorId::out_of_range, "steps of length ", warm_step, " in a share of ", warm_share,
           " of the layers; both must be in (0, 1]");
    if (!(random_share >= 0.0 && random_share <= 1.0 && final_noise > 0.0 && final_noise <= 1.0))
      fail(ErrorId::out_of_range, "a share of ", random_share, " random episodes and a noise of ",
           final_noise, " in the last; needs a share in [0, 1] and a noise in (0, 1]");
    space.validate();
    agent.validate();
  }

  /// All that a resumed search has to have in common with the first: not the number of episodes,
  /// which some searchers go beyond.
  void add_to(Fingerprint& print) const {
    print.add(std::span<const char>(searcher)).add(std::span(&seed, 1));
    for (const double v :
         {least_keep, warm_step, warm_share, agent.actor_rate, agent.critic_rate, agent.discount,
          agent.tau, agent.baseline_rate, agent.noise, random_share, final_noise})
      print.add(v);
    const Index warm = warm_start ? Index{*warm_start} : -1;
    for (const Index v : {warm, batch, updates, candidates, critic_episodes, imitation_steps,
                          anchor_steps, agent.batch})
      print.add(static_cast<double>(v));
    space.add_to(print);
  }
};

}  // namespace autoprune::search
