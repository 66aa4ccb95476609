/// @file auto_prune.hpp
/// The search: an agent chooses each layer's keep ratio from the hardware's answer. It begins with
/// heuristic policies, learns to repeat the best, and explores near them where a model of all that
/// was measured expects most; the best policy that was ever measured is kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/rl/agent.hpp"
#include "autoprune/search/archive.hpp"
#include "autoprune/search/environment.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/reward_model.hpp"

namespace autoprune::search {

struct SearchConfig {
  Index episodes = 100;    ///< policies that are measured, those of the warm start included
  bool warm_start = true;  ///< begin with heuristic policies instead of random ones
  /// An action u means a keep ratio of least_keep^(1 - u): equal steps are equal factors, which is
  /// how crossbars answer. At 0 the action is the keep ratio itself.
  double least_keep = 0.01;
  Index candidates = 200;       ///< steps of exploration that the reward model chooses from, after
                                ///< a warm start
  double warm_step = 0.23;      ///< length of such a step through all layers' actions, root mean
                                ///< square; each candidate has a quarter to twice of it
  double warm_share = 0.3;      ///< share of the layers that every other candidate moves
  Index critic_episodes = 100;  ///< after a warm start, episodes that the critic sees before its
                                ///< gradient moves the actor
  Index imitation_steps = 400;  ///< of the actor towards the best policies, at each new best
  Index anchor_steps = 30;      ///< of the same after every other episode
  rl::AgentConfig agent = {};   ///< its seed is the search's
  std::uint64_t seed = 1;

  /// Deviation of a step in each of `layers` actions.
  [[nodiscard]] double step_sigma(Index layers) const {
    return warm_step / std::sqrt(static_cast<double>(layers));
  }
  void validate() const {
    constexpr Index kMost = 1'000'000;
    require_range(episodes, "number of episodes", 1, kMost);
    require_range(candidates, "number of candidates", 1, kMost);
    require_range(critic_episodes, "number of critic episodes", 0, kMost);
    require_range(imitation_steps, "number of imitation steps", 0, kMost);
    require_range(anchor_steps, "number of anchor steps", 0, kMost);
    if (!(least_keep >= 0.0 && least_keep < 1.0))
      fail(ErrorId::out_of_range, "least keep ratio ", least_keep, " is not in [0, 1)");
    if (!(warm_step > 0.0 && warm_step <= 1.0 && warm_share > 0.0 && warm_share <= 1.0))
      fail(ErrorId::out_of_range, "steps of length ", warm_step, " in a share of ", warm_share,
           " of the layers; both must be in (0, 1]");
  }
};

/// One policy that was measured.
struct Episode {
  Origin origin = Origin::agent;
  Outcome outcome;
};

/// A search, episode by episode, so that its owner can report and save in between.
template <class Environment = PruningEnvironment<>>
class AutoPruner {
 public:
  AutoPruner(Environment& environment, SearchConfig config)
      : environment_(environment),
        config_((config.validate(), std::move(config))),
        agent_(agent_config()),
        start_(config_.warm_start
                   ? warm_start(environment.rankings(), environment.constraints(), config_.episodes)
                   : std::vector<Proposal>{}),
        nearby_(config_.seed, kNearbyStream),
        fingerprint_(fingerprint()) {}

  [[nodiscard]] const std::vector<Episode>& episodes() const noexcept { return episodes_; }
  [[nodiscard]] bool done() const noexcept {
    return static_cast<Index>(episodes_.size()) >= config_.episodes;
  }
  /// Index of the best episode so far. Throws wrong_order before the first.
  [[nodiscard]] Index best() const {
    if (episodes_.empty()) fail(ErrorId::wrong_order, "no policy has been measured yet");
    const auto worse = [](const Episode& a, const Episode& b) {
      return a.outcome.reward < b.outcome.reward;
    };
    return std::max_element(episodes_.begin(), episodes_.end(), worse) - episodes_.begin();
  }
  /// The best policy. Throws infeasible_constraint when none met the allowed loss of accuracy.
  [[nodiscard]] const Outcome& best_outcome() const {
    const Outcome& outcome = episodes_[static_cast<std::size_t>(best())].outcome;
    if (!outcome.feasible)
      fail(ErrorId::infeasible_constraint, "no policy of ", episodes_.size(),
           " kept the accuracy within ", *environment_.constraints().max_accuracy_drop,
           " points of ", environment_.dense_accuracy(), " %; the nearest reached ",
           outcome.accuracy, " %. Allow more, or search longer");
    return outcome;
  }

