#include "autoprune/rl/replay.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <set>

#include "../error_of.hpp"

using namespace autoprune;

namespace {

/// A transition that can be told from every other: all its numbers derive from `id`. Every tenth
/// one ends an episode.
rl::Transition numbered(Index id, Index states, Index actions) {
  const auto x = static_cast<float>(id);
  return {.state = std::vector<float>(static_cast<std::size_t>(states), x + 0.25F),
          .action = std::vector<float>(static_cast<std::size_t>(actions), x + 0.5F),
          .reward = x,
          .next_state = std::vector<float>(static_cast<std::size_t>(states), x + 0.75F),
          .done = id % 10 == 9};
}

/// The ids in a batch; checks that each row is one stored transition, whole.
std::vector<Index> ids(const rl::Batch& batch) {
  std::vector<Index> out;
  for (Index r = 0; r < batch.rewards.rows(); ++r) {
    const float x = batch.rewards(r);
    out.push_back(static_cast<Index>(x));
    REQUIRE((batch.states.row(r).array() == x + 0.25F).all());
    REQUIRE((batch.actions.row(r).array() == x + 0.5F).all());
    REQUIRE((batch.next_states.row(r).array() == x + 0.75F).all());
    REQUIRE(batch.continues(r) == (out.back() % 10 == 9 ? 0.0F : 1.0F));
  }
  return out;
}

}  // namespace

TEST_CASE("a batch holds different transitions out of the last ones stored", "[rl][replay]") {
  Random random(1);
  for (int trial = 0; trial < 200; ++trial) {
    const Index capacity = 1 + random.below(40), stored = 1 + random.below(100);
    const Index states = 1 + random.below(4), actions = 1 + random.below(3);
    rl::Replay replay(capacity, states, actions);
    for (Index id = 0; id < stored; ++id) replay.push(numbered(id, states, actions));
    REQUIRE(replay.size() == std::min(capacity, stored));

    rl::Batch batch;
    const Index count = 1 + random.below(replay.size());
    replay.sample(count, random, batch);
    const auto drawn = ids(batch);
    REQUIRE(static_cast<Index>(std::set(drawn.begin(), drawn.end()).size()) == count);
    for (const Index id : drawn) {
      REQUIRE(id >= stored - replay.size());
      REQUIRE(id < stored);
    }
  }
}

TEST_CASE("every transition is drawn equally often", "[rl][replay]") {
  constexpr Index kStored = 30, kCount = 8, kBatches = 20000;
  Random random(2);
  rl::Replay replay(kStored, 2, 1);
  for (Index id = 0; id < kStored; ++id) replay.push(numbered(id, 2, 1));
  std::map<Index, int> drawn;
  rl::Batch batch;
  for (Index i = 0; i < kBatches; ++i) {
    replay.sample(kCount, random, batch);
    for (Index r = 0; r < kCount; ++r) ++drawn[static_cast<Index>(batch.rewards(r))];
  }
  // The first transition of an episode (0, 10, 20) and the last (9, 19, 29) as much as any other:
  // each count is binomial, and 5 standard deviations are far more than 30 of them ever stray.
  const double p = double{kCount} / kStored, mean = p * kBatches;
  REQUIRE(drawn.size() == kStored);
  for (const auto& [id, count] : drawn) {
    INFO("transition " << id);
    CHECK(std::abs(count - mean) < 5.0 * std::sqrt(mean * (1.0 - p)));
  }
}

TEST_CASE("pairs of transitions meet in a batch equally often", "[rl][replay]") {
  constexpr Index kStored = 6, kBatches = 30000;
  Random random(3);
  rl::Replay replay(kStored, 1, 1);
  for (Index id = 0; id < kStored; ++id) replay.push(numbered(id, 1, 1));
  std::map<std::set<Index>, int> drawn;
  rl::Batch batch;
  for (Index i = 0; i < kBatches; ++i) {
    replay.sample(2, random, batch);
    const auto pair = ids(batch);
    ++drawn[{pair.begin(), pair.end()}];
  }
  REQUIRE(drawn.size() == 15);
  for (const auto& [pair, count] : drawn) CHECK(count == Approx(kBatches / 15.0).epsilon(0.12));
}

TEST_CASE("a replay buffer names what it can't store or draw", "[rl][replay]") {
  CHECK(error_of([] { rl::Replay(0, 1, 1); }) == ErrorId::out_of_range);
  rl::Replay replay(4, 3, 1);
  const auto push = [&](auto&& change) {
    rl::Transition t = numbered(1, 3, 1);
    change(t);
    replay.push(t);
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_of([&] { push([](auto& t) { t.state.pop_back(); }); }) == ErrorId::shape_mismatch);
  CHECK(error_of([&] { push([](auto& t) { t.action.push_back(0.0F); }); }) ==
        ErrorId::shape_mismatch);
  CHECK(error_of([&] { push([](auto& t) { t.next_state.clear(); }); }) == ErrorId::shape_mismatch);
  CHECK(error_of([&] { push([](auto& t) { t.reward = kNan; }); }) == ErrorId::not_finite);
  CHECK(error_of([&] { push([](auto& t) { t.next_state[1] = kNan; }); }) == ErrorId::not_finite);
  CHECK(replay.size() == 0);
  rl::Batch batch;
  Random random(4);
  CHECK(error_of([&] { replay.sample(1, random, batch); }) == ErrorId::wrong_order);
}
