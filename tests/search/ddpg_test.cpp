// What the search by DDPG shows to its agent, stores for it and takes from it, step by step, beside
// plain loops over the same episodes.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "helpers.hpp"
#include "witness.hpp"

using namespace autoprune;
using namespace autoprune::search;
using namespace autoprune::search::test;

TEST_CASE("the agent sees the states of its own policy, and stores those of the realised one") {
  Witness environment;
  Search<Witness> search(environment, small_search("ddpg"));
  for (std::size_t n = 0; n < 8; ++n) {
    environment.table.asked.clear();
    const Outcome outcome = search.run_episode().outcome;
    const std::span<const Witness::Asked> asked = environment.table.asked;
    require_way(asked.first(kWitnessed),
                way_of(environment, keep_ratios(environment.proposals.back())));
    require_way(asked.subspan(kWitnessed), way_of(environment, outcome.keep_ratios));

    // A step: state, action, next state, reward, whether the episode goes on.
    const std::vector<float> ring = numbers_of(search).at("replay.ring");
    constexpr std::size_t kState = std::tuple_size_v<State>, kStep = 2 * kState + 3;
    REQUIRE(ring.size() == (n + 1) * kWitnessed * kStep);
    const std::vector<Witness::Asked> way = way_of(environment, outcome.keep_ratios);
    for (std::size_t k = 0; k < kWitnessed; ++k) {
      const float* step = ring.data() + (n * kWitnessed + k) * kStep;
      const Witness::Asked& next = way[std::min<std::size_t>(k + 1, kWitnessed - 1)];
      REQUIRE(step[9] == Approx(way[k].saved / 100.0));
      REQUIRE(step[11] == Approx(way[k].previous));
      REQUIRE(step[kState] == Approx(action_of(outcome.keep_ratios[k])).margin(1e-6));
      REQUIRE(step[kState + 1 + 9] == Approx(next.saved / 100.0));
      REQUIRE(step[kState + 1 + 11] == Approx(next.previous));
      REQUIRE(step[kStep - 2] == Approx(outcome.reward));
      REQUIRE(step[kStep - 1] == (k + 1 == kWitnessed ? 0.0F : 1.0F));
    }
  }
}

TEST_CASE("without a warm start the agent proposes at random, then learns after every episode") {
  Witness environment;
  SearchConfig config = small_search("ddpg");
  Search<Witness> search(environment, config);
  const std::vector<float> first = numbers_of(search).at("actor");
  std::vector<float> before = first;
  for (Index n = 1; n <= 10; ++n) {
    search.run_episode();
    REQUIRE(search.episodes().back().origin == (n <= 5 ? Origin::explore : Origin::searcher));
    const std::vector<float> after = numbers_of(search).at("actor");
    REQUIRE((after != before) == (n >= 5));
    before = after;
  }
  REQUIRE(environment.proposals[0] != environment.proposals[1]);
  config.seed = 8;
  Search<Witness> other(environment, config);
  REQUIRE((numbers_of(other).at("actor") != first));
}

TEST_CASE("an action is a share of the way down to the least keep ratio, in equal factors") {
  Witness environment;
  SearchConfig config = small_search("ddpg");
  Search<Witness> search(environment, config);
  Random exploration(config.seed, 0x5EED'0000'0002);  // the agent's own stream
  for (int n = 0; n < 3; ++n) {
    search.run_episode();
    for (const double keep : keep_ratios(environment.proposals.back()))
      REQUIRE(keep == Approx(keep_of(static_cast<float>(exploration.uniform()))));
  }
}

namespace {

/// The agent, which writes down what is asked of it.
struct Spy : rl::DdpgAgent {
  using Agent::Agent;
  struct Draw {
    Index episode;
    double off;  ///< from the actor's own action
  };
  std::vector<Draw> draws;
  Index updates = 0;

  std::vector<float> explore(std::span<const float> state, Index episode) {
    const float own = act(state).front();
    std::vector<float> action = Agent::explore(state, episode);
    draws.push_back({episode, std::abs(action.front() - own)});
    return action;
  }
  rl::UpdateReport update() {
    ++updates;
    return Agent::update();
  }
};

/// A hill of twelve layers, whose top's actions fall with a feature of the layers: their size.
struct Hill : Witness {
  struct States {
    [[nodiscard]] State at(Index k, double saved, double previous) const {
      State state{};
      state[0] = static_cast<float>(k) / 11.0F;
      state[8] = size(k);
      state[9] = static_cast<float>(saved) / 12.0F;
      state[11] = static_cast<float>(previous);
      return state;
    }
    static float size(Index k) { return static_cast<float>(k * 7 % 12) / 11.0F; }
  } features;

