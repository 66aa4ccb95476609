// The MNSIM-2.0 reference model of VGG16, and its costliest step beside the plain way; the OU cost
// model of VGG16, as a search asks for it: count a mask's work and price it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "autoprune/cost.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/mnsim.hpp"
#include "autoprune/nn.hpp"

namespace {

using namespace autoprune;

mnsim::Hardware hardware_of(const benchmark::State& state) {
  mnsim::Hardware hardware;
  hardware.xbar_rows = hardware.xbar_cols = state.range(0);
  return hardware;
}

/// Mapping, placement, area, power, energy, latency with and without a pipeline.
void mnsim_vgg16(benchmark::State& state) {
  const nn::Network network = mnsim::vgg16();
  const mnsim::Hardware hardware = hardware_of(state);
  for (auto _ : state) benchmark::DoNotOptimize(mnsim::price(network, hardware));
}
BENCHMARK(mnsim_vgg16)->Arg(64)->Arg(128)->Arg(256)->Unit(benchmark::kMillisecond);

struct Placed {
  std::vector<cost::GraphLayer> layers = cost::layer_graph(mnsim::vgg16());
  std::vector<mnsim::Tiles> tiles;
  mnsim::Mapping mapping;

  explicit Placed(const mnsim::Hardware& hardware) : mapping(mnsim::map_network(layers, hardware)) {
    for (const mnsim::LayerMap& map : mapping.layers) tiles.push_back({map.first_tile, map.tiles});
  }
};

void hops(benchmark::State& state) {
  const Placed placed(hardware_of(state));
  for (auto _ : state)
    benchmark::DoNotOptimize(mnsim::count_hops(placed.layers, placed.tiles, placed.mapping.grid,
                                               mnsim::TileOrder::shells));
}
BENCHMARK(hops)->Arg(128)->Unit(benchmark::kMillisecond);

Index farthest(const std::vector<mnsim::Place>& places, Index from, mnsim::Tiles to) {
  Index most = 0;
  const mnsim::Place& a = places[static_cast<std::size_t>(from)];
  for (Index t = to.first; t < to.first + to.count; ++t) {
    const mnsim::Place& b = places[static_cast<std::size_t>(t)];
    most = std::max(most, std::abs(a.row - b.row) + std::abs(a.col - b.col));
  }
  return most;
}

/// Each tile against each tile of its own layer and of the next.
void hops_of_all_pairs(benchmark::State& state) {
  const Placed placed(hardware_of(state));
  for (auto _ : state) {
    const std::vector<mnsim::Place> places =
        mnsim::tile_places(placed.mapping.grid, mnsim::TileOrder::shells);
    for (std::size_t l = 0; l + 1 < placed.tiles.size(); ++l) {
      const mnsim::Tiles own = placed.tiles[l];
      Index best = 1000;
      for (Index t = own.first; t < own.first + own.count; ++t)
        best = std::min(best, farthest(places, t, own) + farthest(places, t, placed.tiles[l + 1]));
      benchmark::DoNotOptimize(best);
    }
  }
}
BENCHMARK(hops_of_all_pairs)->Arg(128)->Unit(benchmark::kMillisecond);

const cost::OuModel& ou_vgg16() {
  static const cost::OuModel model(nn::make_network("vgg16", {3, 32, 32}),
                                   cost::ou_preset("paper"));
  return model;
}

/// A tenth of the column-vectors, everywhere.
std::vector<mapping::Placement> pruned_vgg16() {
  const mapping::CrossbarMapper<PaperGeometry> mapper;
  std::vector<mapping::Placement> layers;
  for (const cost::LayerShape& shape : ou_vgg16().shapes()) {
    PruneMask mask(shape.rows, shape.filters, 32, false);
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = g % 10; c < shape.filters; c += 10) mask.set(g, c, true);
    layers.push_back(mapper.map(mask));
  }
  return layers;
}

void ou_vgg16_dense(benchmark::State& state) {
  const cost::OuModel& model = ou_vgg16();
  for (auto _ : state) benchmark::DoNotOptimize(model.price_dense());
}
BENCHMARK(ou_vgg16_dense)->Unit(benchmark::kMillisecond);

void ou_vgg16_pruned(benchmark::State& state) {
  const std::vector<mapping::Placement> layers = pruned_vgg16();
  for (auto _ : state) benchmark::DoNotOptimize(ou_vgg16().price(layers));
}
BENCHMARK(ou_vgg16_pruned)->Unit(benchmark::kMillisecond);

/// The counts alone, weight by weight: what grouping by OUs saves.
void ou_vgg16_counted_by_weights(benchmark::State& state) {
  const std::vector<mapping::Placement> layers = pruned_vgg16();
  for (auto _ : state) {
    Index cells = 0;
    for (const mapping::Placement& layer : layers)
      for (Index i = 0; i < layer.ous.size(); ++i)
        for (const std::int32_t row : layer.ous[i].rows)
          for (const std::int32_t column : layer.ous[i].columns)
            cells += row >= 0 && column >= 0 ? 1 : 0;
    benchmark::DoNotOptimize(cells);
  }
}
BENCHMARK(ou_vgg16_counted_by_weights)->Unit(benchmark::kMillisecond);

}  // namespace
