// Random networks, and closeness to recorded figures, for the room's tests.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "autoprune/core.hpp"
#include "autoprune/cost.hpp"
#include "autoprune/nn/zoo.hpp"

namespace autoprune::cost::test {

/// Equal but for one part in 10^9; 0 only to 0.
[[nodiscard]] inline bool equal(double ours, double recorded, double tolerance = 1e-9) {
  return std::abs(ours - recorded) <= tolerance * std::abs(recorded);
}

/// The error that a call throws; the test fails when it throws none.
template <class Call>
[[nodiscard]] Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  throw std::logic_error("unreachable");
}

template <class T>
[[nodiscard]] T one_of(Random& random, const std::vector<T>& values) {
  return values[static_cast<std::size_t>(random.below(static_cast<Index>(values.size())))];
}

/// Convolutions, pools and residual sums of any shape, then one or two linear layers.
[[nodiscard]] inline nn::Network random_network(Random& random) {
  nn::Network network({1 + random.below(40), 5 + random.below(10), 5 + random.below(10)});
  const Index blocks = 1 + random.below(8);
  for (Index i = 0; i < blocks; ++i) {
    const std::string name = concat("block.", i);
    const nn::Shape3 in = network.nodes().back().shape;
    const Index before = network.size() - 1;
    const nn::Size2 kernel{1 + random.below(std::min<Index>(3, in.height)),
                           1 + random.below(std::min<Index>(3, in.width))};
    const nn::Size2 stride{1 + random.below(2), 1 + random.below(3)};
    const nn::Size2 padding{random.below(kernel.h), random.below(kernel.w)};
    switch (random.below(5)) {
      case 0:
        network.max_pool(name, {kernel, stride, padding});
        break;
      case 1:
        network.avg_pool(name, {.kernel = kernel});
        break;
      case 2:
        network.conv(name, {.out = in.channels, .kernel = 1});
        network.relu(name + ".relu");
        network.add(name + ".add", random.below(2) == 0
                                       ? std::vector<Index>{network.size() - 1, before}
                                       : std::vector<Index>{before, network.size() - 1, before});
        break;
      default:
        network.conv(name, {1 + random.below(80), kernel, stride, padding});
        network.batch_norm(name + ".bn");
    }
  }
  const nn::Shape3 last = network.nodes().back().shape;
  if (last.size() > 2000) network.avg_pool("pool", {.kernel = {last.height, last.width}});
  network.flatten("flatten");
  if (random.below(2) == 0) network.linear("hidden", 1 + random.below(300));
  network.linear("last", 10);
  return network;
}

}  // namespace autoprune::cost::test