  Hill() { ranked.resize(12, ranked.front()); }
  Hill& landscape() { return *this; }
  [[nodiscard]] Index layers() const { return 12; }
  [[nodiscard]] const States& states() const { return features; }
  [[nodiscard]] double saved(Index, const LayerPlan& plan) const { return 1.0 - plan.keep; }
  [[nodiscard]] Policy allowed(const Policy& policy) const { return policy; }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    Outcome out;
    out.policy = policy;
    out.keep_ratios = keep_ratios(policy);
    out.reward = 0.9;
    for (Index k = 0; k < 12; ++k) {
      const double top = 0.85 - 0.7 * static_cast<double>(States::size(k));
      out.reward -= std::pow(action_of(policy[static_cast<std::size_t>(k)].keep) - top, 2) / 12.0;
    }
    return out;
  }
};

/// Rewards of 60 episodes there.
std::vector<double> rewards_on_hill(const std::string& searcher, std::uint64_t seed) {
  Hill hill;
  Search search(hill, {.searcher = searcher, .episodes = 60, .seed = seed});
  std::vector<double> rewards;
  while (!search.done()) rewards.push_back(search.run_episode().outcome.reward);
  return rewards;
}

}  // namespace

TEST_CASE("in sixty episodes DDPG climbs, and finds better policies than chance does") {
  constexpr int kSeeds = 4;
  double best[2] = {}, late[2] = {};  // by DDPG, at random
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed)
    for (const int which : {0, 1}) {
      const std::vector<double> rewards = rewards_on_hill(which == 0 ? "ddpg" : "random", seed);
      best[which] += *std::max_element(rewards.begin(), rewards.end()) / kSeeds;
      late[which] += std::accumulate(rewards.end() - 10, rewards.end(), 0.0) / (10 * kSeeds);
    }
  INFO(best[0] << ' ' << best[1] << ", last ten " << late[0] << ' ' << late[1]);
  REQUIRE(best[0] > best[1] + 0.005);
  REQUIRE(late[0] > late[1] + 0.05);
}

TEST_CASE("the schedule of DDPG is that of AMC's 400 episodes, scaled to those there are") {
  Witness environment;
  for (const Index episodes : {60, 100, 400, 1}) {
    const SearchConfig config{.searcher = "ddpg", .episodes = episodes};
    const Ddpg<rl::DdpgAgent, Witness> ddpg(environment, config);
    const rl::AgentConfig& agent = ddpg.agent().config();
    REQUIRE(agent.warmup_episodes == std::lround(static_cast<double>(episodes) / 4.0));
    const Index last = std::max<Index>(1, episodes - agent.warmup_episodes - 1);
    REQUIRE(0.5 * std::pow(agent.noise_decay, static_cast<double>(last)) == Approx(0.1));
  }
}

TEST_CASE("DDPG's noise narrows, and the critic's gradient leads its actor after each episode") {
  Witness environment;
  SearchConfig config{.searcher = "ddpg", .episodes = 60};
  config.agent.shape.hidden = {16, 12};
  config.agent.batch = 8;
  Ddpg<Spy, Witness> ddpg(environment, config);
  for (Index episode = 0; episode < 60; ++episode) {
    const std::vector<Proposal> asked = ddpg.ask(1);
    ddpg.tell(std::vector{environment.evaluate(environment.allowed(asked.front().policy))});
    const Index updated = std::max<Index>(0, episode + 1 - 14) * 7 * kWitnessed;
    REQUIRE(ddpg.agent().updates == updated);
  }
  // Means of ten episodes after the random ones.
  std::vector<double> off(5, 0.0);
  for (const auto& [episode, distance] : ddpg.agent().draws)
    if (episode >= 15) off[static_cast<std::size_t>(episode - 15) / 10] += distance / 40.0;
  for (std::size_t i = 1; i < 4; ++i) REQUIRE(off[i] < 0.9 * off[i - 1]);
  REQUIRE(off[3] < 0.5 * off[0]);
}

TEST_CASE("a warm start takes the place of DDPG's random episodes") {
  Witness environment;
  SearchConfig config = small_search("ddpg");
  config.warm_start = true;
  Search<Witness> search(environment, config);
  const auto starts = warm_start(environment.ranked, environment.limits, config.episodes);
  const std::vector<float> actor = numbers_of(search).at("actor");
  for (std::size_t i = 0; i < 35; ++i) {
    const Episode& episode = search.run_episode();
    REQUIRE(episode.origin == (i < starts.size() ? starts[i].origin : Origin::searcher));
    REQUIRE((numbers_of(search).at("actor") != actor) == (i + 1 >= starts.size()));
  }
}
