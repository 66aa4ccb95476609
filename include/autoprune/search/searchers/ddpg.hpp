/// @file ddpg.hpp
/// The slides' agent: DDPG with the settings of AMC (He et al., ECCV 2018). Random episodes first,
/// then the actor's policies with truncated normal noise that gets narrower; after each episode the
/// critic learns, and its gradient leads the actor.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "autoprune/rl/agent.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/layer_walk.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

/// AMC's 400 episodes are scaled to those that there are: as large a share of them is random, the
/// noise has narrowed at the last, and there are as many updates. A warm start takes the place of
/// the random episodes.
template <class Agent = rl::DdpgAgent, Landscape L = PruningLandscape>
class Ddpg {
 public:
  static constexpr const char* kName = "ddpg";
  static constexpr bool kChoosesStart = true;  ///< warm or not

  Ddpg(L& landscape, const SearchConfig& config)
      : walk_(landscape, config),
        budget_(config.episodes),
        start_(config.warm_start.value_or(false)
                   ? in_space(warm_start(landscape.rankings(), landscape.constraints(), budget_),
                              walk_.space())
                   : std::vector<Proposal>{}),
        agent_(agent_config(config)),
        updates_(std::max<Index>(
            1, std::lround(static_cast<double>(config.updates) / static_cast<double>(budget_)))) {}

  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    if (told_ < std::ssize(start_)) return next_of(start_, told_, n);
    std::vector<Proposal> proposals;
    for (Index episode = own_episodes(); std::ssize(proposals) < n; ++episode) {
      const bool random = episode < agent_.config().warmup_episodes;
      proposals.push_back(
          {random ? Origin::explore : Origin::searcher,
           walk_.walk([&](const auto& state) { return agent_.explore(state, episode); })});
    }
    return proposals;
  }

  void tell(std::span<const Outcome> outcomes) {
    for (const Outcome& outcome : outcomes) {
      walk_.remember(agent_, outcome);
      ++told_;
      if (told_ < std::ssize(start_) || own_episodes() < agent_.config().warmup_episodes ||
          !agent_.can_update())
        continue;
      for (Index i = 0; i < updates_ * walk_.layers(); ++i) agent_.update();
    }
  }

  template <class Archive>
  void describe(Archive& archive) {
    visit_same(archive, "budget", static_cast<std::uint64_t>(budget_));
    visit_integer(archive, "told", told_, budget_);
    agent_.visit_state(archive);
  }

  [[nodiscard]] const Agent& agent() const noexcept { return agent_; }

 private:
  [[nodiscard]] rl::AgentConfig agent_config(const SearchConfig& config) const {
    rl::AgentConfig agent = walk_.agent_config(config);
    const Index random = std::lround(config.random_share * static_cast<double>(config.episodes));
    agent.warmup_episodes = start_.empty() ? random : 0;
    const Index noisy = config.episodes - (start_.empty() ? random : std::ssize(start_));
    const double fall = std::min(1.0, config.final_noise / std::max(agent.noise, 1e-9));
    agent.noise_decay = std::pow(fall, 1.0 / static_cast<double>(std::max<Index>(1, noisy - 1)));
    return agent;
  }
  /// Episodes that the agent itself has proposed, and was told of.
  [[nodiscard]] Index own_episodes() const { return told_ - std::ssize(start_); }

  LayerWalk<L> walk_;
  Index budget_;
  std::vector<Proposal> start_;
  Agent agent_;
  Index updates_;  // a layer, after each episode
  Index told_ = 0;
};

}  // namespace autoprune::search
