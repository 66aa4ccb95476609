// Layers to PEs and tiles, tiles to places, and distances, beside slow and plain references.

#include <set>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;
using cost::test::equal;
using cost::test::one_of;
using mnsim::test::hardware_of;

namespace {

/// Blocks of a weight matrix of `channels` x `filters`, filled kernel by kernel.
struct Blocks {
  std::set<std::pair<Index, Index>> used;
  Index rows = 0, cols = 0;  ///< of the fullest

  Blocks(Index channels, Index window, Index filters, const Hardware& h) {
    Index row_block = 0, row = 0;
    for (Index channel = 0; channel < channels; ++channel) {
      if (row + window > h.xbar_rows) {
        ++row_block;
        row = 0;
      }
      row += window;
      rows = std::max(rows, row);
      for (Index f = 0; f < filters; ++f) {
        used.insert({row_block, f / h.xbar_cols});
        cols = std::max(cols, f % h.xbar_cols + 1);
      }
    }
  }
};

}  // namespace

TEST_CASE("layers take the PEs that whole kernels, slices and signs need", "[mnsim]") {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    const Hardware h = mnsim::test::random_hardware(random);
    const nn::Network network = cost::test::random_network(random);
    const std::vector<cost::GraphLayer> layers = cost::layer_graph(network);
    const Mapping mapping = map_network(layers, h);
    const Index stored = h.sign_arrays == 2 ? 8 : 9;
    const Index needed = ceil_div(stored, h.cell_bits);
    const Index slices = h.bit_aware ? needed : stored;
    Index tiles = 0, pes = 0;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const cost::GraphLayer& layer = layers[l];
      const LayerMap& map = mapping.layers[l];
      INFO(layer.name);
      CHECK(map.first_tile == tiles);
      if (layer.has_matrix()) {
        const Blocks blocks(layer.in.channels, layer.kernel.h * layer.kernel.w, layer.out.channels,
                            h);
        const auto count = static_cast<Index>(blocks.used.size());
        CHECK(map.pes == count * ceil_div(slices, h.groups));
        CHECK(map.arrays == map.pes * h.sign_arrays);
        CHECK(map.arrays_needed == count * needed * h.sign_arrays);
        CHECK(map.used_rows == blocks.rows);
        CHECK(map.used_cols == blocks.cols);
        CHECK(map.used_groups == std::min(slices, h.groups));
        pes += map.pes;
      } else {
        CHECK(map.pes == (layer.kind == cost::LayerKind::pool ? 1 : 0));
      }
      CHECK(map.tiles * h.pes_per_tile >= map.pes);
      CHECK((map.tiles - 1) * h.pes_per_tile < map.pes);
      CHECK(map.tile_pes == std::min(map.pes, h.pes_per_tile));
      tiles += map.tiles;
    }
    CHECK(mapping.tiles == tiles);
    CHECK(mapping.pes == pes);
  }
}

TEST_CASE("one size of buffer serves the layer that needs most", "[mnsim]") {
  nn::Network network({10, 20, 40});
  network.conv("a", {.out = 50, .kernel = {3, 4}});  // 10 x 3 lines of 40 numbers in 8 PEs
  network.conv("b", {.out = 300, .kernel = 1});
  const Mapping mapping = map_network(cost::layer_graph(network), hardware_of(128));
  CHECK(mapping.layers[0].pes == 8);
  // 1200 x 9 / 8 / 8 = 168.8 bytes against 50 x 37 x 9 / 8 / 24 = 86.7
  CHECK(mapping.input_buffer_kib == 256.0 / 1024.0);
  // 2 x 50 x 9 / 8 / 2 = 56.3 bytes against 2 x 300 x 9 / 8 / 6 = 112.5
  CHECK(mapping.output_buffer_kib == 128.0 / 1024.0);
  CHECK(mapping.accumulator_buffer_kib == 0.0);
}

TEST_CASE("each residual sum adds to the accumulator", "[mnsim]") {
  nn::Network network({16, 8, 8});
  const Index a = network.conv("a", {.out = 20, .kernel = 1});
  const Index b = network.conv("b", {.out = 20, .kernel = 1});
  const Index c = network.add("c", {a, b});
  network.add("d", {a, b, c});
  const Mapping mapping = map_network(cost::layer_graph(network), hardware_of(128));
  CHECK(mapping.accumulator_buffer_kib == (64.0 + 128.0) / 1024.0);  // 45 and 67.5 bytes
  CHECK(mapping.accumulator_adders == 20 + 30);
  CHECK(mapping.accumulator_bits == 9);
  CHECK(mapping.tiles == 4);
}

