// Studies on accelerators of few bits: what is trained, stored and reported is integers.
#include <catch2/catch.hpp>
#include <set>
#include <stdexcept>

#include "autoprune/study/auto_prune.hpp"
#include "helpers.hpp"

namespace autoprune::study {

namespace {

using search::test::everything;
using search::test::trained;
using test::chip;
using test::datasets;

StudySpec few_bits() {
  StudySpec s;
  s.options.granularity = 8;
  s.constraints = search::test::target(3.0);
  s.search.episodes = 4;
  s.held_out = 128;
  s.held_out_images = 64;
  s.calibration_images = 96;
  s.fine_tune.train.epochs = 2;
  s.fine_tune.train.batch = 32;
  s.plan.resize(4);
  for (methods::LayerPlan& layer : s.plan) layer.hardware = {{}, 2, 4, {}};
  return s;
}

struct KilledAfterAnEpoch {
  void on_epoch(const TrainingPoint& point) const {
    if (point.history.size() == 1) throw std::runtime_error("killed");
  }
};

/// Values that a layer's weights take.
std::set<float> values(const nn::Network& network, std::size_t layer) {
  const Tensor& w = network.node(network.matrix_layers()[layer]).weight;
  return {w.begin(), w.end()};
}

}  // namespace

TEST_CASE("few bits are trained, stored and reported as integers, killed and resumed") {
  test::Directory directory;
  StudySpec s = few_bits();
  const Record record = auto_prune(trained(), datasets(), chip(), s);
  for (std::size_t k = 0; k < 4; ++k) CHECK(values(record.network, k).size() <= 7);
  CHECK(record.objective.find("quantised") != std::string::npos);
  CHECK(record.simulated_images == datasets().test.size());
  REQUIRE(record.quantised);
  CHECK_FALSE(record.on_crossbar);
  // Twice as many crossbars fit, and the dense network stays as it was.
  CHECK(record.placement.crossbars.dense ==
        search::test::small_compressor()
            .count(dense_masks(trained(), search::test::small_compressor()))
            .crossbars.dense);

  s.out = directory.path();
  CHECK_THROWS_WITH(auto_prune(trained(), datasets(), chip(), s, KilledAfterAnEpoch{}), "killed");
  s.resume = true;
  const Record resumed = auto_prune(trained(), datasets(), chip(), s);
  CHECK(everything(resumed.network) == everything(record.network));
  CHECK(resumed.quantised->top1 == record.quantised->top1);
}

TEST_CASE("accuracy in floating point isn't read of few bits") {
  StudySpec s = few_bits();
  s.accuracy = AccuracyKind::real;
  CHECK(error_of([&] { (void)auto_prune(trained(), datasets(), chip(), s); }) ==
        ErrorId::out_of_range);
}

TEST_CASE("without epochs weights are rounded all the same; 8 bits are trained where it is asked") {
  StudySpec s = few_bits();
  s.fine_tune.train.epochs = 0;
  const Record record = auto_prune(trained(), datasets(), chip(), s);
  for (std::size_t k = 0; k < 4; ++k) CHECK(values(record.network, k).size() <= 7);
  s.plan.clear();
  CHECK(values(auto_prune(trained(), datasets(), chip(), s).network, 2).size() > 511);
  s.quantised_training = true;
  CHECK(values(auto_prune(trained(), datasets(), chip(), s).network, 2).size() <= 511);
}

TEST_CASE("a network that is pruned already keeps its masks, and learns from its teacher") {
  StudySpec s = few_bits();
  s.teacher = trained();
  s.fine_tune.train.distillation.weight = 0.5;
  Record first = auto_prune(trained(), datasets(), chip(), few_bits());
  ThreadPool pool(1);
  const hardware::Accelerator planned = methods::planned(chip(), s.plan);
  const methods::Compressor compressor = method_of(trained(), planned, s);
  const Study study{first.network, datasets(), planned, compressor, s.constraints, s, pool};
  Record record(first.network);
  record.masks = first.masks;
  record.policy = first.policy;
  Observers<> nobody;
  fine_tune(study, nobody, record);
  CHECK(record.masks == first.masks);
  CHECK_FALSE(everything(record.network) == everything(first.network));
  for (std::size_t k = 0; k < 4; ++k) CHECK(values(record.network, k).size() <= 7);
  measure(study, record);
  nn::Network dense = trained();
  CHECK(record.dense->top1 == test_accuracy(study, dense, {}).top1);
  // Without the teacher nothing is known of a dense network.
  s.teacher.reset();
  Record alone(std::move(record.network));
  alone.masks = record.masks;
  alone.policy = record.policy;
  measure(study, alone);
  CHECK_FALSE(alone.dense);
}

}  // namespace autoprune::study