  /// Measures one policy and learns from it.
  const Episode& run_episode() {
    const Index number = static_cast<Index>(episodes_.size());
    const bool heuristic = number < static_cast<Index>(start_.size());
    Proposal proposal = heuristic ? start_[static_cast<std::size_t>(number)] : propose();
    Episode episode{proposal.origin, environment_.evaluate(environment_.allowed(proposal.policy))};
    episodes_.push_back(std::move(episode));
    remember(episodes_.back().outcome);
    const bool started = number + 1 >= static_cast<Index>(start_.size());
    if (started && agent_episode() >= agent_.config().warmup_episodes && agent_.can_update())
      for (Index k = 0; k < environment_.layers(); ++k) learn();
    if (started && config_.warm_start) imitate();
    return episodes_.back();
  }

  /// Everything that decides the rest of the search, as bytes.
  [[nodiscard]] std::string save() {
    ArchiveWriter out;
    visit_state(out);
    return out.bytes();
  }
  /// Goes on from save(). Throws checkpoint_mismatch for a checkpoint of another search.
  void restore(std::string_view bytes) {
    ArchiveReader in(bytes);
    visit_state(in);
    in.finish();
  }

 private:
  static constexpr std::uint64_t kNearbyStream = 0xA6E27;
  static constexpr std::size_t kElite = 4;  ///< best policies that the actor is fitted to

  [[nodiscard]] rl::AgentConfig agent_config() const {
    rl::AgentConfig agent = config_.agent;
    agent.seed = config_.seed;
    agent.shape.states = static_cast<Index>(State{}.size());
    agent.shape.actions = 1;
    agent.replay_capacity = std::max(agent.batch, 100 * environment_.layers());
    if (config_.warm_start) agent.warmup_episodes = 0;
    return agent;
  }

  /// Episodes that the agent itself has proposed.
  [[nodiscard]] Index agent_episode() const {
    return static_cast<Index>(episodes_.size()) - static_cast<Index>(start_.size());
  }

  [[nodiscard]] double keep_of(double action) const {
    const double keep =
        config_.least_keep > 0.0 ? std::pow(config_.least_keep, 1.0 - action) : action;
    return std::clamp(keep, kLeastKeepRatio, 1.0);
  }
  [[nodiscard]] float action_of(double keep) const {
    const double action =
        config_.least_keep > 0.0 ? 1.0 - std::log(keep) / std::log(config_.least_keep) : keep;
    return static_cast<float>(std::clamp(action, 0.0, 1.0));
  }

  /// A critic that has seen few episodes points the actor anywhere but up.
  void learn() {
    const bool knows_enough = static_cast<Index>(episodes_.size()) > config_.critic_episodes;
    if (!config_.warm_start || knows_enough)
      agent_.update();
    else
      agent_.update_critic();
  }

  [[nodiscard]] Proposal propose() {
    if (config_.warm_start) return {Origin::agent, most_promising()};
    const bool warming_up = agent_episode() < agent_.config().warmup_episodes;
    return {warming_up ? Origin::explore : Origin::agent, walk([&](const State& state) {
              return agent_.explore(state, agent_episode()).front();
            })};
  }

  /// The policy of an actor, which answers each layer's state with an action.
  template <class ActorF>
  [[nodiscard]] Policy walk(const ActorF& actor) const {
    Policy policy;
    double saved = 0.0, previous = 1.0;
    for (Index k = 0; k < environment_.layers(); ++k) {
      previous = keep_of(actor(environment_.states().at(k, saved, previous)));
      saved += environment_.saved(k, previous);
      policy.push_back(previous);
    }
    return policy;
  }

  /// Of the candidates near the agent's own policy, the one that is expected to exceed most what
  /// the best of the measured is worth.
  [[nodiscard]] Policy most_promising() {
    const Policy own = walk([&](const State& state) { return agent_.act(state).front(); });
    const Eigen::MatrixXd points = measured_points();
    const RewardModel model(points, measured_rewards());
    double best = model.at(points.col(0)).mean;
    for (const auto& point : points.colwise()) best = std::max(best, model.at(point).mean);
    Policy chosen;
    double most = 0.0;
    for (Index i = 0; i < config_.candidates; ++i) {
      Policy candidate = near(own, i % 2 == 0 ? 1.0 : config_.warm_share);
      const Policy realised = environment_.realised(environment_.allowed(candidate));
      const double gain = expected_improvement(model.at(point_of(realised)), best);
      // No gain is a number where rewards are beyond all measure; one candidate is as good then.
      if (chosen.empty() || gain > most) {
        most = gain;
        chosen = std::move(candidate);
      }
    }
    return chosen;
  }

