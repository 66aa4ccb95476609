/// @file small_network.hpp
/// The network that weights, policies and checkpoints are read for.
#pragma once

#include <vector>

#include "autoprune/nn/network.hpp"

namespace autoprune::fuzz {

/// Four layers of 2 x 9, 3 x 2 and 4 x 3 weights with what else has parameters.
[[nodiscard]] inline nn::Network small_network() {
  nn::Network network({1, 4, 4});
  network.conv("conv", {.out = 2, .kernel = 3, .stride = 2, .padding = 1, .bias = true});
  network.batch_norm("norm");
  network.relu("relu");
  network.conv("point", {.out = 3, .kernel = 1});
  network.avg_pool("pool", {.kernel = 2});
  network.linear("fc", 4);
  network.initialise(1);
  return network;
}

/// Everything that a network has learned.
[[nodiscard]] inline std::vector<float> parameters_of(const nn::Network& network) {
  std::vector<float> all;
  for (const auto& [name, tensor] : network.parameters())
    all.insert(all.end(), tensor->begin(), tensor->end());
  return all;
}

}  // namespace autoprune::fuzz
