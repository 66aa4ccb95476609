// A network of a few hundred weights with whatever a backend treats in a way of its own.
#pragma once

#include <cstdint>

#include "autoprune/nn/network.hpp"

namespace autoprune::nn::test {

/// Of four classes of images 1x8x8.
inline Network small_classifier(std::uint64_t seed) {
  Network n({1, 8, 8});
  n.conv("c1", {.out = 8, .kernel = 3, .padding = 1});
  n.batch_norm("b1");
  n.relu("r1");
  n.max_pool("m1", {.kernel = 2});
  n.flatten("f");
  n.dropout("d", 0.2);
  n.linear("l", 4);
  n.initialise(seed);
  return n;
}

}  // namespace autoprune::nn::test
