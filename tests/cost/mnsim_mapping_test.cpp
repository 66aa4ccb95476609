// Layers to PEs and tiles, tiles to places, and distances, beside slow and plain references.

#include <set>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::cost;
using cost::test::equal;
using cost::test::hardware_of;
using cost::test::one_of;

namespace {

/// Blocks of a weight matrix of `channels` x `filters`, filled kernel by kernel.
struct Blocks {
  std::set<std::pair<Index, Index>> used;
  Index rows = 0, cols = 0;  ///< of the fullest

  Blocks(Index channels, Index window, Index filters, const MnsimHardware& h) {
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
    const MnsimHardware h = cost::test::random_hardware(random);
    const nn::Network network = cost::test::random_network(random);
    const std::vector<MnsimLayer> layers = mnsim_layers(network);
    const MnsimMapping mapping = mnsim_map(layers, h);
    const Index stored = h.sign_arrays == 2 ? 8 : 9;
    const Index needed = ceil_div(stored, h.cell_bits);
    const Index slices = h.bit_aware ? needed : stored;
    Index tiles = 0, pes = 0;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const MnsimLayer& layer = layers[l];
      const MnsimLayerMap& map = mapping.layers[l];
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
        CHECK(map.pes == (layer.kind == MnsimKind::pool ? 1 : 0));
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
  const MnsimMapping mapping = mnsim_map(mnsim_layers(network), hardware_of(128));
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
  const MnsimMapping mapping = mnsim_map(mnsim_layers(network), hardware_of(128));
  CHECK(mapping.accumulator_buffer_kib == (64.0 + 128.0) / 1024.0);  // 45 and 67.5 bytes
  CHECK(mapping.accumulator_adders == 20 + 30);
  CHECK(mapping.accumulator_bits == 9);
  CHECK(mapping.tiles == 4);
}

TEST_CASE("nodes that cost nothing are passed through", "[mnsim]") {
  nn::Network network({3, 8, 8});
  const Index image = network.relu("relu0");
  network.conv("a", {.out = 3, .kernel = 3, .padding = 1});
  network.batch_norm("bn");
  const Index a = network.relu("relu");
  const Index sum = network.add("sum", {a, image});
  network.max_pool("pool", {});
  network.flatten("flatten");
  network.dropout("dropout", 0.5);
  network.linear("last", 10);
  network.conv("side", {.out = 1}, sum);
  const std::vector<MnsimLayer> layers = mnsim_layers(network);
  REQUIRE(layers.size() == 5);
  CHECK(layers[0].inputs == std::vector<Index>{kMnsimImage});
  CHECK(layers[0].outputs == std::vector<Index>{1});
  CHECK(layers[1].inputs == std::vector<Index>{0, kMnsimImage});
  CHECK(layers[1].outputs == std::vector<Index>{2, 4});
  CHECK(layers[3].kind == MnsimKind::linear);
  CHECK(layers[3].in == nn::Shape3{48, 1, 1});
  CHECK(layers[3].inputs == std::vector<Index>{2});
  CHECK(layers[4].inputs == std::vector<Index>{1});
}

TEST_CASE("a branch reads what it was taken from, and a linear layer a whole map", "[mnsim]") {
  nn::Network network({3, 8, 6});
  const Index a = network.conv("a", {.out = 4, .kernel = 3, .padding = 1});
  network.conv("b", {.out = 5, .kernel = 1});
  network.relu("relu", a);
  network.conv("c", {.out = 2, .kernel = 1});
  network.linear("d", 7);
  const std::vector<MnsimLayer> layers = mnsim_layers(network);
  REQUIRE(layers.size() == 4);
  CHECK(layers[2].inputs == std::vector<Index>{0});
  CHECK(layers[0].outputs == std::vector<Index>{1, 2});
  CHECK(layers[3].in == nn::Shape3{2 * 8 * 6, 1, 1});
}

TEST_CASE("tiles fill the grid in the order that was asked for", "[mnsim]") {
  const auto places = [](MnsimTileOrder order, Index rows, Index cols) {
    std::vector<std::pair<Index, Index>> out;
    for (const MnsimPlace& p : mnsim_tile_places({rows, cols}, order))
      out.emplace_back(p.row, p.col);
    return out;
  };
  using Places = std::vector<std::pair<Index, Index>>;
  CHECK(places(MnsimTileOrder::row_major, 2, 2) == Places{{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  CHECK(places(MnsimTileOrder::snake, 2, 3) ==
        Places{{0, 0}, {0, 1}, {0, 2}, {1, 2}, {1, 1}, {1, 0}});
  CHECK(places(MnsimTileOrder::zigzag, 3, 3) ==
        Places{{0, 0}, {0, 1}, {1, 0}, {2, 0}, {1, 1}, {0, 2}, {1, 2}, {2, 1}, {2, 2}});
  CHECK(places(MnsimTileOrder::shells, 3, 3) ==
        Places{{0, 0}, {0, 1}, {1, 1}, {1, 0}, {2, 0}, {2, 1}, {2, 2}, {1, 2}, {0, 2}});
  for (Index order = 0; order < 4; ++order)
    for (const auto& [rows, cols] : Places{{1, 1}, {7, 7}, {5, 9}, {9, 5}}) {
      if (order == static_cast<Index>(MnsimTileOrder::shells) && rows != cols) continue;
      const Places all = places(static_cast<MnsimTileOrder>(order), rows, cols);
      CHECK(all.size() == static_cast<std::size_t>(rows * cols));
      CHECK(std::set(all.begin(), all.end()).size() == all.size());
    }
}

TEST_CASE("shells step from neighbour to neighbour", "[mnsim]") {
  const std::vector<MnsimPlace> all = mnsim_tile_places({64, 64}, MnsimTileOrder::shells);
  for (std::size_t i = 1; i < all.size(); ++i)
    CHECK(std::abs(all[i].row - all[i - 1].row) + std::abs(all[i].col - all[i - 1].col) == 1);
}

namespace {

Index distance(const MnsimPlace& a, const MnsimPlace& b) {
  return std::abs(a.row - b.row) + std::abs(a.col - b.col);
}

double farthest(const MnsimPlace& from, const std::vector<MnsimPlace>& places) {
  Index most = 0;
  for (const MnsimPlace& p : places) most = std::max(most, distance(from, p));
  return static_cast<double>(most);
}

}  // namespace

TEST_CASE("each layer collects where both ways are shortest", "[mnsim]") {
  Random random(2);
  for (int round = 0; round < 60; ++round) {
    MnsimHardware h = cost::test::random_hardware(random);
    if (h.grid_rows > 0 && h.tile_order != MnsimTileOrder::shells) h.grid_cols = 130;
    const std::vector<MnsimLayer> layers = mnsim_layers(cost::test::random_network(random));
    const MnsimMapping mapping = mnsim_map(layers, h);
    const std::vector<MnsimPlace> places = mnsim_tile_places(mapping.grid, h.tile_order);
    const auto tiles_of = [&](std::size_t l) {
      const MnsimLayerMap& map = mapping.layers[l];
      std::vector<MnsimPlace> own(places.begin() + map.first_tile,
                                  places.begin() + map.first_tile + map.tiles);
      std::sort(own.begin(), own.end());
      return own;
    };
    const auto accumulator = [&](const MnsimPlace& p) {
      return std::abs(static_cast<double>(p.row) - static_cast<double>(mapping.grid.rows) / 2.0) +
             static_cast<double>(p.col);
    };
    for (std::size_t l = 0; l < layers.size(); ++l) {
      INFO(layers[l].name);
      std::vector<MnsimPlace> readers;
      bool only_sums = !layers[l].outputs.empty();
      double sum_way = 0.0;
      for (const Index to : layers[l].outputs) {
        const std::vector<MnsimPlace> there = tiles_of(static_cast<std::size_t>(to));
        readers.insert(readers.end(), there.begin(), there.end());
        if (!there.empty()) sum_way = std::max(sum_way, accumulator(there.front()));
        only_sums = only_sums && there.empty();
      }
      MnsimHops best{0.0, 1e9};
      if (layers[l].kind == MnsimKind::sum) best = {0.0, sum_way};
      const std::vector<MnsimPlace> own = tiles_of(l);
      for (const MnsimPlace& p : own) {
        const MnsimHops here{farthest(p, own), only_sums ? accumulator(p) : farthest(p, readers)};
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
  MnsimHardware h = hardware_of(128);
  h.pes_per_tile = h.grid_rows = 1;
  h.grid_cols = 4096;
  h.tile_order = MnsimTileOrder::row_major;
  const auto first = [&] { return mnsim_map(mnsim_layers(network), h).layers[0]; };
  CHECK(first().tiles == 1600);
  CHECK(first().hops.merge + first().hops.transfer == 0.0);
  h.weight_bits = 5;  // 800 tiles: 799 to the farthest of its own, 4 to the next layer's
  CHECK(first().hops.merge + first().hops.transfer == 803.0);
}

TEST_CASE("the grid grows with the network, but not with bits per cell", "[mnsim]") {
  const nn::Network resnet = nn::make_network("mnsim-resnet18", {3, 32, 32});
  const std::vector<MnsimLayer> layers = mnsim_layers(resnet);
  CHECK(mnsim_map(layers, hardware_of(128)).grid.rows == 64);
  MnsimHardware h = hardware_of(64);
  CHECK(mnsim_map(layers, h).grid.rows == 128);
  h.cell_bits = 2;
  h.bit_aware = true;
  CHECK(mnsim_map(layers, h).tiles == 3424);
  CHECK(mnsim_map(layers, h).grid.cols == 128);
  h.grid_rows = h.grid_cols = 60;
  CHECK(mnsim_map(layers, h).grid.rows == 60);
}
