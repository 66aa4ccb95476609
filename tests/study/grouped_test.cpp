// A network with depthwise and grouped convolutions goes through everything that a plain one does.
#include <catch2/catch.hpp>
#include <stdexcept>

#include "autoprune/methods/registry.hpp"
#include "autoprune/study/auto_prune.hpp"
#include "helpers.hpp"

namespace autoprune::study {

namespace {

/// Its depthwise layers have one and two filters a channel, its groups a partly filled OU each.
const nn::Network& separable() {
  static const nn::Network trained = [] {
    nn::Network n({1, 8, 8});
    const auto block = [&](const std::string& name, const nn::Conv& conv) {
      n.conv(name, conv);
      n.batch_norm(name + "_norm");
      n.append(name + "_relu", nn::Clip{});
    };
    block("first", {.out = 12, .kernel = 3, .padding = 1});
    block("depthwise", {.out = 12, .kernel = 3, .padding = 1, .groups = 12});
    block("point", {.out = 16, .kernel = 1});
    block("groups", {.out = 18, .kernel = {3, 2}, .stride = 2, .padding = 1, .groups = 2});
    block("twice", {.out = 36, .kernel = 2, .groups = 18});
    n.append("mean", nn::GlobalAvgPool{});
    n.flatten("flat");
    n.linear("fc", 4);
    n.initialise(3);
    ThreadPool pool(1);
    nn::TrainConfig config;
    config.epochs = 3;
    config.batch = 32;
    config.augment = false;
    nn::Trainer trainer(n, test::datasets().train, nn::range(0, 256), config, pool);
    while (!trainer.done()) trainer.run_epoch();
    return n;
  }();
  return trained;
}

StudySpec grouped_spec() {
  StudySpec s;
  s.options.granularity = 8;
  s.constraints = search::test::target(3.0);
  s.search.episodes = 5;
  s.held_out = 128;
  s.held_out_images = 64;
  s.calibration_images = 64;
  s.fine_tune.train.epochs = 2;
  s.fine_tune.train.batch = 32;
  s.reconstruct = true;
  s.simulated_images = 33;
  s.seed = 4;
  return s;
}

struct Ended : std::runtime_error {
  Ended() : std::runtime_error("ended") {}
};
struct EndsAfterAnEpoch {
  void on_epoch(const TrainingPoint&) const { throw Ended(); }
};

}  // namespace

TEST_CASE("groups: every method's network computes OU by OU what it does in whole integers") {
  ThreadPool pool(1);
  const std::vector<Index> nodes = separable().matrix_layers();
  const auto batches = nn::load_batches(test::datasets().test, nn::range(0, 40), pool);
  const cost::OuModel prices(separable(), test::chip());
  for (const std::string& name : methods::method_names()) {
    INFO(name);
    const methods::Compressor compressor = methods::make_method(
        name, {separable(), search::test::SmallGeometry{}, {.granularity = 8}});
    const auto rankings = compressor.rank(separable());
    const std::vector<PruneMask> masks =
        methods::Compressor::masks(rankings, methods::Policy(nodes.size(), 0.4));
    const mapping::NetworkPlacement placed = compressor.map(masks);
    REQUIRE(compressor.count(masks).crossbars.per_layer == placed.crossbars.per_layer);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      REQUIRE(masks[k].matrices() == separable().node(nodes[k]).matrices);
      REQUIRE(placed.layers[k].decoded().same_ous(placed.layers[k].ous));
    }
    nn::Network network = separable();
    nn::Session session(network, pool);
    session.keep_maps();
    session.set_masks(masks);
    const auto ranges = simulation::calibrate(session, masks, batches);
    std::vector<std::vector<float>> outputs;
    for (const bool walk_all : {false, true}) {
      simulation::SimulatedNetwork simulated(session, test::chip(), masks, placed.layers, ranges,
                                             {.walk_all = walk_all});
      (void)simulated.evaluate(batches);
      auto& all = outputs.emplace_back();
      for (const Index i : nodes) {
        const nn::Activation& y = session.output(i);
        for (Index b = 0; b < y.blocks(); ++b)
          all.insert(all.end(), y.block(b), y.block(b) + y.block_size());
      }
      // What is done and what is skipped is what the price counts.
      const std::vector<cost::LayerWork> work = prices.work(placed.layers);
      for (std::size_t k = 0; k < nodes.size(); ++k) {
        const simulation::Activity& activity = simulated.activity()[k];
        const Index signs = ranges[k].input.negative ? 2 : 1;
        CHECK(static_cast<double>(activity.ou_activations + activity.skipped_activations) ==
              work[k].activations * static_cast<double>(40 * signs));
        CHECK(static_cast<double>(activity.input_fetches) == work[k].input_fetches * 40.0);
      }
    }
    CHECK(outputs[0] == outputs[1]);
  }
}

