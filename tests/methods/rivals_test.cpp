#include <catch2/catch.hpp>

#include "../search/helpers.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/prune/zero_mask.hpp"
#include "autoprune/search/fine_tune.hpp"
#include "autoprune/search/search.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

Compressor rival(const std::string& name) {
  return methods::make_method(
      name, {search::test::trained(), search::test::SmallGeometry{}, {.granularity = 8}});
}

/// All but column-vectors.
std::vector<std::string> rival_names() {
  std::vector<std::string> names;
  for (const std::string& name : methods::method_names())
    if (name != "column-vectors") names.push_back(name);
  return names;
}

/// Inputs times weights that the mask keeps, by the OUs of a layer.
Matrix product_by_ous(const mapping::OuList& layer, const PruneMask& mask, ConstMatrixView weights,
                      const Matrix& x) {
  Matrix y = Matrix::Zero(weights.rows(), x.cols());
  for (Index i = 0; i < layer.size(); ++i)
    for (const std::int32_t r : layer[i].rows)
      for (const std::int32_t c : layer[i].columns)
        if (mask.kept(mask.group_of(r), c)) y.row(c) += weights(c, r) * x.row(r);
  return y;
}

/// What a ranking of prune/ answers, as a layer's.
template <class Ranked>
Ranking answers_of(const Ranked& ranked, Index ou_weights) {
  const prune::Scores ous = ranked.ou_scores(ou_weights);
  return {ous, ous, [ranked](double keep) { return ranked.keep(keep); }};
}

/// A rival's ranking of a layer, told the sizes one by one.
Ranking by_sizes(const std::string& name, const nn::Node& node, const Geometry<>& g) {
  const ConstMatrixView w = weight_matrix(node.weight);
  const Index ou_weights = g.ou_rows * g.ou_cols;
  const methods::PimShape sizes{.block_rows = g.xbar_rows,
                                .block_cols = g.xbar_cols,
                                .ou_rows = g.ou_rows,
                                .ou_cols = g.ou_cols};
  if (name == "pim-prune") return answers_of(methods::rank_pim_prune(w, sizes), ou_weights);
  if (name == "pim-prune-ou") return answers_of(methods::rank_pim_blocks(w, sizes), ou_weights);
  if (name == "sre") return answers_of(methods::rank_sre(w, g.ou_rows, g.ou_cols), ou_weights);
  if (name == "lsr") return answers_of(methods::rank_lsr(w, g.ou_rows, g.ou_cols), ou_weights);
  if (name == "pattern-prune" && node.op.is<nn::Conv>()) {
    const nn::Size2 kernel = node.op.window().kernel;
    return answers_of(methods::PatternRanking(w, kernel.h * kernel.w), ou_weights);
  }
  return answers_of(methods::MagnitudeRanking(w), ou_weights);
}

}  // namespace

TEST_CASE("methods answer to their names") {
  REQUIRE(methods::method_names().size() == 9);
  REQUIRE(error_of([] { (void)rival("pim-prun"); }) == ErrorId::unknown_name);
  REQUIRE(rival("column-vectors").granularity() == 8);
  REQUIRE(rival("sre").granularity() == 1);
}

TEST_CASE("a rival ranks by the rows and the columns of crossbars, OUs and kernels") {
  nn::Network network({3, 5, 9});  // nothing is square, so that no side stands for another
  network.conv("a", {.out = 20, .kernel = {2, 3}});
  network.conv("b", {.out = 13, .kernel = {3, 1}});
  network.linear("c", 10);
  network.initialise(5);
  const std::vector<Index> nodes = network.matrix_layers();
  for (const Geometry<>& geometry : {Geometry<>{12, 16, 6, 2, 1}, Geometry<>{16, 8, 2, 4, 1}})
    for (const char* name :
         {"magnitude", "pim-prune", "pim-prune-ou", "pattern-prune", "sre", "lsr"}) {
      const std::vector<Ranking> layers =
          methods::make_method(name, {network, geometry}).rank(network);
      for (std::size_t k = 0; k < nodes.size(); ++k) {
        INFO(geometry.to_string() << ", layer " << k << ", " << name);
        const Ranking expected = by_sizes(name, std::as_const(network).node(nodes[k]), geometry);
        REQUIRE(layers[k].ous.cols() == expected.ous.cols());
        REQUIRE(layers[k].ous == expected.ous);
        for (const double keep : {0.1, 0.4, 0.8})
          REQUIRE(layers[k].mask(keep) == expected.mask(keep));
      }
    }
}