TEST_CASE("tiles fill the grid in the order that was asked for", "[mnsim]") {
  const auto places = [](TileOrder order, Index rows, Index cols) {
    std::vector<std::pair<Index, Index>> out;
    for (const Place& p : tile_places({rows, cols}, order)) out.emplace_back(p.row, p.col);
    return out;
  };
  using Places = std::vector<std::pair<Index, Index>>;
  CHECK(places(TileOrder::row_major, 2, 2) == Places{{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  CHECK(places(TileOrder::snake, 2, 3) == Places{{0, 0}, {0, 1}, {0, 2}, {1, 2}, {1, 1}, {1, 0}});
  CHECK(places(TileOrder::zigzag, 3, 3) ==
        Places{{0, 0}, {0, 1}, {1, 0}, {2, 0}, {1, 1}, {0, 2}, {1, 2}, {2, 1}, {2, 2}});
  CHECK(places(TileOrder::shells, 3, 3) ==
        Places{{0, 0}, {0, 1}, {1, 1}, {1, 0}, {2, 0}, {2, 1}, {2, 2}, {1, 2}, {0, 2}});
  for (Index order = 0; order < 4; ++order)
    for (const auto& [rows, cols] : Places{{1, 1}, {7, 7}, {5, 9}, {9, 5}}) {
      if (order == static_cast<Index>(TileOrder::shells) && rows != cols) continue;
      const Places all = places(static_cast<TileOrder>(order), rows, cols);
      CHECK(all.size() == static_cast<std::size_t>(rows * cols));
      CHECK(std::set(all.begin(), all.end()).size() == all.size());
    }
}

TEST_CASE("shells step from neighbour to neighbour", "[mnsim]") {
  const std::vector<Place> all = tile_places({64, 64}, TileOrder::shells);
  for (std::size_t i = 1; i < all.size(); ++i)
    CHECK(std::abs(all[i].row - all[i - 1].row) + std::abs(all[i].col - all[i - 1].col) == 1);
}

namespace {

Index distance(const Place& a, const Place& b) {
  return std::abs(a.row - b.row) + std::abs(a.col - b.col);
}

double farthest(const Place& from, const std::vector<Place>& places) {
  Index most = 0;
  for (const Place& p : places) most = std::max(most, distance(from, p));
  return static_cast<double>(most);
}

}  // namespace

TEST_CASE("each layer collects where both ways are shortest", "[mnsim]") {
  Random random(2);
  for (int round = 0; round < 60; ++round) {
    Hardware h = mnsim::test::random_hardware(random);
    if (h.grid_rows > 0 && h.tile_order != TileOrder::shells) h.grid_cols = 130;
    const std::vector<cost::GraphLayer> layers =
        cost::layer_graph(cost::test::random_network(random));
    const Mapping mapping = map_network(layers, h);
    const std::vector<Place> places = tile_places(mapping.grid, h.tile_order);
    const auto tiles_of = [&](std::size_t l) {
      const LayerMap& map = mapping.layers[l];
      std::vector<Place> own(places.begin() + map.first_tile,
                             places.begin() + map.first_tile + map.tiles);
      std::sort(own.begin(), own.end());
      return own;
    };
    const auto accumulator = [&](const Place& p) {
      return std::abs(static_cast<double>(p.row) - static_cast<double>(mapping.grid.rows) / 2.0) +
             static_cast<double>(p.col);
    };
    for (std::size_t l = 0; l < layers.size(); ++l) {
      INFO(layers[l].name);
      std::vector<Place> readers;
      bool only_sums = !layers[l].outputs.empty();
      double sum_way = 0.0;
      for (const Index to : layers[l].outputs) {
        const std::vector<Place> there = tiles_of(static_cast<std::size_t>(to));
        readers.insert(readers.end(), there.begin(), there.end());
        if (!there.empty()) sum_way = std::max(sum_way, accumulator(there.front()));
        only_sums = only_sums && there.empty();
      }
      Hops best{0.0, 1e9};
      if (layers[l].kind == cost::LayerKind::sum) best = {0.0, sum_way};
      const std::vector<Place> own = tiles_of(l);
      for (const Place& p : own) {
        const Hops here{farthest(p, own), only_sums ? accumulator(p) : farthest(p, readers)};
        if (here.merge + here.transfer < best.merge + best.transfer) best = here;
      }
      CHECK(mapping.layers[l].hops.merge == best.merge);
      CHECK(mapping.layers[l].hops.transfer == best.transfer);
    }
  }
}

TEST_CASE("ways of a thousand hops aren't found", "[mnsim]") {
  nn::Network network({128 * 200, 1, 1});
  network.linear("a", 10);  // 1,600 tiles in a row
  network.linear("b", 10);
  Hardware h = hardware_of(128);
  h.pes_per_tile = h.grid_rows = 1;
  h.grid_cols = 4096;
  h.tile_order = TileOrder::row_major;
  const auto first = [&] { return map_network(cost::layer_graph(network), h).layers[0]; };
  CHECK(first().tiles == 1600);
  CHECK(first().hops.merge + first().hops.transfer == 0.0);
  h.weight_bits = 5;  // 800 tiles: 799 to the farthest of its own, 4 to the next layer's
  CHECK(first().hops.merge + first().hops.transfer == 803.0);
}

TEST_CASE("the grid grows with the network, but not with bits per cell", "[mnsim]") {
  const nn::Network resnet = resnet18();
  const std::vector<cost::GraphLayer> layers = cost::layer_graph(resnet);
  CHECK(map_network(layers, hardware_of(128)).grid.rows == 64);
  Hardware h = hardware_of(64);
  CHECK(map_network(layers, h).grid.rows == 128);
  h.cell_bits = 2;
  h.bit_aware = true;
  CHECK(map_network(layers, h).tiles == 3424);
  CHECK(map_network(layers, h).grid.cols == 128);
  h.grid_rows = h.grid_cols = 60;
  CHECK(map_network(layers, h).grid.rows == 60);
}
