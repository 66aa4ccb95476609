/// @file guided.hpp
/// The guided search: begins with heuristic policies; an actor learns to repeat the best (behaviour
/// cloning), and near its policy the one is measured of which a Gaussian process through all
/// rewards expects most.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/rl/agent.hpp"
#include "autoprune/rl/state_visitor.hpp"
#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/layer_walk.hpp"
#include "autoprune/search/policy_archive.hpp"
#include "autoprune/search/reward_model.hpp"
#include "autoprune/search/searcher.hpp"
#include "autoprune/search/searchers/random.hpp"

namespace autoprune::search {

template <Landscape L = PruningLandscape>
class Guided {
 public:
  static constexpr const char* kName = "guided";
  static constexpr bool kChoosesStart = true;  ///< warm or not

  Guided(L& landscape, const SearchConfig& config)
      : walk_(landscape, config),
        config_(config),
        agent_(walk_.agent_config(config)),
        start_(in_space(warm_start(landscape.rankings(), landscape.constraints(), config.episodes),
                        walk_.space())),
        nearby_(config.seed, kNearbyStream) {
    if (!config.warm_start.value_or(true))
      start_ = RandomSearch(landscape, config).ask(std::ssize(start_));
  }

  /// Of several, each is chosen as if those before it had been worth what was expected
  /// (Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to parallelize optimization",
  /// 2010).
  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    if (std::ssize(measured_) < std::ssize(start_))
      return next_of(start_, std::ssize(measured_), n);
    const Policy own = walk_.walk([&](const auto& state) { return agent_.act(state); });
    Eigen::MatrixXd points = measured_points();
    Eigen::VectorXd rewards = measured_rewards();
    std::vector<Proposal> proposals;
    for (;;) {
      const RewardModel model(points, rewards);
      proposals.push_back({Origin::searcher, most_promising(own, model, points)});
      const Index count = points.cols();
      if (std::ssize(proposals) == n) return proposals;
      points.conservativeResize(Eigen::NoChange, count + 1);
      rewards.conservativeResize(count + 1);
      points.col(count) = point_of(realised(proposals.back().policy));
      rewards(count) = model.at(points.col(count)).mean;
    }
  }

  void tell(std::span<const Outcome> outcomes) {
    for (const Outcome& outcome : outcomes) {
      measured_.push_back({realised_policy(outcome), outcome.reward});
      walk_.remember(agent_, outcome);
      if (std::ssize(measured_) < std::ssize(start_)) continue;
      if (agent_.can_update())
        for (Index k = 0; k < walk_.layers(); ++k) learn();
      imitate();
    }
  }

  template <class Archive>
  void describe(Archive& archive) {
    Index count = std::ssize(measured_);
    visit_integer(archive, "measured", count, config_.episodes);
    measured_.resize(static_cast<std::size_t>(count));
    for (Measured& m : measured_) {
      m.policy.resize(static_cast<std::size_t>(walk_.layers()));
      std::vector<double> keeps = keep_ratios(m.policy);
      visit_keep_ratios(archive, "measured.keep_ratios", keeps);
      if (!walk_.space().keeps_only()) visit_policy(archive, m.policy);
      for (std::size_t k = 0; k < keeps.size(); ++k) m.policy[k].keep = keeps[k];
      visit_finite(archive, "measured.reward", {&m.reward, 1});
    }
    Index imitated = imitated_ + 1;
    visit_integer(archive, "imitated", imitated, std::ssize(measured_));
    imitated_ = imitated - 1;
    rl::visit_random(archive, "nearby", nearby_, config_.seed, kNearbyStream);
    agent_.visit_state(archive);
  }

 private:
  static constexpr std::uint64_t kNearbyStream = 0xA6E27;
  static constexpr std::size_t kElite = 4;  ///< best policies that the actor is fitted to

  struct Measured {
    Policy policy;  // as it was realised
    double reward = 0.0;
  };

  /// A critic that has seen few episodes points the actor anywhere but up.
  void learn() {
    if (std::ssize(measured_) > config_.critic_episodes)
      agent_.update();
    else
      agent_.update_critic();
  }

  [[nodiscard]] Policy realised(const Policy& proposal) const {
    Policy policy = walk_.landscape().allowed(proposal);
    const std::vector<double> keep_ratios = walk_.landscape().realised(policy);
    for (std::size_t k = 0; k < policy.size(); ++k) policy[k].keep = keep_ratios[k];
    return policy;
  }

  /// Of the candidates near the actor's own policy, the one that is expected to exceed most what
  /// the best of the points is worth.
  [[nodiscard]] Policy most_promising(const Policy& own, const RewardModel& model,
                                      const Eigen::MatrixXd& points) {
    double best = model.at(points.col(0)).mean;
    for (const auto& point : points.colwise()) best = std::max(best, model.at(point).mean);
    Policy chosen;
    double most = 0.0;
    for (Index i = 0; i < config_.candidates; ++i) {
      Policy candidate = near(own, i % 2 == 0 ? 1.0 : config_.warm_share);
      const Eigen::VectorXd point = point_of(realised(candidate));
      const double gain =
          is_known(point, points) ? -1.0 : expected_improvement(model.at(point), best);
      // No gain is a number where rewards are beyond all measure; one candidate is as good then.
      if (chosen.empty() || gain > most) {
        most = gain;
        chosen = std::move(candidate);
      }
    }
    return chosen;
  }

