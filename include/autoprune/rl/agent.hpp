/// @file agent.hpp
/// Deep deterministic policy gradient (Lillicrap et al., "Continuous control with deep
/// reinforcement learning", ICLR 2016) with the settings of AMC (He et al., ECCV 2018).
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/rl/adam.hpp"
#include "autoprune/rl/agent_config.hpp"
#include "autoprune/rl/networks.hpp"
#include "autoprune/rl/noise.hpp"
#include "autoprune/rl/replay.hpp"
#include "autoprune/rl/state_visitor.hpp"

namespace autoprune::rl {

/// What one update saw.
struct UpdateReport {
  float critic_loss = 0.0F;  ///< mean squared error of the critic, before its step
  float value = 0.0F;        ///< mean Q(s, mu(s)), after the critic's step
};

/// Learns which action in [0, 1] to take in a state:
///
///     for each episode
///       for each step: action = agent.explore(state, episode); ... agent.remember(transition);
///       once the warm-up is over, for each step: agent.update();
///     action = agent.act(state);
///
/// Two agents of one config that are told the same are the same to the last bit.
template <ActorNetwork ActorT, CriticNetwork CriticT>
class Agent {
 public:
  /// Throws out_of_range on a config that makes no sense.
  explicit Agent(AgentConfig config = {})
      : config_((config.validate(), std::move(config))),
        actor_(network<ActorT>(kActor)),
        target_actor_(actor_),
        critic_(network<CriticT>(kCritic)),
        target_critic_(critic_),
        actor_adam_(size(actor_), config_.actor_rate),
        critic_adam_(size(critic_), config_.critic_rate),
        replay_(config_.replay_capacity, config_.shape.states, config_.shape.actions),
        exploration_(config_.seed, kExploration),
        sampling_(config_.seed, kSampling) {}

  /// The policy's action: config().shape.actions numbers in [0, 1].
  [[nodiscard]] std::vector<float> act(std::span<const float> state) {
    check_numbers("state", state, config_.shape.states);
    const ConstMatrixView row(state.data(), 1, config_.shape.states);
    const ConstMatrixView action = actor_.forward(row);
    return {action.data(), action.data() + action.size()};
  }

  /// An action to learn from: uniform in the first warmup_episodes episodes (counted from 0), then
  /// the policy's with truncated normal noise that gets narrower with each episode.
  [[nodiscard]] std::vector<float> explore(std::span<const float> state, Index episode) {
    std::vector<float> action = act(state);
    if (episode < config_.warmup_episodes) {
      for (float& a : action) a = static_cast<float>(exploration_.uniform());
      return action;
    }
    const double sigma =
        noise_sigma(config_.noise, config_.noise_decay, episode - config_.warmup_episodes);
    for (float& a : action) a = static_cast<float>(truncated_normal(exploration_, a, sigma));
    return action;
  }

  /// Stores a transition. Its action is the one that really happened, which needn't be the one that
  /// explore() gave.
  void remember(const Transition& transition) { replay_.push(transition); }

  /// Enough transitions are stored for an update.
  [[nodiscard]] bool can_update() const { return replay_.size() >= config_.batch; }

  /// Trains both networks on one batch. Throws wrong_order unless can_update(), and diverged when
  /// the critic's loss isn't finite.
  UpdateReport update() {
    UpdateReport report;
    report.critic_loss = update_critic();
    report.value = train_actor();
    follow(target_actor_, actor_);
    return report;
  }

  /// The half of update() that leaves the actor alone; returns the critic's loss before its step.
  /// Throws what update() throws.
  float update_critic() {
    replay_.sample(config_.batch, sampling_, batch_);
    const float mean_reward = batch_.rewards.mean();
    baseline_ += (updates_++ == 0 ? 1.0F : static_cast<float>(config_.baseline_rate)) *
                 (mean_reward - baseline_);
    const float loss = train_critic();
    follow(target_critic_, critic_);
    return loss;
  }

  /// One step of the actor towards actions that are known to be good (behaviour cloning), which the
  /// target actor takes over at once. One decision a row; returns the mean squared error before it.
  float imitate(const ConstMatrixView& states, const ConstMatrixView& actions) {
    if (states.rows() != actions.rows() || actions.cols() != config_.shape.actions)
      fail(ErrorId::shape_mismatch, "actions ", actions.rows(), 'x', actions.cols(), " for ",
           states.rows(), " states; the agent has ", config_.shape.actions, " actions a state");
    d_values_ = actor_.forward(states) - actions;
    const auto size = static_cast<float>(d_values_.size());
    const float loss = d_values_.squaredNorm() / size;
    d_values_ *= 2.0F / size;
    actor_.backward(d_values_);
    actor_adam_.step(actor_.parameters(), actor_.gradients());
    target_actor_ = actor_;
    return loss;
  }

