/// A continuous problem whose best policy is known: in each of three steps the agent is to name a
/// number that depends on the step and on the episode's context x. The reward, 1 at best, comes at
/// the episode's end and is given to every step.
#pragma once

#include <vector>

#include "autoprune/rl/replay.hpp"

namespace toy {

using autoprune::Index;

inline constexpr Index kSteps = 3, kFeatures = 6;

[[nodiscard]] inline double target(Index step, double x) {
  return step == 0 ? 0.1 + 0.8 * x : step == 1 ? 0.9 - 0.8 * x : 0.25;
}

[[nodiscard]] inline std::vector<float> state(Index step, double x, double previous, double miss) {
  std::vector<float> out(kFeatures, 0.0F);
  if (step < kSteps) out[static_cast<std::size_t>(step)] = 1.0F;
  out[3] = static_cast<float>(x);
  out[4] = static_cast<float>(previous);
  out[5] = static_cast<float>(miss);
  return out;
}

/// Plays an episode; `choose` maps a state to an action. The reward is that of every transition.
template <class Choose>
[[nodiscard]] std::vector<autoprune::rl::Transition> play(double x, Choose&& choose) {
  std::vector<autoprune::rl::Transition> path;
  double miss = 0.0;
  auto now = state(0, x, 1.0, miss);
  for (Index step = 0; step < kSteps; ++step) {
    const float action = choose(now);
    const double error = static_cast<double>(action) - target(step, x);
    miss += error * error / kSteps;
    auto next = state(step + 1, x, static_cast<double>(action), miss);
    path.push_back({now, {action}, 0.0F, next, step + 1 == kSteps});
    now = std::move(next);
  }
  for (auto& transition : path) transition.reward = static_cast<float>(1.0 - miss);
  return path;
}

/// Mean reward of the agent's policy over evenly spaced contexts.
[[nodiscard]] double mean_reward(auto& agent) {
  constexpr int kContexts = 50;
  double sum = 0.0;
  for (int i = 0; i < kContexts; ++i)
    sum += play((i + 0.5) / kContexts, [&](const auto& s) { return agent.act(s)[0]; })[0].reward;
  return sum / kContexts;
}

/// Explores one episode and, once the warm-up is over, updates once for each of its steps.
void train_episode(auto& agent, Index episode, double x) {
  for (const auto& t : play(x, [&](const auto& s) { return agent.explore(s, episode)[0]; }))
    agent.remember(t);
  if (episode < agent.config().warmup_episodes) return;
  for (Index step = 0; step < kSteps; ++step) agent.update();
}

}  // namespace toy
