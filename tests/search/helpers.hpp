// A small trained network, its data and its hardware for the tests of the room.
#pragma once

#include <string>
#include <vector>

#include "../nn/helpers.hpp"
#include "autoprune/search.hpp"

namespace autoprune::search::test {

/// Eight OUs a crossbar, so that small layers have many.
using SmallGeometry = Geometry<16, 16, 8, 4, 1>;
using SmallPruner = prune::ColumnVectorPruner<8>;

/// Weight matrices of 9x8, 72x16, 144x16 and 64x4: 4 + 36 + 72 + 8 OUs, 1 + 5 + 9 + 4 crossbars in
/// each of 16 arrays.
inline nn::Network small_network(std::uint64_t seed = 1) {
  nn::Network n({1, 8, 8});
  const auto block = [&](const std::string& name, Index out, Index stride) {
    n.conv(name, {.out = out, .kernel = 3, .stride = stride, .padding = 1});
    return n.batch_norm(name + "_norm");
  };
  block("c1", 8, 1);
  n.relu("r1");
  block("c2", 16, 2);
  const Index shortcut = n.relu("r2");
  const Index residual = block("c3", 16, 1);
  n.add("sum", {shortcut, residual});
  n.relu("r3");
  n.max_pool("pool", {.kernel = 2});
  n.flatten("flat");
  n.linear("fc", 4);
  n.initialise(seed);
  return n;
}

/// Few and noisy, so that pruning costs accuracy.
inline const nn::Dataset& images() {
  static const nn::Dataset data = nn::test::quarters(384, 7);
  return data;
}

/// small_network() after three epochs on the first 256 images.
inline const nn::Network& trained() {
  static const nn::Network network = [] {
    nn::Network n = small_network();
    ThreadPool pool(1);
    nn::TrainConfig config;
    config.epochs = 3;
    config.batch = 32;
    config.augment = false;
    nn::Trainer trainer(n, images(), nn::range(0, 256), config, pool);
    while (!trainer.done()) trainer.run_epoch();
    return n;
  }();
  return network;
}

inline EnvironmentImages environment_images(ThreadPool& pool) {
  return {nn::load_batches(images(), nn::range(0, 96), pool, 48),
          nn::load_batches(images(), nn::range(256, 384), pool, 64)};
}

inline Compressor small_compressor(OuSelection selection = OuSelection::best,
                                   const hardware::WeightCode& options = {},
                                   prune::RowGrouping rows = prune::RowGrouping::neighbours) {
  return Compressor(SmallGeometry{}, SmallPruner{}, options, selection, rows);
}

inline Constraints target(double compression, Counting counting = Counting::pooled) {
  Constraints constraints;
  constraints.target_compression = compression;
  constraints.counting = counting;
  return constraints;
}

inline Policy random_policy(Random& random, std::size_t layers) {
  Policy policy;
  for (std::size_t k = 0; k < layers; ++k) policy.push_back(random.uniform(0.01, 1.0));
  return policy;
}

/// Every parameter but the statistics that recalibration sets.
inline std::vector<float> learned(const nn::Network& network) {
  std::vector<float> all;
  for (const auto& [name, tensor] : network.parameters())
    if (name.find("running_") == std::string::npos)
      all.insert(all.end(), tensor->begin(), tensor->end());
  return all;
}

/// Everything that a network consists of.
inline std::vector<float> everything(const nn::Network& network) {
  std::vector<float> all;
  for (const auto& [name, tensor] : network.parameters())
    all.insert(all.end(), tensor->begin(), tensor->end());
  return all;
}

}  // namespace autoprune::search::test
