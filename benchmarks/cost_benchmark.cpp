// The MNSIM-2.0 reference model of VGG16, and its costliest step beside the plain way.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "autoprune/cost.hpp"
#include "autoprune/nn.hpp"

namespace {

using namespace autoprune;

cost::MnsimHardware hardware_of(const benchmark::State& state) {
  cost::MnsimHardware hardware;
  hardware.xbar_rows = hardware.xbar_cols = state.range(0);
  return hardware;
}

/// Mapping, placement, area, power, energy, latency with and without a pipeline.
void mnsim_vgg16(benchmark::State& state) {
  const nn::Network network = nn::mnsim_vgg16();
  const cost::MnsimHardware hardware = hardware_of(state);
  for (auto _ : state) benchmark::DoNotOptimize(cost::mnsim_cost(network, hardware));
}
BENCHMARK(mnsim_vgg16)->Arg(64)->Arg(128)->Arg(256)->Unit(benchmark::kMillisecond);

struct Placed {
  std::vector<cost::MnsimLayer> layers = cost::mnsim_layers(nn::mnsim_vgg16());
  std::vector<cost::MnsimTiles> tiles;
  cost::MnsimMapping mapping;

  explicit Placed(const cost::MnsimHardware& hardware)
      : mapping(cost::mnsim_map(layers, hardware)) {
    for (const cost::MnsimLayerMap& map : mapping.layers)
      tiles.push_back({map.first_tile, map.tiles});
  }
};

void hops(benchmark::State& state) {
  const Placed placed(hardware_of(state));
  for (auto _ : state)
    benchmark::DoNotOptimize(cost::mnsim_hops(placed.layers, placed.tiles, placed.mapping.grid,
                                              cost::MnsimTileOrder::shells));
}
BENCHMARK(hops)->Arg(128)->Unit(benchmark::kMillisecond);

Index farthest(const std::vector<cost::MnsimPlace>& places, Index from, cost::MnsimTiles to) {
  Index most = 0;
  const cost::MnsimPlace& a = places[static_cast<std::size_t>(from)];
  for (Index t = to.first; t < to.first + to.count; ++t) {
    const cost::MnsimPlace& b = places[static_cast<std::size_t>(t)];
    most = std::max(most, std::abs(a.row - b.row) + std::abs(a.col - b.col));
  }
  return most;
}

/// Each tile against each tile of its own layer and of the next.
void hops_of_all_pairs(benchmark::State& state) {
  const Placed placed(hardware_of(state));
  for (auto _ : state) {
    const std::vector<cost::MnsimPlace> places =
        cost::mnsim_tile_places(placed.mapping.grid, cost::MnsimTileOrder::shells);
    for (std::size_t l = 0; l + 1 < placed.tiles.size(); ++l) {
      const cost::MnsimTiles own = placed.tiles[l];
      Index best = 1000;
      for (Index t = own.first; t < own.first + own.count; ++t)
        best = std::min(best, farthest(places, t, own) + farthest(places, t, placed.tiles[l + 1]));
      benchmark::DoNotOptimize(best);
    }
  }
}
BENCHMARK(hops_of_all_pairs)->Arg(128)->Unit(benchmark::kMillisecond);

}  // namespace
