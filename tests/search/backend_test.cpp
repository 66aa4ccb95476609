// What searches and fine-tunes doesn't know where the network runs.
#include <catch2/catch.hpp>
#include <memory>

#include "../nn/remote_backend.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

TEST_CASE("fine-tuning ends in the same bits on a backend that keeps the weights to itself") {
  ThreadPool pool(1);
  const Constraints constraints = test::target(4.0);
  const bool reconstructs = GENERATE(false, true);
  const auto tune = [&](const nn::MakeBackend& make) {
    nn::Network network = test::trained(), teacher = test::trained();
    FineTuneConfig config;
    config.train.epochs = 3;
    config.train.batch = 64;
    config.schedule.begin = reconstructs ? 0.5 : 0.0;
    FineTuner tuner(network, test::images(), nn::range(0, 256), Policy(4, 0.3), constraints,
                    test::small_compressor(), config, pool, &teacher, make);
    if (reconstructs) {
      nn::Network dense = test::trained();
      tuner.reconstruct(
          Reconstruction(*make(dense, pool), test::environment_images(pool).calibration));
    }
    while (!tuner.done()) tuner.run_epoch();
    tuner.settle_weights();
    return std::pair(test::everything(network), tuner.masks());
  };
  const Index before = nn::test::RemoteBackend::steps;
  CHECK(tune(nn::test::remote_backend) == tune(nn::cpu_backend));
  CHECK(nn::test::RemoteBackend::steps == before + 3 * 4);
}

TEST_CASE("a policy's outcome is the same wherever the network runs") {
  ThreadPool pool(1);
  hardware::Accelerator chip;
  chip.geometry = test::SmallGeometry{};
  const auto outcome = [&](const nn::MakeBackend& make, int oracle) {
    nn::Network dense = test::trained();
    AccuracyOracle reads = float_accuracy();
    if (oracle == 1) reads = simulated_accuracy(test::small_compressor(), chip, {});
    if (oracle == 2)
      reads = reconstructed_accuracy(std::make_shared<const Reconstruction>(
          *make(dense, pool), test::environment_images(pool).calibration));
    PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                     test::environment_images(pool), {}, pool, Metric::top1, {},
                                     reads, {}, make);
    std::vector<double> found = {environment.landscape().dense_accuracy()};
    for (const double keep : {0.6, 0.3, 0.6}) {
      const Outcome out = environment.evaluate(Policy(4, keep));
      found.insert(found.end(), {out.accuracy, out.reward});
    }
    return found;
  };
  for (const int oracle : {0, 1, 2})
    CHECK(outcome(nn::test::remote_backend, oracle) == outcome(nn::cpu_backend, oracle));
}
