#include "autoprune/search/compressor.hpp"

#include <catch2/catch.hpp>

#include "../search/helpers.hpp"
#include "autoprune/prune/zero_mask.hpp"
#include "autoprune/search/environment.hpp"
#include "autoprune/search/fine_tune.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

using Geom = Geometry<64, 64, 16, 8, 2>;
using Pruner = prune::ColumnVectorPruner<16, prune::L2>;

/// Layers of random sizes, one behind the other.
nn::Network random_network(Random& random, std::uint64_t seed) {
  nn::Network n({1 + random.below(12), 8, 8});
  for (const char* name : {"a", "b", "c"})
    n.conv(name, {.out = 1 + random.below(40), .kernel = 1 + random.below(3)});
  n.linear("d", 1 + random.below(60));
  n.initialise(seed);
  return n;
}

/// What the library's parts make of one layer.
PruneMask by_parts(ConstMatrixView weights, double keep, Index ou_cols, OuSelection selection) {
  const prune::Scores scores = Pruner{}.scores(weights);
  if (selection == OuSelection::best)
    return prune::OuRanking(scores, weights.cols(), 16, ou_cols).keep(keep);
  const PruneMask best = prune::keep_best(scores, weights.cols(), 16, keep);
  if (selection == OuSelection::part_filled) return best;
  return prune::round_to_ous(
      best, scores, ou_cols,
      selection == OuSelection::refill ? prune::OuRounding::refill : prune::OuRounding::nearest);
}

}  // namespace

TEST_CASE("masks and counts are those of pruner and mapper") {
  Random random(51);
  for (int trial = 0; trial < 40; ++trial) {
    const nn::Network network = random_network(random, static_cast<std::uint64_t>(trial));
    const auto selection = static_cast<OuSelection>(random.below(4));
    hardware::WeightCode options;
    options.layout =
        random.below(2) == 0 ? hardware::BitPlanes::apart : hardware::BitPlanes::adjacent;
    options.sign =
        random.below(2) == 0 ? hardware::SignEncoding::pair : hardware::SignEncoding::offset;
    options.weight_bits = options.sign == hardware::SignEncoding::pair ? 8 : 7;  // 4 slices each
    const mapping::CrossbarMapper<Geom> mapper(options);
    const Compressor compressor = Compressor(Geom{}, Pruner{}, options, selection);
    REQUIRE(compressor.arrays() == mapper.arrays());
    REQUIRE(compressor.geometry() == Geom{});
    REQUIRE(compressor.granularity() == 16);

    const std::vector<Ranking> layers = compressor.rank(network);
    const Policy policy = search::test::random_policy(random, layers.size());
    const std::vector<PruneMask> masks = Compressor::masks(layers, policy);
    const std::vector<Index> nodes = network.matrix_layers();
    REQUIRE(masks.size() == nodes.size());
    for (std::size_t k = 0; k < masks.size(); ++k) {
      const ConstMatrixView weights = weight_matrix(network.node(nodes[k]).weight);
      REQUIRE(masks[k] == by_parts(weights, policy[k].keep, mapper.columns_per_ou(), selection));
      REQUIRE(compressor.count(static_cast<Index>(k), masks[k]).crossbars ==
              mapper.count(masks[k]).crossbars);
    }
    const mapping::NetworkCount count = compressor.count(masks);
    const mapping::NetworkPlacement map = compressor.map(masks);
    for (const mapping::CrossbarCount& c : {count.crossbars, map.crossbars}) {
      REQUIRE(c.dense == mapper.count(masks).crossbars.dense);
      REQUIRE(c.per_layer == mapper.count(masks).crossbars.per_layer);
      REQUIRE(c.pooled == mapper.count(masks).crossbars.pooled);
    }
  }
}

TEST_CASE("a ranking outlives the network that it was made of") {
  std::vector<Ranking> layers;
  PruneMask before;
  {
    const nn::Network network = search::test::small_network(3);
    layers = search::test::small_compressor().rank(network);
    before = layers[2].mask(0.4);
  }
  REQUIRE(layers[2].mask(0.4) == before);
}

TEST_CASE("a policy has one keep ratio in (0, 1] a layer") {
  const std::vector<Ranking> layers =
      search::test::small_compressor().rank(search::test::small_network());
  for (const Policy& policy : {Policy{}, Policy(3, 0.5), Policy(5, 0.5)})
    REQUIRE(error_of([&] { (void)Compressor::masks(layers, policy); }) == ErrorId::shape_mismatch);
  for (const double keep : {0.0, -1.0, 1.01, std::nan("")})
    REQUIRE(error_of([&] { (void)Compressor::masks(layers, Policy(4, keep)); }) ==
            ErrorId::out_of_range);
}

TEST_CASE("a granularity that doesn't divide the crossbar is refused at once") {
  REQUIRE(error_of([] { (void)Compressor(PaperGeometry{}, prune::ColumnVectorPruner<24>{}); }) ==
          ErrorId::mask_mismatch);
}

