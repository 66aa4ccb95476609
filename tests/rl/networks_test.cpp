#include "autoprune/rl/networks.hpp"

#include <catch2/catch.hpp>

#include "reference.hpp"

using namespace autoprune;

namespace {

/// relu(W_s s + W_a a + b), further layers, one output; parameters as rl::Critic keeps them.
double critic(const rl::NetworkShape& shape, const reference::Vector& parameters,
              reference::Vector state, const reference::Vector& action) {
  state.insert(state.end(), action.begin(), action.end());
  return reference::mlp(rl::detail::widths(shape.states + shape.actions, shape.hidden, 1), false,
                        parameters, state)[0];
}

}  // namespace

TEST_CASE("a critic and its gradients agree with the reference", "[rl][networks]") {
  Random random(1);
  for (int trial = 0; trial < 20; ++trial) {
    const rl::NetworkShape shape{
        1 + random.below(6), 1 + random.below(3), {1 + random.below(12), 1 + random.below(12)}};
    const Index batch = 1 + random.below(6);
    rl::Critic network(shape, random);
    const Matrix s = reference::random_matrix(random, batch, shape.states);
    const Matrix a = reference::random_matrix(random, batch, shape.actions);
    const Matrix d = reference::random_matrix(random, batch, 1);
    const auto parameters = reference::to_double(network.parameters());
    const auto loss = [&](const reference::Vector& p) {
      double sum = 0.0;
      for (Index r = 0; r < batch; ++r)
        sum += d(r) * critic(shape, p, reference::row(s, r), reference::row(a, r));
      return sum;
    };

    const Matrix values = network.forward(s, a);
    for (Index r = 0; r < batch; ++r)
      REQUIRE(values(r) ==
              Approx(critic(shape, parameters, reference::row(s, r), reference::row(a, r)))
                  .margin(1e-5));

    network.backward(d);
    REQUIRE(reference::difference(network.gradients(), reference::gradient(loss, parameters)) <
            1e-4);

    const Matrix by_action = network.action_gradient(d);
    for (Index r = 0; r < batch; ++r) {
      const auto expected = reference::gradient(
          [&](const reference::Vector& action) {
            return d(r) * critic(shape, parameters, reference::row(s, r), action);
          },
          reference::row(a, r));
      for (Index i = 0; i < shape.actions; ++i)
        REQUIRE(by_action(r, i) == Approx(expected[static_cast<std::size_t>(i)]).margin(1e-5));
    }
  }
}

TEST_CASE("state and action of a critic start by fan-ins of their own", "[rl][networks]") {
  Random random(2);
  const rl::NetworkShape shape{16, 1, {300, 300}};
  rl::Critic network(shape, random);
  const ConstMatrixView first(network.parameters().data(), 300, 17);
  CHECK(first.leftCols(16).cwiseAbs().maxCoeff() <= 0.25F);
  CHECK(first.leftCols(16).cwiseAbs().maxCoeff() > 0.24F);
  CHECK(first.col(16).cwiseAbs().maxCoeff() <= 1.0F);
  CHECK(first.col(16).cwiseAbs().maxCoeff() > 0.9F);
  // The bias is the sum of both layers'.
  const ConstMatrixView bias(network.parameters().data() + first.size(), 1, 300);
  CHECK(bias.cwiseAbs().maxCoeff() <= 1.25F);
  CHECK(bias.cwiseAbs().maxCoeff() > 1.0F);
}

TEST_CASE("an actor's actions lie between 0 and 1 and follow the reference's gradient",
          "[rl][networks]") {
  Random random(3);
  const rl::NetworkShape shape{4, 2, {11, 7}};
  rl::Actor actor(shape, random);
  const Matrix s = reference::random_matrix(random, 5, 4);
  const Matrix d = reference::random_matrix(random, 5, 2);
  const ConstMatrixView actions = actor.forward(100.0F * s);
  CHECK(actions.minCoeff() >= 0.0F);
  CHECK(actions.maxCoeff() <= 1.0F);

  const auto loss = [&](const reference::Vector& p) {
    double sum = 0.0;
    for (Index r = 0; r < 5; ++r) {
      const auto y = reference::mlp({4, 11, 7, 2}, true, p, reference::row(s, r));
      sum += d(r, 0) * y[0] + d(r, 1) * y[1];
    }
    return sum;
  };
  actor.forward(s);
  actor.backward(d);
  CHECK(reference::difference(actor.gradients(),
                              reference::gradient(loss, reference::to_double(actor.parameters()))) <
        1e-4);
}

TEST_CASE("a critic refuses states and actions that don't fit", "[rl][networks]") {
  Random random(4);
  rl::Critic network({4, 2, {5}}, random);
  CHECK_NOTHROW(network.forward(Matrix::Zero(3, 4), Matrix::Zero(3, 2)));
  CHECK_THROWS_AS(network.forward(Matrix::Zero(3, 4), Matrix::Zero(2, 2)), Error);
  CHECK_THROWS_AS(network.forward(Matrix::Zero(3, 5), Matrix::Zero(3, 2)), Error);
  CHECK_THROWS_AS(network.forward(Matrix::Zero(3, 4), Matrix::Zero(3, 1)), Error);
}