  [[nodiscard]] const AgentConfig& config() const noexcept { return config_; }
  [[nodiscard]] const Replay& replay() const noexcept { return replay_; }
  /// Moving average of the rewards, which an update subtracts from them.
  [[nodiscard]] float baseline() const noexcept { return baseline_; }

  /// Hands every number that decides the future to the visitor, so that an agent of the same config
  /// can be restored to the same bits. Throws checkpoint_mismatch on another seed or other sizes.
  template <StateVisitor Visitor>
  void visit_state(Visitor&& visit) {
    visit_fixed(visit, "seed", config_.seed);
    visit_fixed(visit, "actor parameters", actor_.parameters().size());
    visit_fixed(visit, "critic parameters", critic_.parameters().size());
    visit_fixed(visit, "replay capacity", static_cast<std::uint64_t>(config_.replay_capacity));
    visit("actor", actor_.parameters());
    visit("critic", critic_.parameters());
    visit("target_actor", target_actor_.parameters());
    visit("target_critic", target_critic_.parameters());
    visit_part(visit, "actor_adam", actor_adam_);
    visit_part(visit, "critic_adam", critic_adam_);
    visit_part(visit, "replay", replay_);
    visit_count(visit, "updates", updates_);
    visit("baseline", std::span(&baseline_, 1));
    visit_random(visit, "exploration", exploration_, config_.seed, kExploration);
    visit_random(visit, "sampling", sampling_, config_.seed, kSampling);
  }

 private:
  /// Streams of the agent; the high half keeps them apart from those of other users of the seed.
  enum Stream : std::uint64_t { kActor = 0x5EED'0000'0000, kCritic, kExploration, kSampling };

  template <class NetworkT>
  [[nodiscard]] NetworkT network(Stream stream) const {
    Random random(config_.seed, stream);
    return NetworkT(config_.shape, random);
  }
  [[nodiscard]] static Index size(auto& network) {
    return static_cast<Index>(network.parameters().size());
  }

  /// Towards y = (r - baseline) + discount * Q'(s', mu'(s')), under the mean squared error.
  float train_critic() {
    const ConstMatrixView next_actions = target_actor_.forward(batch_.next_states);
    const ConstMatrixView next = target_critic_.forward(batch_.next_states, next_actions);
    const auto gamma = static_cast<float>(config_.discount);
    d_values_ =
        (batch_.rewards.array() - baseline_) + gamma * batch_.continues.array() * next.array();
    d_values_ = critic_.forward(batch_.states, batch_.actions) - d_values_;
    const float loss = d_values_.squaredNorm() / static_cast<float>(config_.batch);
    if (!std::isfinite(loss))
      fail(ErrorId::diverged, "the critic's loss is ", loss, " at update ", updates_,
           "; lower critic_rate or the scale of the rewards");
    d_values_ *= 2.0F / static_cast<float>(config_.batch);
    critic_.backward(d_values_);
    critic_adam_.step(critic_.parameters(), critic_.gradients());
    return loss;
  }

  /// Up the gradient of the mean of Q(s, mu(s)).
  float train_actor() {
    const float value = critic_.forward(batch_.states, actor_.forward(batch_.states)).mean();
    d_values_.setConstant(-1.0F / static_cast<float>(config_.batch));
    actor_.backward(critic_.action_gradient(d_values_));
    actor_adam_.step(actor_.parameters(), actor_.gradients());
    return value;
  }

  /// target += tau * (source - target).
  void follow(auto& target, auto& source) const {
    Eigen::Map<Eigen::ArrayXf> to(target.parameters().data(), size(target));
    const Eigen::Map<const Eigen::ArrayXf> from(source.parameters().data(), size(source));
    to += static_cast<float>(config_.tau) * (from - to);
  }

  AgentConfig config_;
  ActorT actor_, target_actor_;
  CriticT critic_, target_critic_;
  Adam actor_adam_, critic_adam_;
  Replay replay_;
  Random exploration_, sampling_;
  std::uint64_t updates_ = 0;
  float baseline_ = 0.0F;
  Batch batch_;
  Matrix d_values_;  ///< gradient of the loss by a network's output
};

/// The agent of the slides.
using DdpgAgent = Agent<Actor, Critic>;

}  // namespace autoprune::rl
