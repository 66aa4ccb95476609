#include "autoprune/search/layer_counts.hpp"

#include <catch2/catch.hpp>

#include "autoprune/methods.hpp"
#include "autoprune/search/policy.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

TEST_CASE("layer counts are the compressor's, each asked for once") {
  const Compressor compressor = test::small_compressor();
  std::vector<Ranking> layers = compressor.rank(test::small_network(5));
  Index asked = 0;
  std::vector<Ranking> watched = layers;
  for (std::size_t k = 0; k < layers.size(); ++k)
    watched[k].mask = [&, k](double keep) {
      ++asked;
      return layers[k].mask(keep);
    };
  LayerCounts counts(compressor, watched);
  Random random(64);
  std::vector<Policy> policies;
  for (int i = 0; i < 20; ++i) policies.push_back(test::random_policy(random, 4));
  for (int round = 0; round < 2; ++round)
    for (const Policy& policy : policies) {
      const auto expected = compressor.count(Compressor::masks(layers, policy));
      const mapping::CrossbarCount found = counts.crossbars(policy);
      REQUIRE(found.dense == expected.crossbars.dense);
      REQUIRE(found.per_layer == expected.crossbars.per_layer);
      REQUIRE(found.pooled == expected.crossbars.pooled);
      for (std::size_t k = 0; k < 4; ++k)
        REQUIRE(counts.at(k, policy[k]).ous == expected.layers[k].ous);
    }
  REQUIRE(asked == 20 * 4);
}

TEST_CASE("a layer is counted by its own rules where layers differ") {
  // Pattern pruning's blocks are as high as a layer's kernels.
  nn::Network network({2, 12, 12});
  network.conv("a", {.out = 6, .kernel = 1});
  network.conv("b", {.out = 6, .kernel = 3});
  network.conv("c", {.out = 6, .kernel = {5, 1}});
  network.initialise(3);
  const Compressor compressor =
      methods::make_method("pattern-prune", {network, test::SmallGeometry{}});
  const std::vector<Ranking> layers = compressor.rank(network);
  LayerCounts counts(compressor, layers);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto expected = compressor.count(static_cast<Index>(k), layers[k].mask(0.5));
    REQUIRE(counts.at(k, 0.5).ous == expected.ous);
    REQUIRE(counts.at(k, 0.5).slots.taken == expected.slots.taken);
  }
}

TEST_CASE("a keep ratio that is refused leaves no count behind") {
  const Compressor compressor = test::small_compressor();
  const std::vector<Ranking> layers = compressor.rank(test::small_network(5));
  LayerCounts counts(compressor, layers);
  for (int i = 0; i < 2; ++i)
    REQUIRE(error_of([&] { (void)counts.at(1, 1.5); }) == ErrorId::out_of_range);
  REQUIRE(error_of([&] { (void)counts.crossbars(Policy(3, 0.5)); }) == ErrorId::shape_mismatch);
}
