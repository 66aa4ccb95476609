#include "autoprune/search/fine_tune.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "autoprune/search/heuristics.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

FineTuneConfig short_config(double begin) {
  FineTuneConfig config;
  config.schedule.begin = begin;
  config.train.epochs = 6;
  config.train.batch = 32;
  config.train.learning_rate = 0.02;
  config.train.variants = 2;
  return config;
}

/// A network on its way to a quarter of its crossbars.
struct Run {
  explicit Run(const Constraints& constraints = test::target(4.0),
               OuSelection selection = OuSelection::best, Index threads = 1, double begin = 0.0)
      : pool(threads),
        compressor(test::small_compressor(selection)),
        tuner(network, test::images(), nn::range(0, 256), policy(constraints), constraints,
              compressor, short_config(begin), pool, &teacher) {}

  [[nodiscard]] Policy policy(const Constraints& constraints) const {
    const std::vector<Ranking> layers = compressor.rank(network);
    LayerCounts counts(compressor, layers);
    return meet_constraints(heuristic(Origin::lamp, layers, 0.25).policy, constraints, counts);
  }
  void run() {
    while (!tuner.done()) tuner.run_epoch();
  }
  [[nodiscard]] double accuracy() {
    return nn::evaluate(tuner.trainer().backend(), test::images(), nn::range(256, 384)).top1;
  }

  ThreadPool pool;
  nn::Network network = test::trained(), teacher = test::trained();
  Compressor compressor;
  FineTuner tuner;
};

/// What a checkpoint holds.
struct Saved {
  nn::Network network;
  std::vector<Tensor> momentum;
  std::vector<PruneMask> masks;
  Index epoch;
  bool tightened;
};

Saved save(Run& run) {
  Saved saved{
      run.network, {}, run.tuner.masks(), run.tuner.trainer().epoch(), run.tuner.tightened()};
  for (const nn::NamedTensor& t : run.tuner.trainer().state()) saved.momentum.push_back(*t.tensor);
  return saved;
}

void restore(Run& run, const Saved& saved) {
  const auto to = run.network.parameters();
  const auto from = saved.network.parameters();
  for (std::size_t i = 0; i < to.size(); ++i) *to[i].tensor = *from[i].tensor;
  const auto momentum = run.tuner.trainer().state();
  for (std::size_t i = 0; i < momentum.size(); ++i) *momentum[i].tensor = saved.momentum[i];
  run.tuner.resume(saved.epoch, saved.masks, saved.tightened);
}

}  // namespace

TEST_CASE("masks only ever tighten, in many steps, and stay from three fifths of the epochs on") {
  Run run;
  std::vector<Index> kept(4, 1 << 20);
  Index changes = 0;
  double last_change = 0.0;
  while (!run.tuner.done())
    run.tuner.run_epoch([&](Index step, Index steps) {
      const std::vector<PruneMask>& masks = run.tuner.masks();
      REQUIRE(masks.size() == 4);
      bool changed = false;
      for (std::size_t k = 0; k < 4; ++k) {
        REQUIRE(masks[k].kept_count() <= kept[k]);
        changed = changed || masks[k].kept_count() < kept[k];
        kept[k] = masks[k].kept_count();
      }
      if (!changed) return;
      ++changes;
      last_change = (static_cast<double>(run.tuner.trainer().epoch()) +
                     static_cast<double>(step) / static_cast<double>(steps)) /
                    6.0;
    });
  REQUIRE(run.tuner.tightened());
  REQUIRE(changes > 10);
  REQUIRE(last_change == Approx(0.6).margin(0.1));
}