TEST_CASE("an OU's index is its row group, its filters and, where rows are gathered, their names") {
  for (const auto rows : {prune::RowGrouping::neighbours, prune::RowGrouping::gathered}) {
    const Compressor compressor = search::test::small_compressor(OuSelection::best, {}, rows);
    const std::vector<PruneMask> masks =
        Compressor::masks(compressor.rank(search::test::trained()), Policy(4, 0.2));
    const auto routed = compressor.map(masks).layers;
    for (std::size_t k = 0; k < masks.size(); ++k) {
      Index named = 0, ous = 0;
      for (Index g = 0; g < masks[k].groups(); ++g)
        if (masks[k].kept_count(g) > 0) {
          named += masks[k].row_end(g) - masks[k].row_begin(g);
          ous += ceil_div(masks[k].kept_count(g), 4);
        }
      REQUIRE(routed[k].index_entries ==
              ous + masks[k].kept_count() + (rows == prune::RowGrouping::gathered ? named : 0));
    }
  }
}

TEST_CASE("rows are gathered for OUs as wide as the hardware's") {
  const std::vector<Ranking> layers =
      search::test::small_compressor(OuSelection::best, {}, prune::RowGrouping::gathered)
          .rank(search::test::trained());
  const std::vector<Index> nodes = search::test::trained().matrix_layers();
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const ConstMatrixView w = weight_matrix(search::test::trained().node(nodes[k]).weight);
    REQUIRE(*layers[k].mask(0.5).order() == prune::gather_rows(w, 8, 4));
  }
  const ConstMatrixView w = weight_matrix(search::test::trained().node(nodes[2]).weight);
  REQUIRE(prune::gather_rows(w, 8, 4) != prune::gather_rows(w, 8, 8));
}

TEST_CASE("gathered row groups keep more in as many OUs, through search and fine-tuning") {
  ThreadPool pool(1);
  const Compressor plain = search::test::small_compressor();
  const Compressor gathered =
      search::test::small_compressor(OuSelection::best, {}, prune::RowGrouping::gathered);
  const std::vector<Ranking> a = plain.rank(search::test::trained()),
                             b = gathered.rank(search::test::trained());
  const std::vector<Index> nodes = search::test::trained().matrix_layers();
  const auto kept = [&](const PruneMask& mask, std::size_t k) {
    const ConstMatrixView w = weight_matrix(search::test::trained().node(nodes[k]).weight);
    float sum = 0.0F;
    for (Index i = 0; i < mask.rows(); ++i)
      for (Index c = 0; c < mask.cols(); ++c)
        if (mask.kept(i / mask.granularity(), c)) sum += std::abs(w(c, mask.row(i)));
    return sum;
  };
  float more = 0.0F;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const PruneMask x = a[k].mask(0.3), y = b[k].mask(0.3);
    REQUIRE(gathered.count(0, y).ous == plain.count(0, x).ous);
    more += kept(y, k) - kept(x, k);
    REQUIRE(b[k].mask(1.0).keep_ratio() == 1.0);
  }
  REQUIRE(more > 0.0F);

  const Constraints constraints = search::test::target(2.0);
  PruningEnvironment<> environment(search::test::trained(), gathered,
                                   search::test::environment_images(pool), constraints, pool);
  const Outcome outcome = environment.evaluate(Policy(nodes.size(), 0.4));
  nn::Network network = search::test::trained();
  FineTuneConfig tune;
  tune.train.epochs = 2;
  tune.train.batch = 32;
  tune.train.augment = false;
  FineTuner tuner(network, search::test::images(), nn::range(0, 256), outcome.policy, constraints,
                  gathered, tune, pool);
  tuner.reconstruct([&] {
    nn::Network dense = search::test::trained();
    nn::CpuBackend backend(dense, pool);
    return Reconstruction(backend, search::test::environment_images(pool).calibration);
  }());
  while (!tuner.done()) tuner.run_epoch();
  tuner.settle_weights();
  REQUIRE(gathered.count(tuner.masks()).crossbars.compression_pooled() >= 2.0);
  const auto routed = gathered.map(tuner.masks()).layers;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const ConstMatrixView w = weight_matrix(std::as_const(network).node(nodes[k]).weight);
    // What the OUs hold is all that is left of the layer.
    Matrix rest = w;
    for (Index i = 0; i < routed[k].ous.size(); ++i)
      for (const std::int32_t r : routed[k].ous[i].rows)
        for (const std::int32_t c : routed[k].ous[i].columns) rest(c, r) = 0.0F;
    REQUIRE(rest.isZero(0.0F));
    const PruneMask zeros =
        prune::zero_mask(w, gathered.granularity(), prune::RowGrouping::gathered);
    REQUIRE(gathered.count(0, zeros).ous <= gathered.count(0, tuner.masks()[k]).ous);
  }
}
