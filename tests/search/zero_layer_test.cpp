// A policy may silence a layer: every part of a search has to go on with it.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "autoprune/cost/metrics.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/search/fine_tune.hpp"
#include "autoprune/search/search.hpp"
#include "autoprune/simulation/measured_activity.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

/// test::trained() whose layer k has weights of zero, or nothing but zeros for inputs.
nn::Network silent(std::size_t k, bool inputs) {
  nn::Network network = test::trained();
  const Index node = network.matrix_layers()[k];
  if (!inputs)
    network.node(node).weight.fill(0.0F);
  else  // a batch-norm that takes everything below zero, on every way to the layer
    for (nn::Node* norm = &network.node(1); norm < &network.node(node); ++norm)
      if (norm->op.is<nn::BatchNorm>()) {
        norm->weight.fill(0.0F);
        norm->bias.fill(-1.0F);
      }
  return network;
}

struct Silent {
  std::size_t layer;
  bool inputs;
};
/// The first layer's inputs are images.
const std::vector<Silent> kSilent = {{0, false}, {1, false}, {2, false}, {3, false},
                                     {1, true},  {2, true},  {3, true}};

hardware::Accelerator chip_of(const std::string& adc) {
  return {.geometry = test::SmallGeometry{}, .adc = {adc}};
}

bool finite(const Outcome& outcome) {
  return std::isfinite(outcome.reward) && std::isfinite(outcome.accuracy) &&
         std::isfinite(outcome.crossbars.compression_pooled()) &&
         std::isfinite(outcome.crossbars.compression_per_layer());
}

}  // namespace

TEST_CASE("a search goes on where a layer is silent, whichever accuracy it reads") {
  const std::vector<std::string> adcs = hardware::adc_names();
  ThreadPool pool(1);
  for (std::size_t i = 0; i < kSilent.size(); ++i) {
    PruningEnvironment<> environment(
        silent(kSilent[i].layer, kSilent[i].inputs), test::small_compressor(),
        test::environment_images(pool), test::target(3.0), pool, Metric::top1, {},
        simulated_accuracy(test::small_compressor(), chip_of(adcs[i % adcs.size()]), {}));
    Search<> search(environment, {.episodes = 3});
    while (!search.done()) REQUIRE(finite(search.run_episode().outcome));
    REQUIRE(search.best_outcome().crossbars.compression_pooled() >= 3.0);
  }
}

TEST_CASE("weights are fitted, and costs are computed, where a layer is silent") {
  ThreadPool pool(1);
  const Compressor compressor = test::small_compressor();
  const EnvironmentImages images = test::environment_images(pool);
  for (const auto& [layer, inputs] : kSilent) {
    nn::Network network = silent(layer, inputs);
    nn::CpuBackend backend(network, pool);
    nn::Session& session = backend.session();
    const auto fitting = std::make_shared<const Reconstruction>(backend, images.calibration);
    PruningEnvironment<> environment(network, compressor, images, test::target(3.0), pool,
                                     Metric::top1, {}, reconstructed_accuracy(fitting));
    const Outcome outcome = environment.evaluate(environment.landscape().allowed(Policy(4, 0.3)));
    REQUIRE(finite(outcome));
    const auto masks = Compressor::masks(environment.landscape().rankings(), outcome.policy);
    for (const Matrix& fitted : fitting->fit(masks, pool)) REQUIRE(fitted.allFinite());

    // Of images on which the layer does nothing at all.
    const cost::OuModel model(network, cost::ou_preset("paper", test::SmallGeometry{}));
    session.set_masks(masks);
    const auto ranges = simulation::calibrate(session, masks, images.calibration);
    const auto layers = compressor.map(masks).layers;
    const auto activity = simulation::measured_activity(session, masks, layers, ranges,
                                                        model.accelerator(), images.held_out);
    REQUIRE((activity[layer].ou_activations == 0) == inputs);
    std::vector<cost::LayerWork> work = model.work(layers);
    for (std::size_t k = 0; k < work.size(); ++k)
      work[k] =
          cost::measured_work(work[k], {static_cast<double>(activity[k].ou_activations) / 128.0,
                                        static_cast<double>(activity[k].adc_conversions) / 128.0,
                                        static_cast<double>(activity[k].input_fetches) / 128.0,
                                        static_cast<double>(activity[k].index_fetches) / 128.0});
    const cost::OuCost cost = model.price(work);
    const cost::Gains gains = cost::gains(cost, model.price_dense());
    for (const double gain : {gains.area, gains.energy, gains.latency, gains.images_per_s,
                              gains.gops_per_w, gains.gops_per_mm2})
      REQUIRE((std::isfinite(gain) && gain > 0.0));
    REQUIRE(std::isfinite(cost.layers[layer].totals.power_w));
  }
}

