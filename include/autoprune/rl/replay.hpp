/// @file replay.hpp
/// The replay buffer: a ring of transitions, sampled uniformly.
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/rl/state_visitor.hpp"

namespace autoprune::rl {

/// One step of an episode.
struct Transition {
  std::vector<float> state, action;
  float reward = 0.0F;
  std::vector<float> next_state;
  bool done = false;  ///< the episode ended here: next_state has no value of its own
};

/// Sampled transitions, a row each.
struct Batch {
  Matrix states, actions, next_states;
  Matrix rewards;    ///< batch x 1
  Matrix continues;  ///< batch x 1: 0 where the episode ended, else 1
};

/// Throws shape_mismatch or not_finite unless `numbers` are `size` finite numbers.
inline void check_numbers(std::string_view what, std::span<const float> numbers, Index size) {
  if (static_cast<Index>(numbers.size()) != size)
    fail(ErrorId::shape_mismatch, what, " of ", numbers.size(), " numbers; the agent has ", size);
  for (const float number : numbers)
    if (!std::isfinite(number)) fail(ErrorId::not_finite, what, " holds ", number);
}

/// Keeps the last `capacity` transitions, in one block of memory.
class Replay {
 public:
  Replay(Index capacity, Index states, Index actions) : states_(states), actions_(actions) {
    if (capacity < 1)
      fail(ErrorId::out_of_range, "replay capacity = ", capacity, "; needs at least 1");
    ring_.setZero(capacity, 2 * states + actions + 2);
  }

  /// Stores a transition, over the oldest one when the ring is full.
  void push(const Transition& t) {
    check_numbers("state", t.state, states_);
    check_numbers("action", t.action, actions_);
    check_numbers("reward", std::span(&t.reward, 1), 1);
    check_numbers("next state", t.next_state, states_);
    float* out = ring_.row(static_cast<Index>(pushed_ % capacity())).data();
    out = std::copy(t.state.begin(), t.state.end(), out);
    out = std::copy(t.action.begin(), t.action.end(), out);
    out = std::copy(t.next_state.begin(), t.next_state.end(), out);
    *out++ = t.reward;
    *out = t.done ? 0.0F : 1.0F;
    ++pushed_;
  }

  [[nodiscard]] Index size() const { return static_cast<Index>(std::min(pushed_, capacity())); }

  /// Fills `batch` with `count` different transitions (count <= size()), every set of them equally
  /// likely (Floyd's algorithm: Bentley and Floyd, "A sample of brilliance", CACM 1987).
  void sample(Index count, Random& random, Batch& batch) {
    if (count > size())
      fail(ErrorId::wrong_order, "a batch of ", count, " transitions from ", size(),
           "; remember more first");
    picked_.clear();
    for (Index last = size() - count; last < size(); ++last) {
      const Index draw = random.below(last + 1);
      const bool taken = std::find(picked_.begin(), picked_.end(), draw) != picked_.end();
      picked_.push_back(taken ? last : draw);
    }
    gather(batch);
  }

  /// Hands every number that decides the future to the visitor; see StateVisitor.
  template <class Visitor>
  void visit_state(Visitor&& visit) {
    visit_count(visit, "pushed", pushed_);
    visit("ring", std::span(ring_.data(), static_cast<std::size_t>(size() * ring_.cols())));
  }

 private:
  [[nodiscard]] std::uint64_t capacity() const { return static_cast<std::uint64_t>(ring_.rows()); }

  void gather(Batch& batch) const {
    const auto count = static_cast<Index>(picked_.size());
    batch.states.resize(count, states_);
    batch.actions.resize(count, actions_);
    batch.next_states.resize(count, states_);
    batch.rewards.resize(count, 1);
    batch.continues.resize(count, 1);
    for (Index i = 0; i < count; ++i) {
      const auto record = ring_.row(picked_[static_cast<std::size_t>(i)]);
      batch.states.row(i) = record.head(states_);
      batch.actions.row(i) = record.segment(states_, actions_);
      batch.next_states.row(i) = record.segment(states_ + actions_, states_);
      batch.rewards(i) = record(ring_.cols() - 2);
      batch.continues(i) = record(ring_.cols() - 1);
    }
  }

  Index states_, actions_;
  Matrix ring_;  ///< capacity x (state, action, next state, reward, continues)
  std::uint64_t pushed_ = 0;
  std::vector<Index> picked_;
};

}  // namespace autoprune::rl
