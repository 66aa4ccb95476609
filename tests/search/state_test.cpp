#include "autoprune/search/state.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

nn::Network three_layers() {
  nn::Network n({3, 8, 8});
  n.conv("a", {.out = 8, .kernel = 3, .stride = 2, .padding = 1});  // 27 x 8 on 8x8
  n.relu("r");
  n.conv("b", {.out = 200, .kernel = 1});  // 8 x 200 on 4x4
  n.flatten("f");
  n.linear("c", 10);  // 3200 x 10
  return n;
}

StateTable table_of(const nn::Network& network) {
  const Compressor compressor = Compressor(PaperGeometry{}, prune::ColumnVectorPruner<32>{});
  const std::vector<Ranking> layers = compressor.rank(network);
  const Policy everything(layers.size(), 1.0);
  return {network, compressor.count(Compressor::masks(layers, everything))};
}

void require_state(const State& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("feature " << i);
    REQUIRE(double{got[i]} == Approx(expected[i]).margin(1e-7));
  }
}

}  // namespace

TEST_CASE("the twelve features of three layers, by hand") {
  const StateTable table = table_of(three_layers());
  REQUIRE(table.layers() == 3);
  // Crossbars, with eight bit planes and a sign pair: 16, 32 and 25 * 16 = 400; 448 together.
  //                             k    t  inc       outc      ks h       w       s    xb
  require_state(table.at(0, 0, 1),
                {0.0, 1, 0.0, 0.0, 1, 1.0, 1.0, 1.0, 0.0, 0.0, 432.0 / 448, 1.0});
  require_state(table.at(1, 12, 0.25), {0.5, 1, 5.0 / 3197, 1.0, 0, 3.0 / 7, 3.0 / 7, 0.5,
                                        16.0 / 384, 12.0 / 448, 400.0 / 448, 0.25});
  require_state(table.at(2, 40, 0.5),
                {1.0, 0, 1.0, 2.0 / 192, 0, 0.0, 0.0, 0.0, 1.0, 40.0 / 448, 0.0, 0.5});
}

TEST_CASE("a feature of one axis is that axis's") {
  nn::Network n({2, 12, 20});
  n.conv("a", {.out = 4, .kernel = {3, 1}, .stride = {2, 1}});  // on 12 x 20, to 5 x 20
  n.conv("b", {.out = 4, .kernel = {1, 7}, .stride = {1, 2}});  // on 5 x 20, to 5 x 7
  n.conv("c", {.out = 4, .kernel = {3, 5}, .stride = {3, 1}});  // on 5 x 7
  const StateTable table = table_of(n);
  const auto feature = [&](Index k, std::size_t i) { return double{table.at(k, 0.0, 1.0)[i]}; };
  const std::vector<std::vector<double>> expected = {
      {0.0, 4.0 / 12, 1.0},  // weights of a kernel: 3, 7, 15
      {1.0, 0.0, 0.0},       // heights: 12, 5, 5
      {1.0, 1.0, 0.0},       // widths: 20, 20, 7
      {0.5, 0.0, 1.0}};      // vertical strides: 2, 1, 3
  for (std::size_t i = 0; i < expected.size(); ++i)
    for (Index k = 0; k < 3; ++k)
      REQUIRE(feature(k, 4 + i) == Approx(expected[i][static_cast<std::size_t>(k)]).margin(1e-7));
}

TEST_CASE("every feature of every layer of the zoo is in [0, 1]") {
  for (const char* name : {"lenet5", "plain20", "vgg16"}) {
    const nn::Network network = nn::make_network(name, {3, 32, 32});
    const StateTable table = table_of(network);
    REQUIRE(table.layers() == static_cast<Index>(network.matrix_layers().size()));
    for (Index k = 0; k < table.layers(); ++k)
      for (const float feature : table.at(k, 0.0, 1.0)) {
        REQUIRE(feature >= 0.0F);
        REQUIRE(feature <= 1.0F);
      }
  }
}

TEST_CASE("a feature that is the same for all layers is 0, and so are those of a single layer") {
  nn::Network network({4, 1, 1});
  network.linear("only", 4);
  require_state(table_of(network).at(0, 0.0, 1.0), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.0});
}