TEST_CASE("a layer of zeros is ranked, pruned, mapped and priced by every method") {
  for (const std::string& name : methods::method_names())
    for (std::size_t layer = 0; layer < 4; ++layer) {
      INFO(name << ", layer " << layer);
      const nn::Network network = silent(layer, false);
      const Compressor compressor =
          methods::make_method(name, {network, test::SmallGeometry{}, {.granularity = 8}});
      const std::vector<Ranking> rankings = compressor.rank(network);
      const cost::OuModel model(network, cost::ou_preset("paper", test::SmallGeometry{}));
      for (const double keep : {1.0, 0.3, 0.01})
        for (const Origin origin : {Origin::uniform, Origin::lamp}) {
          const Policy policy = heuristic(origin, rankings, keep).policy;
          const auto masks = Compressor::masks(rankings, policy);
          const mapping::CrossbarCount count = compressor.count(masks).crossbars;
          REQUIRE(std::isfinite(count.compression_per_layer()));
          REQUIRE(std::isfinite(model.price(compressor.map(masks).layers).totals.energy_nj));
        }
    }
}

TEST_CASE("row groups of zeros are gathered, and fine-tuning goes on") {
  for (const auto& [layer, inputs] : kSilent) {
    ThreadPool pool(1);
    nn::Network network = silent(layer, inputs);
    const Compressor compressor =
        test::small_compressor(OuSelection::best, {}, prune::RowGrouping::gathered);
    FineTuner tuner(network, test::images(), nn::range(0, 256), Policy(4, 0.3), {}, compressor,
                    {.train = {.epochs = 1, .batch = 64}}, pool);
    REQUIRE(std::isfinite(tuner.run_epoch().loss));
  }
}

TEST_CASE("weights that aren't finite are refused before they are ranked, by their layer's name") {
  const float nan = std::nanf("");
  for (const std::string& name : methods::method_names())
    for (std::size_t layer = 0; layer < 4; ++layer) {
      nn::Network network = test::trained();
      nn::Node& node = network.node(network.matrix_layers()[layer]);
      node.weight.flat(7) = nan;
      const Compressor compressor =
          methods::make_method(name, {network, test::SmallGeometry{}, {.granularity = 8}});
      REQUIRE(error_of([&] { (void)compressor.rank(network); }) == ErrorId::not_finite);
      REQUIRE_THROWS_WITH(compressor.rank(network), Catch::Contains("'" + node.name + "'"));
      REQUIRE_THROWS_WITH(test::small_compressor().rank(network),
                          Catch::Contains("'" + node.name + "'"));
    }
}

TEST_CASE("a network that came with NaN is refused, one that training made so has diverged") {
  ThreadPool pool(1);
  nn::Network network = test::trained();
  const auto tune = [&](double learning_rate) {
    FineTuner tuner(network, test::images(), nn::range(0, 256), Policy(4, 0.3), {},
                    test::small_compressor(),
                    {.train = {.epochs = 1, .batch = 32, .learning_rate = learning_rate}}, pool);
    tuner.run_epoch();
  };
  REQUIRE(error_of([&] { tune(1e35); }) == ErrorId::diverged);
  network = test::trained();
  network.node(1).weight.flat(0) = std::nanf("");
  REQUIRE(error_of([&] { tune(0.01); }) == ErrorId::not_finite);
}

TEST_CASE("a price that isn't a number can't be searched by") {
  ThreadPool pool(1);
  const auto evaluate = [&](const Costs& costs) {
    PruningEnvironment<> environment(
        test::trained(), test::small_compressor(), test::environment_images(pool), {}, pool,
        Metric::top1, CompressionReward{1.0, SavingProduct::parse("energy")}, float_accuracy(),
        {{2.0, 2.0, 2.0}, [costs](const Candidate&) { return costs; }});
    return environment.evaluate(Policy(4, 0.5)).reward;
  };
  const double none = std::nan("");
  REQUIRE(evaluate({1.0, 1.0, 1.0}) > 0.0);
  for (const Costs& costs : {Costs{none, 1.0, 1.0}, {1.0, none, 1.0}, {1.0, 1.0, none}})
    REQUIRE(error_of([&] { (void)evaluate(costs); }) == ErrorId::not_finite);
}

TEST_CASE("a reward that isn't a number can't be searched by") {
  ThreadPool pool(1);
  const auto evaluate = [&](const AnyReward& reward) {
    PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                     test::environment_images(pool), {}, pool, Metric::top1,
                                     reward);
    return environment.evaluate(Policy(4, 0.5)).reward;
  };
  REQUIRE(evaluate([](const Figures&) { return 2.0; }) == 2.0);
  REQUIRE(error_of([&] { (void)evaluate([](const Figures&) { return std::nan(""); }); }) ==
          ErrorId::not_finite);
}