TEST_CASE("a schedule begins where it says, from weights that make up for what is gone") {
  Run run(test::target(4.0), OuSelection::best, 1, 1.0);
  const std::vector<nn::Batch> calibration =
      nn::load_batches(test::images(), nn::range(0, 128), run.pool);
  nn::CpuBackend dense(run.teacher, run.pool);
  run.tuner.reconstruct(Reconstruction(dense, calibration));
  const std::vector<PruneMask> masks = run.tuner.masks();
  REQUIRE(run.tuner.tightened());
  REQUIRE(run.compressor.count(masks).crossbars.compression_pooled() >= 4.0);
  const std::vector<Matrix> fitted = Reconstruction(dense, calibration).fit(masks, run.pool);
  const std::vector<Index> nodes = run.network.matrix_layers();
  for (std::size_t k = 0; k < nodes.size(); ++k)
    REQUIRE(fitted[k] == weight_matrix(std::as_const(run.network).node(nodes[k]).weight));
  run.run();
  REQUIRE(run.tuner.masks() == masks);
}

TEST_CASE("a network that is fitted anew runs with its new weights") {
  Run run(test::target(4.0), OuSelection::best, 1, 1.0);
  nn::CpuBackend dense(run.teacher, run.pool);
  const auto fit = [&](Index begin, Index end) {
    run.tuner.reconstruct(
        Reconstruction(dense, nn::load_batches(test::images(), nn::range(begin, end), run.pool)));
  };
  const nn::Batch batch = nn::load_batches(test::images(), nn::range(0, 32), run.pool).front();
  const auto outputs = [&](nn::Session& session) {
    return nn::test::values_of(session.forward(batch.images, nn::Mode::inference));
  };
  nn::Session& session = dynamic_cast<nn::CpuBackend&>(run.tuner.trainer().backend()).session();
  fit(0, 128);
  const nn::test::Values first = outputs(session);
  fit(128, 256);
  nn::Session fresh(run.network, run.pool);
  fresh.set_masks(run.tuner.masks());
  REQUIRE(outputs(session) == outputs(fresh));
  REQUIRE(outputs(fresh) != first);
}

TEST_CASE("masks that have reached their final form stay, whatever becomes of the weights") {
  FineTuneConfig config = short_config(1.0);
  config.train.learning_rate = 0.1;
  config.train.sgd.weight_decay = 1.0;  // what is kept falls below what was pruned
  ThreadPool pool(1);
  nn::Network network = test::trained();
  FineTuner tuner(network, test::images(), nn::range(0, 256), Policy(4, 0.5), {},
                  test::small_compressor(), config, pool);
  tuner.run_epoch();
  const std::vector<PruneMask> masks = tuner.masks();
  while (!tuner.done()) tuner.run_epoch();
  REQUIRE(tuner.masks() == masks);
}

TEST_CASE("every layer tightens towards its own keep ratio") {
  const Policy policy = {0.5, 0.4, 0.05, 1.0};
  ThreadPool pool(1);
  nn::Network network = test::trained();
  FineTuner tuner(network, test::images(), nn::range(0, 256), policy, {}, test::small_compressor(),
                  short_config(0.0), pool);
  tuner.run_epoch();
  REQUIRE_FALSE(tuner.tightened());
  const std::vector<PruneMask>& masks = tuner.masks();
  REQUIRE(masks[2].keep_ratio() < masks[1].keep_ratio());
  REQUIRE(masks[1].keep_ratio() < 1.0);
  REQUIRE(masks[3].keep_ratio() == 1.0);
}

TEST_CASE("the last masks reach the target, whatever the ranking has become") {
  for (const OuSelection selection :
       {OuSelection::best, OuSelection::refill, OuSelection::nearest, OuSelection::part_filled})
    for (const Counting counting : {Counting::pooled, Counting::per_layer}) {
      const Constraints constraints = test::target(3.5, counting);
      Run run(constraints, selection);
      run.run();
      const auto count = run.compressor.count(run.tuner.masks()).crossbars;
      REQUIRE(compression(count, counting) >= 3.5);
    }
}

