#include "autoprune/rl/agent.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "reference.hpp"
#include "toy.hpp"

using namespace autoprune;
using rl::AgentConfig;
using rl::DdpgAgent;

TEST_CASE("the agent learns a problem with a known optimum to within 1 %", "[rl][agent]") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    DdpgAgent agent({.shape = {toy::kFeatures, 1, {64, 64}},
                     .actor_rate = 1e-3,
                     .noise_decay = 0.99,
                     .seed = seed});
    Random contexts(seed, 1);
    INFO("seed " << seed);
    CHECK(toy::mean_reward(agent) < 0.96);
    for (Index episode = 0; episode < 600; ++episode)
      toy::train_episode(agent, episode, contexts.uniform());
    CHECK(toy::mean_reward(agent) > 0.99);
  }
}

TEST_CASE("exploration is uniform first, then narrows around the policy", "[rl][agent]") {
  DdpgAgent agent({.shape = {2, 3, {8}}, .warmup_episodes = 4, .seed = 5});
  const std::vector<float> state = {0.3F, -0.2F};
  const auto policy = agent.act(state);
  REQUIRE(policy.size() == 3);
  const auto mean_distance = [&](Index episode) {
    double sum = 0.0;
    for (int i = 0; i < 2000; ++i) {
      const auto action = agent.explore(state, episode);
      for (std::size_t k = 0; k < 3; ++k) {
        REQUIRE(action[k] >= 0.0F);
        REQUIRE(action[k] <= 1.0F);
        sum += std::abs(action[k] - policy[k]) / 6000.0;
      }
    }
    return sum;
  };
  double mean = 0.0;
  for (int i = 0; i < 4000; ++i) mean += agent.explore(state, 3)[1] / 4000.0;
  CHECK(mean == Approx(0.5).margin(0.025));  // 5 standard errors

  double last = mean_distance(3);
  for (const Index episode : {4, 20, 40, 80}) {
    const double distance = mean_distance(episode);
    CHECK(distance < last);
    last = distance;
  }
  CHECK(last < 0.02);
}

TEST_CASE("the noise decays from the first episode after the warm-up", "[rl][agent]") {
  DdpgAgent agent({.shape = {2, 3, {8}}, .warmup_episodes = 7, .noise = 0.1, .noise_decay = 0.6});
  const std::vector<float> state = {0.3F, -0.2F};
  const auto policy = agent.act(state);  // far enough from 0 and 1 to be cut off nowhere
  const auto spread = [&](Index episode) {
    double sum = 0.0;
    for (int i = 0; i < 2000; ++i) {
      const auto action = agent.explore(state, episode);
      for (std::size_t k = 0; k < 3; ++k) sum += std::pow(action[k] - policy[k], 2) / 6000.0;
    }
    return std::sqrt(sum);
  };
  for (Index later = 0; later < 4; ++later)
    CHECK(spread(7 + later) == Approx(0.1 * std::pow(0.6, later)).epsilon(0.05));
}

TEST_CASE("exploring takes nothing from the draws of the updates", "[rl][agent]") {
  const AgentConfig config{.shape = {1, 1, {8}}, .batch = 3, .warmup_episodes = 2, .seed = 8};
  DdpgAgent curious(config), plain(config);
  const std::vector<float> state = {0.4F};
  for (int i = 0; i < 20; ++i) {
    const float x = static_cast<float>(i) / 20.0F;
    curious.remember({{x}, {1.0F - x}, x * x, {x}, true});
    plain.remember({{x}, {1.0F - x}, x * x, {x}, true});
    curious.explore(state, i % 4);
  }
  for (int i = 0; i < 3; ++i) {
    curious.update();
    plain.update();
  }
  CHECK(curious.act(state) == plain.act(state));
  CHECK(curious.baseline() == plain.baseline());
}

TEST_CASE("imitation moves the policy onto the actions that it is shown", "[rl][agent]") {
  DdpgAgent agent({.shape = {3, 2, {32}}, .actor_rate = 1e-2, .seed = 6});
  Random random(1);
  const Matrix states = reference::random_matrix(random, 4, 3);
  Matrix actions = 0.5F + 0.4F * reference::random_matrix(random, 4, 2).array();
  const ConstMatrixView s(states.data(), 4, 3), a(actions.data(), 4, 2);
  const auto miss = [&] {
    float sum = 0.0F;
    for (Index r = 0; r < 4; ++r) {
      const auto action = agent.act({states.row(r).data(), 3});
      for (Index i = 0; i < 2; ++i) {
        const float error = action[static_cast<std::size_t>(i)] - actions(r, i);
        sum += error * error / 8.0F;
      }
    }
    return sum;
  };
  const float before = miss();
  CHECK(agent.imitate(s, a) == Approx(before));
  for (int step = 0; step < 500; ++step) agent.imitate(s, a);
  CHECK(miss() < 1e-3F * before);
  CHECK_THROWS_AS(agent.imitate(s, {actions.data(), 8, 1}), Error);
  CHECK_THROWS_AS(agent.imitate(s, {actions.data(), 3, 2}), Error);
}