TEST_CASE("groups: a network is pruned, fitted, fine-tuned, killed and resumed") {
  StudySpec s = grouped_spec();
  const Record whole = auto_prune(separable(), test::datasets(), test::chip(), s);
  CHECK(whole.placement.crossbars.compression_pooled() >= 3.0);
  CHECK(whole.quantised->top1 == whole.on_crossbar->top1);
  CHECK(whole.cost.totals.energy_nj < whole.dense_cost.totals.energy_nj);
  const methods::Compressor compressor = method_of(separable(), test::chip(), s);
  CHECK(masks_of_zeros(whole.network, compressor) == whole.masks);

  const test::Directory directory;
  s.out = directory.path();
  CHECK_THROWS_AS(auto_prune(separable(), test::datasets(), test::chip(), s, EndsAfterAnEpoch{}),
                  Ended);
  s.resume = true;
  const Record resumed = auto_prune(separable(), test::datasets(), test::chip(), s);
  CHECK(resumed.policy == whole.policy);
  CHECK(resumed.masks == whole.masks);
  CHECK(search::test::everything(resumed.network) == search::test::everything(whole.network));
}

TEST_CASE("groups: masks that don't say so are refused before they compute nonsense") {
  ThreadPool pool(1);
  nn::Network network = separable();
  nn::Session session(network, pool);
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const MatrixView w = weight_matrix(network.node(i).weight);
    masks.emplace_back(w.cols(), w.rows(), 8);
  }
  session.set_masks(masks);
  const auto batches = nn::load_batches(test::datasets().test, nn::range(0, 8), pool);
  const auto ranges = simulation::calibrate(session, masks, batches);
  CHECK_THROWS_WITH(simulation::SimulatedNetwork(session, test::chip(), masks, ranges),
                    Catch::Contains("mapping.401") && Catch::Contains("'depthwise'"));
}

TEST_CASE("groups: a convolution of one group is the plain one, to the bits") {
  nn::Network plain({4, 6, 6}), one({4, 6, 6});
  plain.conv("conv", {.out = 20, .kernel = 3});
  one.conv("conv", {.out = 20, .kernel = 3, .groups = 1});
  plain.initialise(1);
  one.initialise(1);
  for (const std::string& name : methods::method_names()) {
    INFO(name);
    std::vector<mapping::Placement> placed;
    for (const nn::Network* network : {&plain, &one}) {
      const auto compressor =
          methods::make_method(name, {*network, search::test::SmallGeometry{}, {.granularity = 8}});
      const auto masks = methods::Compressor::masks(compressor.rank(*network),
                                                    methods::Policy(1, methods::LayerPlan(0.3)));
      placed.push_back(compressor.map(masks).layers.front());
    }
    CHECK(placed[0].ous.same_ous(placed[1].ous));
    CHECK(placed[0].index == placed[1].index);
    CHECK(placed[0].count.crossbars == placed[1].count.crossbars);
  }
}

}  // namespace autoprune::study