TEST_CASE("a training of a single step, or a ramp to the end, reaches the target as well") {
  for (const bool single_step : {true, false}) {
    ThreadPool pool(1);
    nn::Network network = test::trained();
    const Compressor compressor = test::small_compressor();
    FineTuneConfig config = short_config(0.0);
    config.train.epochs = single_step ? 1 : 2;
    config.train.batch = single_step ? 256 : 32;
    config.schedule.ramp = single_step ? 0.6 : 1.0;
    FineTuner tuner(network, test::images(), nn::range(0, 256), Policy(4, 0.25), test::target(4.0),
                    compressor, config, pool);
    while (!tuner.done()) {
      CHECK_FALSE(tuner.tightened());
      tuner.run_epoch();
    }
    CHECK(tuner.tightened());
    CHECK(compressor.count(tuner.masks()).crossbars.compression_pooled() >= 4.0);
  }
}

TEST_CASE("the erased network is the masked one") {
  Run run;
  run.run();
  const std::vector<PruneMask> masks = run.tuner.masks();
  const double masked = run.accuracy();
  const nn::Batch batch = nn::load_batches(test::images(), nn::range(0, 32), run.pool).front();
  nn::Session& session = dynamic_cast<nn::CpuBackend&>(run.tuner.trainer().backend()).session();
  const nn::test::Values before =
      nn::test::values_of(session.forward(batch.images, nn::Mode::inference));

  run.tuner.settle_weights();
  const std::vector<Index> layers = run.network.matrix_layers();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const MatrixView weights = weight_matrix(run.network.node(layers[k]).weight);
    Index wrong = 0;
    for (Index c = 0; c < weights.rows(); ++c)
      for (Index r = 0; r < weights.cols(); ++r)
        wrong += masks[k].kept(r / 8, c) == (weights(c, r) != 0.0F) ? 0 : 1;
    REQUIRE(wrong == 0);
  }
  nn::Session dense(run.network, run.pool);
  const nn::test::Values after =
      nn::test::values_of(dense.forward(batch.images, nn::Mode::inference));
  REQUIRE(nn::test::error_of(after, before) < 1e-5);
  REQUIRE(nn::evaluate(dense, test::images(), nn::range(256, 384)).top1 == masked);
}

TEST_CASE("fine-tuning gives accuracy back") {
  Run run;
  PruningEnvironment<> environment(test::trained(), run.compressor,
                                   test::environment_images(run.pool), test::target(4.0), run.pool);
  const double pruned = environment.evaluate(run.policy(test::target(4.0))).accuracy;
  run.run();
  REQUIRE(run.accuracy() >= pruned);
  REQUIRE(run.accuracy() >= environment.landscape().dense_accuracy() - 5.0);
}

TEST_CASE("fine-tuning that is stopped after any epoch ends in the same bits") {
  Run whole;
  std::vector<Saved> saves = {save(whole)};
  while (!whole.tuner.done()) {
    whole.tuner.run_epoch();
    saves.push_back(save(whole));
  }
  const std::vector<float> expected = test::everything(whole.network);
  for (const Saved& saved : saves) {
    Run resumed(test::target(4.0), OuSelection::best, 2);
    restore(resumed, saved);
    resumed.run();
    REQUIRE(test::everything(resumed.network) == expected);
    REQUIRE(resumed.tuner.masks() == whole.tuner.masks());
  }
}

TEST_CASE("a policy for another network, or a schedule that makes no sense, is refused") {
  Run run;
  FineTuneConfig config = short_config(0.0);
  nn::Network network = test::trained();
  const auto tune = [&](const Policy& policy) {
    FineTuner tuner(network, test::images(), nn::range(0, 256), policy, {}, run.compressor, config,
                    run.pool);
    tuner.run_epoch();
  };
  REQUIRE(error_of([&] { tune(Policy(3, 0.5)); }) == ErrorId::shape_mismatch);
  REQUIRE(error_of([&] { tune(Policy(4, 1.5)); }) == ErrorId::out_of_range);
  config.schedule.ramp = 0.0;
  REQUIRE(error_of([&] { tune(Policy(4, 0.5)); }) == ErrorId::out_of_range);
}