TEST_CASE("crossbars of every rival fall with the keep ratio, and are those of its OUs") {
  const std::vector<Index> nodes = search::test::trained().matrix_layers();
  for (const std::string& name : rival_names()) {
    INFO(name);
    const Compressor compressor = rival(name);
    const std::vector<Ranking> layers = compressor.rank(search::test::trained());
    mapping::CrossbarCount previous;
    for (const double keep : {0.05, 0.2, 0.5, 0.8, 1.0}) {
      const std::vector<PruneMask> masks = Compressor::masks(layers, Policy(layers.size(), keep));
      const mapping::NetworkCount count = compressor.count(masks);
      REQUIRE(count.crossbars.per_layer >= previous.per_layer);
      REQUIRE(count.crossbars.pooled >= previous.pooled);
      REQUIRE(count.crossbars.pooled <= count.crossbars.per_layer);
      REQUIRE(count.crossbars.dense ==
              search::test::small_compressor().count(masks).crossbars.dense);
      previous = count.crossbars;
      const auto routed = compressor.map(masks).layers;
      for (std::size_t k = 0; k < masks.size(); ++k) {
        REQUIRE(compressor.count(static_cast<Index>(k), masks[k]).crossbars ==
                count.layers[k].crossbars);
        REQUIRE(routed[k].ous.size() == count.layers[k].ous);
        Matrix x = Matrix::Random(masks[k].rows(), 3);
        const ConstMatrixView w = weight_matrix(search::test::trained().node(nodes[k]).weight);
        Matrix masked = w;
        for (Index c = 0; c < w.rows(); ++c)
          for (Index r = 0; r < w.cols(); ++r)
            if (!masks[k].kept(masks[k].group_of(r), c)) masked(c, r) = 0.0F;
        REQUIRE(product_by_ous(routed[k].ous, masks[k], w, x).isApprox(masked * x, 1e-4F));
        REQUIRE((routed[k].index_bits() > 0) == (name != "naive" && name != "magnitude"));
      }
    }
  }
}

TEST_CASE("a network runs under element-wise masks as one whose pruned weights are zero") {
  ThreadPool pool(1);
  const EnvironmentImages images = search::test::environment_images(pool);
  for (const std::string& name : rival_names()) {
    INFO(name);
    nn::Network masked = search::test::trained(), erased = search::test::trained();
    const std::vector<Ranking> layers = rival(name).rank(masked);
    const std::vector<PruneMask> masks = Compressor::masks(layers, Policy(layers.size(), 0.4));
    const std::vector<Index> nodes = erased.matrix_layers();
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      MatrixView w = weight_matrix(erased.node(nodes[k]).weight);
      for (Index c = 0; c < w.rows(); ++c)
        for (Index r = 0; r < w.cols(); ++r)
          if (!masks[k].kept(masks[k].group_of(r), c)) w(c, r) = 0.0F;
    }
    nn::Session a(masked, pool), b(erased, pool);
    a.set_masks(masks);
    for (const nn::Batch& batch : images.held_out) {
      const nn::Activation& y = a.forward(batch.images, nn::Mode::inference);
      const nn::Activation& z = b.forward(batch.images, nn::Mode::inference);
      for (Index i = 0; i < y.images(); ++i)
        for (Index c = 0; c < 4; ++c)
          REQUIRE(y.at(i, c, 0, 0) == Approx(z.at(i, c, 0, 0)).margin(1e-4));
    }
  }
}

TEST_CASE("search, environment and fine-tuning take a rival as it is") {
  ThreadPool pool(1);
  for (const char* name :
       {"pim-prune", "pim-prune-ou", "pattern-prune", "sre", "lsr", "packed-vectors"}) {
    const Compressor compressor = rival(name);
    const Constraints constraints = search::test::target(1.3);
    PruningEnvironment<> environment(search::test::trained(), compressor,
                                     search::test::environment_images(pool), constraints, pool);
    SearchConfig config;
    config.episodes = 5;
    Search<> search(environment, config);
    while (!search.done()) search.run_episode();
    const Outcome best = search.best_outcome();
    REQUIRE(best.crossbars.compression_pooled() >= 1.3);
    for (const Episode& episode : search.episodes()) {
      const Outcome again = environment.evaluate(episode.outcome.policy);
      REQUIRE(again.accuracy == episode.outcome.accuracy);
    }

    nn::Network network = search::test::trained();
    FineTuneConfig tune;
    tune.train.epochs = 2;
    tune.train.batch = 32;
    tune.train.augment = false;
    FineTuner tuner(network, search::test::images(), nn::range(0, 256), best.policy, constraints,
                    compressor, tune, pool);
    while (!tuner.done()) tuner.run_epoch();
    tuner.settle_weights();
    REQUIRE(tuner.tightened());
    REQUIRE(compressor.count(tuner.masks()).crossbars.compression_pooled() >= 1.3);
    // What was erased, found in the weights and mapped, takes no more.
    std::vector<PruneMask> zeros;
    for (const Index i : network.matrix_layers())
      zeros.push_back(prune::zero_mask(weight_matrix(std::as_const(network).node(i).weight),
                                       compressor.granularity()));
    REQUIRE(compressor.count(zeros).crossbars.pooled <=
            compressor.count(tuner.masks()).crossbars.pooled);
  }
}

TEST_CASE("pattern pruning can leave linear layers alone") {
  const Compressor compressor = Compressor(
      {search::test::trained(), search::test::SmallGeometry{}},
      methods::PatternPrune({search::test::trained(), search::test::SmallGeometry{}}, {}, false));
  const std::vector<Ranking> layers = compressor.rank(search::test::trained());
  const std::vector<PruneMask> masks = Compressor::masks(layers, Policy(4, 0.1));
  REQUIRE(masks[2].keep_ratio() < 0.2);
  REQUIRE(masks[3].keep_ratio() == 1.0);
  const mapping::LayerCount linear = compressor.count(masks).layers[3];
  REQUIRE(linear.crossbars == linear.crossbars_dense);
  REQUIRE(error_of([&] { (void)compressor.count(4, masks[3]); }) == ErrorId::out_of_range);
}
