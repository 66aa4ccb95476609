#include "autoprune/search/oracle.hpp"

#include <catch2/catch.hpp>

#include "autoprune/search/environment.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

hardware::Accelerator saturating(Index bits) {
  return {.geometry = PaperGeometry{}, .adc = {"saturating", bits}};
}

/// The tests' masks on the slides' hardware.
Compressor on_paper() {
  return {PaperGeometry{}, prune::ColumnVectorPruner(test::small_compressor().granularity())};
}

/// The trained network under masks of one keep ratio, ready to be measured.
struct Masked {
  explicit Masked(double keep) : masks(Compressor::masks(ranked, Policy(4, keep))) {
    backend.set_masks(masks);
    backend.recalibrate(images.calibration);
  }

  ThreadPool pool{1};
  nn::Network network = test::trained();
  nn::CpuBackend backend{network, pool};
  EnvironmentImages images = test::environment_images(pool);
  std::vector<Ranking> ranked = test::small_compressor().rank(network);
  std::vector<PruneMask> masks;
};

}  // namespace

TEST_CASE("the reward reads the accuracy that the oracle is asked for") {
  ThreadPool pool(1);
  const auto outcome = [&](const AccuracyOracle& oracle) {
    PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                     test::environment_images(pool), {}, pool, Metric::top1, {},
                                     oracle);
    Outcome out = environment.evaluate(Policy(4, 0.6));
    REQUIRE(environment.landscape().dense_accuracy() >= out.accuracy - 10.0);
    return out;
  };
  const Outcome real = outcome(float_accuracy());
  const Outcome exact = outcome(simulated_accuracy(on_paper(), {.geometry = PaperGeometry{}}, {}));
  const Outcome six = outcome(simulated_accuracy(on_paper(), saturating(6), {}));
  const Outcome one = outcome(simulated_accuracy(on_paper(), saturating(1), {}));
  REQUIRE(std::abs(exact.accuracy - real.accuracy) < 3.0);
  REQUIRE(six.accuracy == exact.accuracy);  // row groups of a few rows fit into six bits
  REQUIRE(one.accuracy < exact.accuracy);
  REQUIRE(one.reward < exact.reward);
  REQUIRE(one.crossbars.pooled == real.crossbars.pooled);
}

TEST_CASE("a simulated accuracy is the mean over devices that are drawn one by one") {
  Masked masked(0.6);
  hardware::Accelerator chip = saturating(4);
  chip.devices.cells.get<hardware::Variation>().sigma = 0.8;
  const simulation::CalibrationConfig maximum{simulation::RangeRule::maximum};

  const auto ranges = simulation::calibrate(masked.backend.session(), masked.masks,
                                            masked.images.calibration, maximum);
  std::vector<nn::Accuracy> single;
  for (const std::uint64_t seed : {1, 2, 3})
    single.push_back(simulation::SimulatedNetwork(masked.backend.session(), chip, masked.masks,
                                                  ranges, {.seed = seed})
                         .evaluate(masked.images.held_out));
  REQUIRE((single[0].top1 != single[1].top1 || single[1].top1 != single[2].top1));
  const nn::Accuracy mean =
      simulated_accuracy(on_paper(), chip, maximum, 3)(masked.backend, masked.masks, masked.images);
  REQUIRE(mean.top1 == Approx((single[0].top1 + single[1].top1 + single[2].top1) / 3.0));
  REQUIRE(mean.top5 == Approx((single[0].top5 + single[1].top5 + single[2].top5) / 3.0));
  REQUIRE(mean.top1 < mean.top5);
}

TEST_CASE("ranges are those of the images that are there for it") {
  Masked masked(1.0);
  const auto seen = [&](const EnvironmentImages& shown) {
    std::vector<double> largest;
    const auto oracle = simulated_accuracy(
        [&](nn::Session& s, const Candidate& of, std::span<const simulation::LayerRanges> ranges,
            Index) {
          for (const simulation::LayerRanges& r : ranges) largest.push_back(r.input.largest);
          return simulation::SimulatedNetwork(s, {.geometry = PaperGeometry{}}, of.masks, ranges);
        },
        {});
    (void)oracle(masked.backend, masked.masks, shown);
    return largest;
  };
  EnvironmentImages others = masked.images;
  others.held_out = masked.images.calibration;
  REQUIRE(seen(masked.images) == seen(others));
  others.calibration = masked.images.held_out;
  REQUIRE(seen(masked.images) != seen(others));
}
