/// @file networks.hpp
/// The two networks of an actor-critic agent, and what the agent asks of them.
#pragma once

#include <cmath>
#include <concepts>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/rl/mlp.hpp"

namespace autoprune::rl {

/// Sizes that an actor and its critic share.
struct NetworkShape {
  Index states = 12;                    ///< features of a state
  Index actions = 1;                    ///< numbers in an action
  std::vector<Index> hidden{300, 300};  ///< units of each hidden layer
};

/// mu(s), the deterministic policy: batch x states -> batch x actions, each in (0, 1).
/// `parameters()` is all that decides its output.
template <class T>
concept ActorNetwork = std::copyable<T> &&
    std::constructible_from<T, const NetworkShape&, Random&> &&
    requires(T actor, const Rows& rows) {
  { actor.parameters() } -> std::same_as<std::span<float>>;
  { actor.gradients() } -> std::same_as<std::span<float>>;
  { actor.forward(rows) } -> std::same_as<ConstMatrixView>;
  actor.backward(rows);
};

/// Q(s, a), the value of an action: batch x states, batch x actions -> batch x 1.
template <class T>
concept CriticNetwork = std::copyable<T> &&
    std::constructible_from<T, const NetworkShape&, Random&> &&
    requires(T critic, const Rows& rows) {
  { critic.parameters() } -> std::same_as<std::span<float>>;
  { critic.gradients() } -> std::same_as<std::span<float>>;
  { critic.forward(rows, rows) } -> std::same_as<ConstMatrixView>;
  critic.backward(rows);
  { critic.action_gradient(rows) } -> std::convertible_to<Rows>;
};

namespace detail {
[[nodiscard]] inline std::vector<Index> widths(Index in, const std::vector<Index>& hidden,
                                               Index out) {
  std::vector<Index> all{in};
  all.insert(all.end(), hidden.begin(), hidden.end());
  all.push_back(out);
  return all;
}
}  // namespace detail

/// states -> hidden (ReLU) -> actions (sigmoid).
template <class Scalar>
class BasicActor : public BasicMlp<Scalar> {
 public:
  BasicActor(const NetworkShape& shape, Random& random)
      : BasicMlp<Scalar>(detail::widths(shape.states, shape.hidden, shape.actions),
                         BasicMlp<Scalar>::Output::sigmoid, random) {}
};

/// relu(W_s s + W_a a + b) -> further hidden layers (ReLU) -> 1 (linear): state and action each
/// have a linear layer of their own whose outputs are added (He et al., "AMC", ECCV 2018). That is
/// one layer on the joined row (s, a); the two biases only ever appear as their sum.
template <class Scalar>
class BasicCritic {
 public:
  using Network = BasicMlp<Scalar>;

  BasicCritic(const NetworkShape& shape, Random& random)
      : states_(shape.states),
        actions_(shape.actions),
        mlp_(detail::widths(states_ + actions_, shape.hidden, 1), Network::Output::linear, random) {
    if (mlp_.layers() < 2)
      fail(ErrorId::out_of_range, "a critic without hidden layers; give at least one");
    // Each of the two layers has a fan-in of its own.
    const auto draw = [&](Index fan_in) {
      const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
      return static_cast<Scalar>(random.uniform(-bound, bound));
    };
    typename Network::View weight = mlp_.weight(1), bias = mlp_.bias(1);
    for (Index unit = 0; unit < weight.rows(); ++unit) {
      for (Index i = 0; i < weight.cols(); ++i)
        weight(unit, i) = draw(i < states_ ? states_ : actions_);
      bias(0, unit) = draw(states_) + draw(actions_);
    }
  }

  [[nodiscard]] std::span<Scalar> parameters() { return mlp_.parameters(); }
  [[nodiscard]] std::span<Scalar> gradients() { return mlp_.gradients(); }

  typename Network::ConstView forward(const RowsOf<Scalar>& states, const RowsOf<Scalar>& actions) {
    if (states.cols() != states_ || actions.cols() != actions_ || states.rows() != actions.rows())
      fail(ErrorId::shape_mismatch, "states ", states.rows(), 'x', states.cols(), " and actions ",
           actions.rows(), 'x', actions.cols(), " for a critic of ", states_, " features and ",
           actions_, " actions");
    joined_.resize(states.rows(), states_ + actions_);
    joined_.leftCols(states_) = states;
    joined_.rightCols(actions_) = actions;
    return mlp_.forward(joined_);
  }
  /// Gradients by the parameters, as BasicMlp::backward.
  void backward(const RowsOf<Scalar>& d_values) { mlp_.backward(d_values); }
  /// Gradient by the action, batch x actions; leaves gradients() alone.
  [[nodiscard]] RowsOf<Scalar> action_gradient(const RowsOf<Scalar>& d_values) {
    return mlp_.input_gradient(d_values).rightCols(actions_);
  }

 private:
  Index states_, actions_;
  Network mlp_;
  MatrixOf<Scalar> joined_;
};

using Actor = BasicActor<float>;
using Critic = BasicCritic<float>;

}  // namespace autoprune::rl
