#include "autoprune/search/oracle.hpp"

#include <catch2/catch.hpp>

#include "autoprune/search/environment.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

simulation::SimulationConfig saturating(Index bits) {
  simulation::SimulationConfig config;
  config.adc = simulation::AdcKind::saturating;
  config.adc_bits = bits;
  return config;
}

}  // namespace

TEST_CASE("the reward reads the accuracy that the oracle is asked for") {
  ThreadPool pool(1);
  const auto outcome = [&](const AccuracyOracle& oracle) {
    PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                     test::environment_images(pool), {}, pool, Metric::top1, {},
                                     oracle);
    Outcome out = environment.evaluate(Policy(4, 0.6));
    REQUIRE(environment.dense_accuracy() >= out.accuracy - 10.0);
    return out;
  };
  const Outcome real = outcome(float_accuracy());
  const Outcome exact = outcome(simulated_accuracy<PaperGeometry>({}, {}));
  const Outcome six = outcome(simulated_accuracy<PaperGeometry>(saturating(6), {}));
  const Outcome one = outcome(simulated_accuracy<PaperGeometry>(saturating(1), {}));
  REQUIRE(std::abs(exact.accuracy - real.accuracy) < 3.0);
  REQUIRE(six.accuracy == exact.accuracy);  // row groups of a few rows fit into six bits
  REQUIRE(one.accuracy < exact.accuracy);
  REQUIRE(one.reward < exact.reward);
  REQUIRE(one.crossbars.pooled == real.crossbars.pooled);
}