  /// Among choices the same policies come again, which measured once more would tell nothing.
  [[nodiscard]] bool is_known(const Eigen::VectorXd& point, const Eigen::MatrixXd& points) const {
    return !walk_.space().keeps_only() &&
           (points.colwise() - point).colwise().squaredNorm().minCoeff() == 0.0;
  }

  /// The policy, a share of its layers moved. A usual step takes one in three of these to another
  /// choice.
  [[nodiscard]] Policy near(Policy policy, double share) {
    const double sigma = config_.step_sigma(walk_.layers()),
                 length = std::exp2(nearby_.uniform(-2.0, 1.0));
    const std::span<const Index> choices = walk_.space().choices();
    for (LayerPlan& plan : policy) {
      if (!(nearby_.uniform() < share)) continue;
      const std::vector<float> now = walk_.actions_of({&plan, 1});
      std::vector<double> moved(now.begin(), now.end());
      for (std::size_t v = 0; v < moved.size(); ++v) {
        const double half = choices[v] > 0 ? 0.5 / static_cast<double>(choices[v]) : 0.0;
        const double step = std::max(sigma, half) * length;
        moved[v] = std::clamp(moved[v] + step * nearby_.normal(), 0.0, 1.0);
      }
      plan = walk_.space().plan_of(moved);
    }
    return policy;
  }

  /// A policy as the reward model sees it: its actions.
  [[nodiscard]] Eigen::VectorXd point_of(std::span<const LayerPlan> policy) const {
    const std::vector<float> actions = walk_.actions_of(policy);
    return Eigen::Map<const Eigen::VectorXf>(actions.data(), std::ssize(actions)).cast<double>();
  }
  [[nodiscard]] Eigen::MatrixXd measured_points() const {
    Eigen::MatrixXd points(walk_.actions(), std::ssize(measured_));
    for (Index i = 0; i < points.cols(); ++i)
      points.col(i) = point_of(measured_[static_cast<std::size_t>(i)].policy);
    return points;
  }
  /// Rewards as far below the median as the best is above it, or further, count as that far: a
  /// policy that guesses tells nothing of how good ones differ.
  [[nodiscard]] Eigen::VectorXd measured_rewards() const {
    std::vector<double> rewards;
    for (const Measured& m : measured_) rewards.push_back(m.reward);
    const Eigen::VectorXd measured =
        Eigen::Map<const Eigen::VectorXd>(rewards.data(), std::ssize(rewards));
    const auto middle = rewards.begin() + std::ssize(rewards) / 2;
    std::nth_element(rewards.begin(), middle, rewards.end());
    return measured.cwiseMax(2.0 * *middle - measured.maxCoeff());
  }

  /// Measured policies, the best first.
  [[nodiscard]] std::vector<std::size_t> best_first() const {
    std::vector<std::size_t> order(measured_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return measured_[a].reward > measured_[b].reward; });
    return order;
  }

  /// Actions of the mean of the best policies, the better the heavier (weights as in CMA-ES): one
  /// lucky measurement among a hundred moves it less than it would the best alone.
  [[nodiscard]] std::vector<float> elite_actions(std::span<const std::size_t> best) const {
    std::vector<float> mean(static_cast<std::size_t>(walk_.actions()), 0.0F);
    float total = 0.0F;
    for (std::size_t i = 0; i < std::min(best.size(), kElite); ++i) {
      const float weight = std::log((kElite + 0.5F) / static_cast<float>(i + 1));
      total += weight;
      const std::vector<float> actions = walk_.actions_of(measured_[best[i]].policy);
      for (std::size_t a = 0; a < mean.size(); ++a) mean[a] += weight * actions[a];
    }
    for (float& action : mean) action /= total;
    return mean;
  }

  /// Fits the actor to the mean of the best policies, along the way that it takes through the
  /// layers.
  void imitate() {
    const std::vector<std::size_t> best = best_first();
    const bool is_new = static_cast<Index>(best.front()) != imitated_;
    imitated_ = static_cast<Index>(best.front());
    const std::vector<float> goal = elite_actions(best);
    const std::vector<float> states = walk_.trajectory(walk_.policy_of(goal));
    const Index steps = is_new ? config_.imitation_steps : config_.anchor_steps;
    for (Index step = 0; step < steps; ++step)
      agent_.imitate({states.data(), walk_.layers(), walk_.features()},
                     {goal.data(), walk_.layers(), walk_.space().size()});
  }

  LayerWalk<L> walk_;
  SearchConfig config_;
  rl::DdpgAgent agent_;
  std::vector<Proposal> start_;
  std::vector<Measured> measured_;
  Index imitated_ = -1;
  Random nearby_;  // candidates near the actor's policy
};

}  // namespace autoprune::search
