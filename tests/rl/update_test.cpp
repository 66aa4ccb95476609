#include <catch2/catch.hpp>
#include <deque>

#include "archive.hpp"
#include "autoprune/rl/agent.hpp"
#include "reference.hpp"

using namespace autoprune;
using reference::Vector;

namespace {

const rl::AgentConfig kConfig{.shape = {3, 2, {6, 5}},
                              .actor_rate = 2e-2,
                              .critic_rate = 3e-2,
                              .discount = 0.9,
                              .tau = 0.1,
                              .baseline_rate = 0.3,
                              .batch = 7,
                              .replay_capacity = 7};

/// DDPG as it is written in the papers: every gradient by finite differences of its loss.
struct ReferenceAgent {
  Vector actor, critic, target_actor, target_critic;
  reference::Adam actor_adam{kConfig.actor_rate, {}, {}}, critic_adam{kConfig.critic_rate, {}, {}};
  double baseline = 0.0;
  bool first = true;

  static Vector mu(const Vector& parameters, const Vector& s) {
    return reference::mlp({3, 6, 5, 2}, true, parameters, s);
  }
  static double q(const Vector& parameters, Vector s, const Vector& a) {
    s.insert(s.end(), a.begin(), a.end());
    return reference::mlp({5, 6, 5, 1}, false, parameters, s)[0];
  }

  void update(const std::deque<rl::Transition>& batch) {
    const auto count = static_cast<double>(batch.size());
    double mean = 0.0;
    for (const auto& t : batch) mean += t.reward / count;
    baseline = first ? mean : baseline + kConfig.baseline_rate * (mean - baseline);
    first = false;

    Vector targets;
    for (const auto& t : batch) {
      const Vector next = reference::to_double(t.next_state);
      const double future = q(target_critic, next, mu(target_actor, next));
      targets.push_back(t.reward - baseline + (t.done ? 0.0 : kConfig.discount * future));
    }
    const auto critic_loss = [&](const Vector& p) {
      double sum = 0.0;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& t = batch[i];
        const double error =
            q(p, reference::to_double(t.state), reference::to_double(t.action)) - targets[i];
        sum += error * error / count;
      }
      return sum;
    };
    critic_adam.step(critic, reference::gradient(critic_loss, critic));
    const auto actor_loss = [&](const Vector& p) {
      double sum = 0.0;
      for (const auto& t : batch) {
        const Vector s = reference::to_double(t.state);
        sum -= q(critic, s, mu(p, s)) / count;
      }
      return sum;
    };
    actor_adam.step(actor, reference::gradient(actor_loss, actor));
    follow(target_actor, actor);
    follow(target_critic, critic);
  }

  /// Behaviour cloning, with the optimiser of the updates; the target actor follows at once.
  void imitate(const Matrix& states, const Matrix& actions) {
    const auto loss = [&](const Vector& p) {
      double sum = 0.0;
      for (Index r = 0; r < states.rows(); ++r) {
        const Vector action = mu(p, reference::row(states, r)), wanted = reference::row(actions, r);
        for (std::size_t i = 0; i < action.size(); ++i)
          sum += (action[i] - wanted[i]) * (action[i] - wanted[i]);
      }
      return sum / static_cast<double>(actions.size());
    };
    actor_adam.step(actor, reference::gradient(loss, actor));
    target_actor = actor;
  }

  static void follow(Vector& target, const Vector& source) {
    for (std::size_t i = 0; i < target.size(); ++i)
      target[i] += kConfig.tau * (source[i] - target[i]);
  }
};

}  // namespace

TEST_CASE("updates are DDPG's, after imitation, number by number", "[rl][agent]") {
  rl::DdpgAgent agent(kConfig);
  const auto parameters = [&](std::string_view name) {
    archive::Snapshot snapshot;
    agent.visit_state(snapshot);
    return snapshot.numbers.find(name)->second;
  };
  ReferenceAgent expected;
  expected.actor = expected.target_actor = reference::to_double(parameters("actor"));
  expected.critic = expected.target_critic = reference::to_double(parameters("critic"));

  Random shown(2);
  for (int step = 0; step < 3; ++step) {
    const Matrix states = reference::random_matrix(shown, 4, 3);
    const Matrix actions = 0.5F + 0.5F * reference::random_matrix(shown, 4, 2).array();
    agent.imitate({states.data(), 4, 3}, {actions.data(), 4, 2});
    expected.imitate(states, actions);
  }
  CHECK(reference::difference(parameters("actor"), expected.actor) < 1e-4);
  CHECK(parameters("target_actor") == parameters("actor"));

  // The buffer holds one batch, so that it's clear what is drawn; it moves on between updates.
  Random random(1);
  std::deque<rl::Transition> stored;
  const auto draw = [&](Index count) {
    const Matrix numbers = reference::random_matrix(random, 1, count);
    return std::vector<float>(numbers.data(), numbers.data() + count);
  };
  for (Index step = 0; step < 40; ++step) {
    stored.push_back({draw(3), draw(2), 0.1F * static_cast<float>(step) + draw(1)[0], draw(3),
                      random.below(3) == 0});
    agent.remember(stored.back());
    if (static_cast<Index>(stored.size()) > kConfig.batch) stored.pop_front();
    if (!agent.can_update()) continue;
    agent.update();
    expected.update(stored);
  }

  CHECK(double{agent.baseline()} == Approx(expected.baseline));
  CHECK(reference::difference(parameters("actor"), expected.actor) < 1e-4);
  CHECK(reference::difference(parameters("critic"), expected.critic) < 1e-4);
  CHECK(reference::difference(parameters("target_actor"), expected.target_actor) < 1e-4);
  CHECK(reference::difference(parameters("target_critic"), expected.target_critic) < 1e-4);
}