  /// The policy, a share of its layers moved.
  [[nodiscard]] Policy near(Policy policy, double share) {
    const double sigma =
        config_.step_sigma(environment_.layers()) * std::exp2(nearby_.uniform(-2.0, 1.0));
    for (double& keep : policy)
      if (nearby_.uniform() < share)
        keep = keep_of(std::clamp(action_of(keep) + sigma * nearby_.normal(), 0.0, 1.0));
    return policy;
  }

  /// A policy as the reward model sees it: its actions.
  [[nodiscard]] Eigen::VectorXd point_of(const Policy& keep_ratios) const {
    Eigen::VectorXd point(environment_.layers());
    for (Index k = 0; k < point.size(); ++k)
      point(k) = action_of(keep_ratios[static_cast<std::size_t>(k)]);
    return point;
  }
  [[nodiscard]] Eigen::MatrixXd measured_points() const {
    Eigen::MatrixXd points(environment_.layers(), std::ssize(episodes_));
    for (Index i = 0; i < points.cols(); ++i)
      points.col(i) = point_of(episodes_[static_cast<std::size_t>(i)].outcome.keep_ratios);
    return points;
  }
  /// Rewards as far below the median as the best is above it, or further, count as that far: a
  /// policy that guesses tells nothing of how good ones differ.
  [[nodiscard]] Eigen::VectorXd measured_rewards() const {
    std::vector<double> rewards;
    for (const Episode& episode : episodes_) rewards.push_back(episode.outcome.reward);
    const Eigen::VectorXd measured =
        Eigen::Map<const Eigen::VectorXd>(rewards.data(), std::ssize(rewards));
    const auto middle = rewards.begin() + std::ssize(rewards) / 2;
    std::nth_element(rewards.begin(), middle, rewards.end());
    return measured.cwiseMax(2.0 * *middle - measured.maxCoeff());
  }

  /// The states that a realised policy runs through; one more than there are layers, the last of
  /// which is never used but as a successor.
  [[nodiscard]] std::vector<State> trajectory(const Policy& policy) const {
    std::vector<State> states;
    double saved = 0.0, previous = 1.0;
    for (Index k = 0; k < environment_.layers(); ++k) {
      states.push_back(environment_.states().at(k, saved, previous));
      previous = policy[static_cast<std::size_t>(k)];
      saved += environment_.saved(k, previous);
    }
    states.push_back(states.back());
    return states;
  }

  /// Every step of the episode gets its final reward.
  void remember(const Outcome& outcome) {
    const std::vector<State> states = trajectory(outcome.keep_ratios);
    for (std::size_t k = 0; k < outcome.keep_ratios.size(); ++k) {
      const float action = action_of(outcome.keep_ratios[k]);
      const bool last = k + 1 == outcome.keep_ratios.size();
      agent_.remember({{states[k].begin(), states[k].end()},
                       {action},
                       static_cast<float>(outcome.reward),
                       {states[k + 1].begin(), states[k + 1].end()},
                       last});
    }
  }

