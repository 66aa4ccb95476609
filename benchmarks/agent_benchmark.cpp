// One DDPG update beside the time of its matrix products alone.
#include <benchmark/benchmark.h>

#include <vector>

#include "autoprune/core.hpp"
#include "autoprune/rl.hpp"

namespace {

using autoprune::Index;
using autoprune::Matrix;
using autoprune::Random;
namespace rl = autoprune::rl;

rl::DdpgAgent filled_agent() {
  rl::DdpgAgent agent;
  Random random(1);
  const auto draw = [&](Index count) {
    std::vector<float> numbers(static_cast<std::size_t>(count));
    for (float& x : numbers) x = static_cast<float>(random.uniform());
    return numbers;
  };
  const auto& config = agent.config();
  for (Index i = 0; i < config.replay_capacity; ++i)
    agent.remember({.state = draw(config.shape.states),
                    .action = draw(config.shape.actions),
                    .reward = static_cast<float>(random.uniform()),
                    .next_state = draw(config.shape.states),
                    .done = i % 20 == 19});
  return agent;
}

void agent_update(benchmark::State& state) {
  rl::DdpgAgent agent = filled_agent();
  for (auto _ : state) benchmark::DoNotOptimize(agent.update());
}
BENCHMARK(agent_update)->Unit(benchmark::kMicrosecond);

void agent_act(benchmark::State& state) {
  rl::DdpgAgent agent;
  const std::vector<float> features(12, 0.5F);
  for (auto _ : state) benchmark::DoNotOptimize(agent.act(features));
}
BENCHMARK(agent_act)->Unit(benchmark::kMicrosecond);

// The products of one linear layer: forward, gradient of its weight, gradient of its input.
struct LayerProducts {
  Matrix x, w, y, dw, dx;

  LayerProducts(Index batch, Index in, Index out)
      : x(Matrix::Random(batch, in)),
        w(Matrix::Random(out, in)),
        y(Matrix::Random(batch, out)),
        dw(out, in),
        dx(batch, in) {}
  void run(int forwards, int weight_gradients, int input_gradients) {
    for (int i = 0; i < forwards; ++i) y.noalias() = x * w.transpose();
    for (int i = 0; i < weight_gradients; ++i) dw.noalias() = y.transpose() * x;
    for (int i = 0; i < input_gradients; ++i) dx.noalias() = y * w;
    benchmark::ClobberMemory();
  }
};

// An update runs both actors and both critics forward (the critic twice), takes the gradients of
// all parameters of actor and critic, and pulls the policy's gradient back to the action.
void agent_products(benchmark::State& state) {
  const rl::AgentConfig config;
  const Index batch = config.batch, states = config.shape.states, actions = config.shape.actions;
  const Index h1 = config.shape.hidden[0], h2 = config.shape.hidden[1];
  LayerProducts actor1(batch, states, h1), actor2(batch, h1, h2), actor3(batch, h2, actions);
  LayerProducts critic1(batch, states + actions, h1), critic2(batch, h1, h2), critic3(batch, h2, 1);
  for (auto _ : state) {
    actor1.run(2, 1, 0);
    actor2.run(2, 1, 1);
    actor3.run(2, 1, 1);
    critic1.run(3, 1, 1);
    critic2.run(3, 1, 2);
    critic3.run(3, 1, 2);
  }
}
BENCHMARK(agent_products)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
