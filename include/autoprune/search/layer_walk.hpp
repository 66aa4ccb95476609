/// @file layer_walk.hpp
/// A policy as the way of an agent through the layers: in each it sees a state and takes actions.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/rl/agent_config.hpp"
#include "autoprune/rl/replay.hpp"
#include "autoprune/search/action_space.hpp"
#include "autoprune/search/landscape.hpp"
#include "autoprune/search/proposal.hpp"
#include "autoprune/search/search_config.hpp"

namespace autoprune::search {

/// A state is the twelve features of the layer, the last of them the keep ratio of the layer
/// before, and its actions in all other variables that are searched. Before the first layer they
/// are 1.
template <Landscape L>
class LayerWalk {
 public:
  using Features = std::vector<float>;

  /// Holds a reference to the landscape.
  LayerWalk(L& landscape, const SearchConfig& config)
      : landscape_(landscape), space_(config.space, config.least_keep) {}

  [[nodiscard]] L& landscape() const { return landscape_; }
  [[nodiscard]] const ActionSpace& space() const noexcept { return space_; }
  [[nodiscard]] Index layers() const { return landscape_.layers(); }
  /// Of a state.
  [[nodiscard]] Index features() const { return static_cast<Index>(State{}.size()) + others(); }
  /// Of all layers.
  [[nodiscard]] Index actions() const { return layers() * space_.size(); }

  /// The policy of `actions()` numbers, layer by layer.
  [[nodiscard]] Policy policy_of(std::span<const float> actions) const {
    Policy policy;
    const auto each = static_cast<std::size_t>(space_.size());
    for (std::size_t at = 0; at < actions.size(); at += each)
      policy.push_back(plan_of(std::ssize(policy), actions.subspan(at, each)));
    return policy;
  }
  [[nodiscard]] std::vector<float> actions_of(std::span<const LayerPlan> policy) const {
    std::vector<float> all;
    for (const LayerPlan& plan : policy)
      for (const double action : space_.actions_of(plan)) all.push_back(static_cast<float>(action));
    return all;
  }

  /// The settings of an agent that walks here.
  [[nodiscard]] rl::AgentConfig agent_config(const SearchConfig& config) const {
    rl::AgentConfig agent = config.agent;
    agent.seed = config.seed;
    agent.shape.states = features();
    agent.shape.actions = space_.size();
    agent.replay_capacity = std::max(agent.batch, 100 * layers());
    return agent;
  }

  /// The policy of an actor, which answers each layer's state with its actions.
  template <class ActorF>
  [[nodiscard]] Policy walk(const ActorF& actor) const {
    Policy policy;
    double saved = 0.0;
    for (Index k = 0; k < layers(); ++k) {
      const std::vector<float> actions = actor(state(policy, saved));
      policy.push_back(plan_of(k, actions));
      saved += landscape_.saved(k, policy.back());
    }
    return policy;
  }

  /// The states that a realised policy runs through, one behind the other; one more than there are
  /// layers, the last of which is never used but as a successor.
  [[nodiscard]] Features trajectory(std::span<const LayerPlan> policy) const {
    Features all;
    double saved = 0.0;
    for (std::size_t k = 0; k < policy.size(); ++k) {
      const Features one = state(policy.first(k), saved);
      all.insert(all.end(), one.begin(), one.end());
      saved += landscape_.saved(static_cast<Index>(k), policy[k]);
    }
    const Features last(all.end() - features(), all.end());
    all.insert(all.end(), last.begin(), last.end());
    return all;
  }

  /// Tells an agent of a policy as it was realised: every step gets the episode's final reward.
  template <class Agent>
  void remember(Agent& agent, const Outcome& outcome) const {
    const Policy policy = realised_policy(outcome);
    const Features states = trajectory(policy);
    const auto state_at = [&](std::size_t k) {
      const auto from = states.begin() + static_cast<Index>(k) * features();
      return Features(from, from + features());
    };
    for (std::size_t k = 0; k < policy.size(); ++k)
      agent.remember({state_at(k), actions_of({&policy[k], 1}), static_cast<float>(outcome.reward),
                      state_at(k + 1), k + 1 == policy.size()});
  }

 private:
  [[nodiscard]] Index others() const { return space_.size() - (space_.searches_keep() ? 1 : 0); }

  /// Of the layer that follows those of the policy, which save so many crossbars.
  [[nodiscard]] Features state(std::span<const LayerPlan> before, double saved) const {
    const State twelve = landscape_.states().at(std::ssize(before), saved,
                                                before.empty() ? 1.0 : before.back().keep);
    Features features(twelve.begin(), twelve.end());
    features.resize(static_cast<std::size_t>(this->features()), 1.0F);
    if (before.empty()) return features;
    const std::vector<float> actions = actions_of(before.last(1));
    std::copy(actions.end() - others(), actions.end(), features.end() - others());
    return features;
  }

  [[nodiscard]] LayerPlan plan_of(Index k, std::span<const float> actions) const {
    LayerPlan plan = space_.plan_of(std::vector<double>(actions.begin(), actions.end()));
    const auto& bounds = landscape_.constraints().bounds;
    if (!space_.searches_keep() && !bounds.empty())
      plan.keep = bounds[static_cast<std::size_t>(k)].max;
    return plan;
  }

  L& landscape_;
  ActionSpace space_;
};

}  // namespace autoprune::search
