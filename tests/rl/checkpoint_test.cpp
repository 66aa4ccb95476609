#include <catch2/catch.hpp>
#include <set>

#include "archive.hpp"
#include "autoprune/rl/agent.hpp"
#include "toy.hpp"

using namespace autoprune;

namespace {

rl::AgentConfig config() {
  return {.shape = {toy::kFeatures, 1, {24, 16}},
          .batch = 16,
          .replay_capacity = 50,
          .warmup_episodes = 6,
          .seed = 9};
}

/// Episodes [begin, end) of one history.
void train(rl::DdpgAgent& agent, Index begin, Index end) {
  for (Index episode = begin; episode < end; ++episode)
    toy::train_episode(agent, episode, static_cast<double>(episode % 10) / 10.0);
}

}  // namespace

TEST_CASE("a restored agent goes on to the same bits", "[rl][checkpoint]") {
  rl::DdpgAgent whole(config());
  train(whole, 0, 40);
  const auto expected = archive::save(whole);

  // In the warm-up, before and after the ring is full, and at both ends.
  for (const Index stop : {0, 3, 8, 25, 40}) {
    rl::DdpgAgent first(config());
    train(first, 0, stop);
    const auto checkpoint = archive::save(first);

    rl::DdpgAgent second(config());
    train(second, 0, 11);  // whatever it did before is forgotten
    archive::restore(second, checkpoint);
    CHECK(archive::save(second) == checkpoint);
    train(second, stop, 40);
    CHECK(archive::save(second) == expected);
  }
}

TEST_CASE("the seed decides an agent", "[rl][checkpoint]") {
  rl::DdpgAgent agent(config()), same(config());
  auto other_config = config();
  other_config.seed = 10;
  rl::DdpgAgent other(other_config);
  train(agent, 0, 10);
  train(same, 0, 10);
  train(other, 0, 10);
  CHECK(archive::save(agent) == archive::save(same));
  const auto state = toy::state(0, 0.5, 1.0, 0.0);
  CHECK(agent.act(state) != other.act(state));
}

TEST_CASE("a checkpoint of another agent is refused", "[rl][checkpoint]") {
  rl::DdpgAgent agent(config());
  const auto checkpoint = archive::save(agent);
  const auto refuses = [&](auto&& change) {
    auto changed = config();
    change(changed);
    rl::DdpgAgent other(changed);
    archive::Reader reader{checkpoint};
    try {
      other.visit_state(reader);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.id() == ErrorId::checkpoint_mismatch);
    }
  };
  refuses([](auto& c) { c.seed = 1; });
  refuses([](auto& c) { c.shape.states = 7; });
  refuses([](auto& c) { c.shape.hidden = {24}; });
  refuses([](auto& c) { c.replay_capacity = 51; });
}

TEST_CASE("every piece of state has a name of its own", "[rl][checkpoint]") {
  rl::DdpgAgent agent(config());
  std::set<std::string> names;
  agent.visit_state([&](std::string_view name, auto&&) {
    INFO(name);
    CHECK(names.emplace(name).second);
  });
  CHECK(names.size() > 10);
}
