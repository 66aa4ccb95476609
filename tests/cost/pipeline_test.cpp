// The schedule beside one that looks at every position of every window.

#include "autoprune/cost/pipeline.hpp"

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::cost;
using cost::test::equal;

namespace {

/// Finish times of each layer, waiting for every position that a window covers.
std::vector<std::vector<double>> finish_times(const std::vector<GraphLayer>& layers,
                                              const std::vector<ByPosition<Ns>>& steps,
                                              bool pipelined) {
  std::vector<std::vector<double>> done;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const GraphLayer& layer = layers[l];
    std::vector<double> times;
    double now = 0.0;
    for (Index row = 0; row < layer.out.height; ++row)
      for (Index col = 0; col < layer.out.width; ++col) {
        for (const Index input : layer.inputs) {
          if (input == kImage) continue;
          const auto from = static_cast<std::size_t>(input);
          const nn::Shape3& made = layers[from].out;
          const bool all =
              (!pipelined && layer.kind != LayerKind::sum) || layer.kind == LayerKind::linear;
          for (Index y = 0; y < made.height; ++y)
            for (Index x = 0; x < made.width; ++x) {
              const Index dy = y - row * layer.stride.h + layer.padding.h;
              const Index dx = x - col * layer.stride.w + layer.padding.w;
              const bool inside = dy >= 0 && dy < layer.kernel.h && dx >= 0 && dx < layer.kernel.w;
              if (all || inside)
                now = std::max(now, done[from][static_cast<std::size_t>(y * made.width + x)]);
            }
        }
        now += steps[l].at(row, col).value;
        times.push_back(now);
      }
    done.push_back(times);
  }
  return done;
}

}  // namespace

TEST_CASE("the schedule waits for every position of every window") {
  Random random(3);
  const auto time = [&] { return Ns{random.uniform(1.0, 9.0)}; };
  for (int round = 0; round < 60; ++round) {
    const std::vector<GraphLayer> layers = layer_graph(cost::test::random_network(random));
    std::vector<ByPosition<Ns>> steps;
    for (std::size_t l = 0; l < layers.size(); ++l)
      steps.push_back({time(), time(), time(), time()});
    for (const bool pipelined : {true, false}) {
      const std::vector<LayerTimes> times =
          pipelined ? schedule(layers, steps)
                    : schedule(layers, steps, [](const GraphLayer& layer) {
                        return layer.kind != LayerKind::sum;
                      });
      const auto expected = finish_times(layers, steps, pipelined);
      for (std::size_t l = 0; l < layers.size(); ++l) {
        INFO(layers[l].name);
        CHECK(times[l].finish.value == expected[l].back());
        const double first = times[l].start.value + steps[l].corner.value;
        CHECK(equal(first, expected[l].front(), 1e-12));
      }
    }
  }
}
