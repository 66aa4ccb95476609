// The worked example of docs/concepts.md.
#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

/// Filters x inputs: the document's matrix, transposed.
nn::Network layer() {
  nn::Network network({6, 1, 1});
  network.linear("layer", 4, /*bias=*/false);
  const float filters[4][6] = {
      {10, -8, 4, 2, 1, 1}, {2, 0, -5, -7, 0, -2}, {-7, 9, 3, 1, -2, 2}, {1, -3, 6, -4, 1, -1}};
  std::copy_n(&filters[0][0], 24, network.node(1).weight.data());
  return network;
}

std::vector<int> row(const prune::Scores& scores, Index group) {
  return {scores.row(group).begin(), scores.row(group).end()};
}

}  // namespace

TEST_CASE("the worked example of the concepts") {
  using Pruner = prune::ColumnVectorPruner<2>;
  const Compressor compressor = Compressor(Geometry<4, 4, 2, 2, 1>{}, Pruner{});
  const std::vector<Ranking> ranking = compressor.rank(layer());

  const prune::Scores& vectors = ranking[0].vectors;
  REQUIRE(row(vectors, 0) == std::vector{9, 1, 8, 2});
  REQUIRE(row(vectors, 1) == std::vector{3, 6, 2, 5});
  REQUIRE(row(vectors, 2) == std::vector{1, 1, 2, 1});
  REQUIRE(row(ranking[0].ous, 0) == std::vector{17, 3});
  REQUIRE(row(ranking[0].ous, 1) == std::vector{11, 5});
  REQUIRE(row(ranking[0].ous, 2) == std::vector{3, 2});

  const std::vector<PruneMask> masks = {ranking[0].mask(0.5)};
  REQUIRE(masks[0].kept_columns(0) == std::vector<Index>{0, 2});
  REQUIRE(masks[0].kept_columns(1) == std::vector<Index>{0, 1, 2, 3});
  REQUIRE(masks[0].kept_columns(2).empty());
  const PruneMask single = prune::keep_best(vectors, 6, 2, 0.5);
  REQUIRE(compressor.count(0, single).ous == 4);

  const mapping::NetworkPlacement mapping = compressor.map(masks);
  const mapping::Placement& mapped = mapping.layers[0];
  REQUIRE(mapped.ous.size() == 3);
  const std::vector<std::vector<std::int32_t>> columns = {{0, 2}, {0, 1}, {2, 3}};
  const mapping::Place places[] = {{0, 0, 0}, {0, 2, 0}, {0, 0, 2}};
  for (Index i = 0; i < 3; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const mapping::Ou ou = mapped.ous[i];
    REQUIRE(ou.input_set == (i == 0 ? 0 : 1));
    REQUIRE(std::vector<std::int32_t>(ou.columns.begin(), ou.columns.end()) == columns[k]);
    REQUIRE(ou.place == places[k]);
  }
  REQUIRE(mapped.index_sizes == mapping::IndexSizes{{24, 11, 13, 32}});
  REQUIRE(mapping.crossbars.dense == 32);
  REQUIRE(mapping.crossbars.per_layer == 16);
  REQUIRE(mapping.crossbars.compression_pooled() == 2.0);
}
