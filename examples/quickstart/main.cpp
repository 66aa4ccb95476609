// Prunes Plain20 for 128x128 crossbars; run it in the repository's root.
//
//   quickstart              maps the network under the LAMP policy: no data, a moment
//   quickstart cifar10:DIR  searches and fine-tunes: minutes

#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

// [README]
void prune_plain20(const std::string& data_set) {
  ThreadPool pool;
  const io::Datasets data = io::read_dataset(data_set);  // "cifar10:DIR"
  const nn::Split images = nn::split(data.train, 5000);
  nn::Network dense = nn::plain20();
  io::load_weights(dense, "models/plain20-cifar10.safetensors");

  const auto hardware = search::Compressor(PaperGeometry{}, prune::ColumnVectorPruner(32));
  const search::Constraints target{.target_compression = 6.0, .counting = search::Counting::pooled};
  const search::EnvironmentImages measured{
      .calibration = nn::load_batches(data.train, nn::range(0, 512), pool),
      .held_out = nn::load_batches(data.train, images.held_out, pool)};
  search::PruningEnvironment environment(dense, hardware, measured, target, pool);
  search::Search found(environment, {.episodes = 50});
  while (!found.done()) found.run_episode();

  nn::Network pruned = dense;
  search::FineTuner tuner(pruned, data.train, images.train, found.best_outcome().policy, target,
                          hardware, {.train = {.epochs = 6}}, pool, &dense);
  while (!tuner.done()) tuner.run_epoch();
  const auto accuracy = nn::evaluate(tuner.trainer().session(), data.test, nn::range(0, 10000));
  std::cout << hardware.count(tuner.masks()).crossbars.compression_pooled()
            << " times fewer crossbars at " << accuracy.top1 << " % top-1\n";
  tuner.erase_pruned();
  io::save_network(pruned, "pruned.safetensors");
}
// [README]

/// What can be said without data: the crossbars of a heuristic policy.
void map_plain20() {
  nn::Network network = nn::plain20();
  io::load_weights(network, "models/plain20-cifar10.safetensors");
  const auto hardware = search::Compressor(PaperGeometry{}, prune::ColumnVectorPruner(32));
  const std::vector<search::Ranking> layers = hardware.rank(network);
  for (const double keep : {1.0, 0.5, 0.25, 0.125}) {
    const auto lamp = search::heuristic(search::Origin::lamp, layers, keep);
    const auto mapping = hardware.map(search::Compressor::masks(layers, lamp.policy));
    const mapping::CrossbarCount& count = mapping.crossbars;
    Index index_bits = 0;
    for (const mapping::Placement& layer : mapping.layers) index_bits += layer.index_bits();
    std::cout << "LAMP keeps " << 100.0 * keep << " %: crossbars " << count.dense << " -> "
              << count.per_layer << " per layer, " << count.pooled << " pooled; index "
              << index_bits << " bits\n";
  }
}

int main(int argc, char** argv) {
  try {
    argc > 1 ? prune_plain20(argv[1]) : map_plain20();
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
