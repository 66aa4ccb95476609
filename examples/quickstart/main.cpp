// Prunes Plain20 for 128x128 crossbars; run it in the repository's root.
//
//   quickstart              maps the network under the LAMP policy: no data, a moment
//   quickstart cifar10:DIR  searches and fine-tunes: minutes

#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

// [README]
void prune_plain20(const std::string& data_set) {  // "cifar10:DIR"
  nn::Network plain20 = nn::plain20();
  io::load_weights(plain20, "models/plain20-cifar10.safetensors");
  const study::Record found = study::auto_prune(
      plain20, io::read_dataset(data_set), cost::ou_preset("paper"),
      {.constraints = {.target_compression = 6.0, .counting = search::Counting::pooled},
       .search = {.episodes = 50},
       .fine_tune = {.train = {.epochs = 6}}});
  std::cout << found.placement.crossbars.compression_pooled() << " times fewer crossbars at "
            << found.pruned.top1 << " % top-1\n";
  io::save_network(found.network, "pruned.safetensors");
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
