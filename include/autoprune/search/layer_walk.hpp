/// @file layer_walk.hpp
/// A policy as the way of an agent through the layers: in each it sees a state and takes an action.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/rl/agent_config.hpp"
#include "autoprune/rl/replay.hpp"
#include "autoprune/search/landscape.hpp"
#include "autoprune/search/proposal.hpp"
#include "autoprune/search/search_config.hpp"

namespace autoprune::search {

/// Keep ratios as actions in [0, 1]; see SearchConfig::least_keep.
struct ActionScale {
  double least_keep = 0.01;

  [[nodiscard]] double keep_of(double action) const {
    const double keep = least_keep > 0.0 ? std::pow(least_keep, 1.0 - action) : action;
    return std::clamp(keep, kLeastKeepRatio, 1.0);
  }
  [[nodiscard]] double action_of(double keep) const {
    const double action = least_keep > 0.0 ? 1.0 - std::log(keep) / std::log(least_keep) : keep;
    return std::clamp(action, 0.0, 1.0);
  }
};

template <Landscape L>
class LayerWalk {
 public:
  /// Holds a reference to the landscape.
  LayerWalk(L& landscape, double least_keep) : landscape_(landscape), scale_{least_keep} {}

  [[nodiscard]] L& landscape() const { return landscape_; }
  [[nodiscard]] Index layers() const { return landscape_.layers(); }
  [[nodiscard]] double keep_of(double action) const { return scale_.keep_of(action); }
  [[nodiscard]] float action_of(double keep) const {
    return static_cast<float>(scale_.action_of(keep));
  }

  /// The settings of an agent that walks here.
  [[nodiscard]] rl::AgentConfig agent_config(const SearchConfig& config) const {
    rl::AgentConfig agent = config.agent;
    agent.seed = config.seed;
    agent.shape.states = static_cast<Index>(State{}.size());
    agent.shape.actions = 1;
    agent.replay_capacity = std::max(agent.batch, 100 * layers());
    return agent;
  }

  /// The policy of an actor, which answers each layer's state with an action.
  template <class ActorF>
  [[nodiscard]] Policy walk(const ActorF& actor) const {
    Policy policy;
    double saved = 0.0, previous = 1.0;
    for (Index k = 0; k < layers(); ++k) {
      previous = keep_of(actor(landscape_.states().at(k, saved, previous)));
      saved += landscape_.saved(k, previous);
      policy.emplace_back(previous);
    }
    return policy;
  }

  /// The states that a realised policy runs through; one more than there are layers, the last of
  /// which is never used but as a successor.
  [[nodiscard]] std::vector<State> trajectory(std::span<const double> keep_ratios) const {
    std::vector<State> states;
    double saved = 0.0, previous = 1.0;
    for (Index k = 0; k < layers(); ++k) {
      states.push_back(landscape_.states().at(k, saved, previous));
      previous = keep_ratios[static_cast<std::size_t>(k)];
      saved += landscape_.saved(k, previous);
    }
    states.push_back(states.back());
    return states;
  }

  /// Tells an agent of a policy as it was realised: every step gets the episode's final reward.
  template <class Agent>
  void remember(Agent& agent, const Outcome& outcome) const {
    const std::vector<State> states = trajectory(outcome.keep_ratios);
    for (std::size_t k = 0; k < outcome.keep_ratios.size(); ++k) {
      const float action = action_of(outcome.keep_ratios[k]);
      const bool last = k + 1 == outcome.keep_ratios.size();
      agent.remember({{states[k].begin(), states[k].end()},
                      {action},
                      static_cast<float>(outcome.reward),
                      {states[k + 1].begin(), states[k + 1].end()},
                      last});
    }
  }

 private:
  L& landscape_;
  ActionScale scale_;
};

}  // namespace autoprune::search