TEST_CASE("an update needs a whole batch", "[rl][agent]") {
  DdpgAgent agent({.shape = {1, 1, {4}}, .batch = 3, .replay_capacity = 3});
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(agent.can_update());
    CHECK_THROWS_AS(agent.update(), Error);
    agent.remember({{0.1F}, {0.2F}, 0.3F, {0.4F}, true});
  }
  CHECK(agent.can_update());
  CHECK_NOTHROW(agent.update());
  CHECK(agent.baseline() == 0.3F);
}

TEST_CASE("the critic learns alone and leaves the policy where it is", "[rl][agent]") {
  DdpgAgent agent({.shape = {1, 1, {8}}, .batch = 4, .replay_capacity = 8, .seed = 7});
  for (int i = 0; i < 8; ++i) {
    const float x = static_cast<float>(i) / 8.0F;
    agent.remember({{x}, {1.0F - x}, x * x, {x}, true});
  }
  const std::vector<float> state = {0.4F};
  const std::vector<float> policy = agent.act(state);
  const float first = agent.update_critic();
  float last = first;
  for (int step = 0; step < 500; ++step) last = agent.update_critic();
  CHECK(last < 0.5F * first);
  CHECK(agent.act(state) == policy);
  agent.update();
  CHECK(agent.act(state) != policy);
}

TEST_CASE("an agent that diverges says so", "[rl][agent]") {
  DdpgAgent agent({.shape = {1, 1, {4}}, .batch = 1, .replay_capacity = 1});
  agent.remember({{0.1F}, {0.2F}, 3e38F, {0.4F}, false});
  agent.update();  // the first baseline is the reward itself
  agent.remember({{0.1F}, {0.2F}, -3e38F, {0.4F}, false});
  try {
    agent.update();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.id() == ErrorId::diverged);
  }
}

TEST_CASE("a state of the wrong size or with NaN is refused", "[rl][agent]") {
  DdpgAgent agent({.shape = {2, 1, {4}}});
  CHECK_THROWS_AS(agent.act(std::vector<float>(3)), Error);
  CHECK_THROWS_AS(agent.explore(std::vector<float>(1), 200), Error);
  CHECK_THROWS_AS(agent.act(std::vector{0.0F, std::numeric_limits<float>::quiet_NaN()}), Error);
}

TEST_CASE("a config that makes no sense is named by its option", "[rl][agent]") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  CHECK_NOTHROW(AgentConfig{}.validate());
  const auto refuses = [](std::string_view option, auto&& change) {
    AgentConfig config;
    change(config);
    INFO(option);
    try {
      DdpgAgent agent(config);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.id() == ErrorId::out_of_range);
      CHECK_THAT(error.what(), Catch::Contains(std::string(option)));
    }
  };
  refuses("shape.states", [](auto& c) { c.shape.states = 0; });
  refuses("shape.actions", [](auto& c) { c.shape.actions = -1; });
  refuses("shape.hidden", [](auto& c) { c.shape.hidden.clear(); });
  refuses("shape.hidden", [](auto& c) { c.shape.hidden = {300, 0}; });
  refuses("actor_rate", [](auto& c) { c.actor_rate = 0.0; });
  refuses("critic_rate", [=](auto& c) { c.critic_rate = kNan; });
  refuses("discount", [](auto& c) { c.discount = 1.01; });
  refuses("tau", [](auto& c) { c.tau = -0.1; });
  refuses("baseline_rate", [=](auto& c) { c.baseline_rate = kNan; });
  refuses("batch", [](auto& c) { c.batch = 0; });
  refuses("replay_capacity", [](auto& c) { c.replay_capacity = 63; });
  refuses("warmup_episodes", [](auto& c) { c.warmup_episodes = -1; });
  constexpr Index kHuge = Index{1} << 40;
  refuses("shape.states", [](auto& c) { c.shape.states = kHuge; });
  refuses("shape.actions", [](auto& c) { c.shape.actions = kHuge; });
  refuses("shape.hidden", [](auto& c) { c.shape.hidden = {300, kHuge}; });
  refuses("shape.hidden", [](auto& c) { c.shape.hidden.assign(1000, 3); });
  refuses("batch", [](auto& c) { c.batch = c.replay_capacity = kHuge; });
  refuses("replay_capacity", [](auto& c) { c.replay_capacity = kHuge; });
  refuses("warmup_episodes", [](auto& c) { c.warmup_episodes = kHuge; });
  refuses("noise", [](auto& c) { c.noise = 1.5; });
  refuses("noise_decay", [](auto& c) { c.noise_decay = -0.5; });
}