  /// Actions of the mean of the best policies, the better the heavier (weights as in CMA-ES): one
  /// lucky measurement among a hundred moves it less than it would the best alone.
  [[nodiscard]] std::vector<float> elite_actions() const {
    std::vector<std::size_t> order(episodes_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
      return episodes_[a].outcome.reward > episodes_[b].outcome.reward;
    });
    order.resize(std::min(order.size(), kElite));
    std::vector<float> mean(static_cast<std::size_t>(environment_.layers()), 0.0F);
    float total = 0.0F;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const float weight = std::log((kElite + 0.5F) / static_cast<float>(i + 1));
      total += weight;
      for (std::size_t k = 0; k < mean.size(); ++k)
        mean[k] += weight * action_of(episodes_[order[i]].outcome.keep_ratios[k]);
    }
    for (float& action : mean) action /= total;
    return mean;
  }

  /// Fits the actor to the mean of the best policies, along the way that it takes through the
  /// layers.
  void imitate() {
    const Index steps = best() != imitated_ ? config_.imitation_steps : config_.anchor_steps;
    imitated_ = best();
    const std::vector<float> goal = elite_actions();
    Policy taken;
    for (const float action : goal) taken.push_back(keep_of(action));
    const std::vector<State> states = trajectory(taken);
    for (Index step = 0; step < steps; ++step)
      agent_.imitate(
          {states.front().data(), environment_.layers(), static_cast<Index>(State{}.size())},
          {goal.data(), environment_.layers(), 1});
  }

  template <class Archive>
  void visit_state(Archive& archive) {
    const auto check = [&](std::string_view name, std::uint64_t expected) {
      std::uint64_t found = expected;
      archive(name, found);
      if (found != expected)
        fail(ErrorId::checkpoint_mismatch, "the checkpoint's ", name,
             " is another one; resume with the network and the options of the first run");
    };
    check("format", 4);
    check("fingerprint", fingerprint_);
    std::uint64_t count = episodes_.size();
    archive("episodes", count);
    if (count > static_cast<std::uint64_t>(config_.episodes))
      fail(ErrorId::checkpoint_mismatch, "the checkpoint has ", count,
           " episodes, this search only ", config_.episodes);
    episodes_.resize(count);
    for (Episode& episode : episodes_) visit_episode(archive, episode);
    Index imitated = imitated_ + 1;
    visit_integer(archive, "imitated", imitated, std::ssize(episodes_));
    imitated_ = imitated - 1;
    std::uint64_t position = nearby_.position();
    archive("nearby", position);
    nearby_ = Random(config_.seed, kNearbyStream, position);
    agent_.visit_state(archive);
  }

  template <class Archive>
  void visit_episode(Archive& archive, Episode& episode) {
    Outcome& o = episode.outcome;
    for (Policy* policy : {&o.policy, &o.keep_ratios})
      policy->resize(static_cast<std::size_t>(environment_.layers()));
    std::array<double, 7> numbers = {static_cast<double>(episode.origin),
                                     o.accuracy,
                                     o.reward,
                                     o.feasible ? 1.0 : 0.0,
                                     static_cast<double>(o.crossbars.dense),
                                     static_cast<double>(o.crossbars.per_layer),
                                     static_cast<double>(o.crossbars.pooled)};
    archive("policy", std::span<double>(o.policy));
    archive("keep_ratios", std::span<double>(o.keep_ratios));
    archive("figures", std::span<double>(numbers));
    for (const Policy* policy : {&o.policy, &o.keep_ratios})
      for (const double keep : *policy)
        if (!(keep > 0.0 && keep <= 1.0))
          fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: keep ratio ", keep);
    if (!std::isfinite(numbers[1]) || !std::isfinite(numbers[2]))
      fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: accuracy ", numbers[1],
           ", reward ", numbers[2]);
    episode.origin = static_cast<Origin>(stored_integer(numbers[0], "origin", 3));
    o.accuracy = numbers[1];
    o.reward = numbers[2];
    o.feasible = stored_integer(numbers[3], "feasible", 1) == 1;
    o.crossbars = {stored_integer(numbers[4], "crossbars"), stored_integer(numbers[5], "crossbars"),
                   stored_integer(numbers[6], "crossbars")};
  }

  /// Of all that a resumed search has to have in common with the first.
  [[nodiscard]] std::uint64_t fingerprint() const {
    Fingerprint print = environment_.fingerprint();
    const rl::AgentConfig& agent = agent_.config();
    for (const double v : {config_.least_keep, config_.warm_step, config_.warm_share,
                           agent.actor_rate, agent.critic_rate, agent.discount, agent.tau,
                           agent.baseline_rate, agent.noise, agent.noise_decay})
      print.add(v);
    for (const Index v :
         {Index{config_.warm_start}, config_.candidates, config_.critic_episodes,
          config_.imitation_steps, config_.anchor_steps, agent.batch, agent.warmup_episodes})
      print.add(static_cast<double>(v));
    return print.add(std::span(&config_.seed, 1)).value();
  }

  Environment& environment_;
  SearchConfig config_;
  rl::DdpgAgent agent_;
  std::vector<Proposal> start_;
  std::vector<Episode> episodes_;
  Index imitated_ = -1;
  Random nearby_;  // candidates near the agent's policy
  std::uint64_t fingerprint_;
};

}  // namespace autoprune::search
