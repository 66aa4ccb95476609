#include "autoprune/rl/noise.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "autoprune/core/error.hpp"

using namespace autoprune;

namespace {

double density(double z) { return std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi); }
double distribution(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

}  // namespace

TEST_CASE("truncated normals have the mean and variance of the closed form", "[rl][noise]") {
  constexpr int kDraws = 40000;
  Random random(1);
  for (const double mean : {0.0, 0.1, 0.5, 0.8, 1.0}) {
    for (const double sigma : {0.05, 0.2, 0.5}) {
      double sum = 0.0, square = 0.0;
      for (int i = 0; i < kDraws; ++i) {
        const double draw = rl::truncated_normal(random, mean, sigma);
        REQUIRE(draw >= 0.0);
        REQUIRE(draw <= 1.0);
        sum += draw;
        square += draw * draw;
      }
      const double a = (0.0 - mean) / sigma, b = (1.0 - mean) / sigma;
      const double mass = distribution(b) - distribution(a);
      const double shift = (density(a) - density(b)) / mass;
      const double variance =
          sigma * sigma * (1.0 + (a * density(a) - b * density(b)) / mass - shift * shift);
      const double got = sum / kDraws;
      INFO("mean " << mean << ", sigma " << sigma);
      // Five standard errors.
      CHECK(got == Approx(mean + sigma * shift).margin(5.0 * std::sqrt(variance / kDraws)));
      CHECK(square / kDraws - got * got == Approx(variance).epsilon(0.05));
    }
  }
}

TEST_CASE("the noise narrows with every episode and ends in the mean", "[rl][noise]") {
  CHECK(rl::noise_sigma(0.5, 0.95, 0) == 0.5);
  CHECK(rl::noise_sigma(0.5, 0.95, 2) == Approx(0.45125));
  for (Index episode = 0; episode < 300; ++episode)
    REQUIRE(rl::noise_sigma(0.5, 0.95, episode + 1) < rl::noise_sigma(0.5, 0.95, episode));
  Random random(2);
  CHECK(rl::truncated_normal(random, 0.3, 0.0) == 0.3);
}

TEST_CASE("a normal that can't be truncated is refused", "[rl][noise]") {
  Random random(3);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(rl::truncated_normal(random, kNan, 0.1), Error);
  CHECK_THROWS_AS(rl::truncated_normal(random, 0.5, kNan), Error);
  CHECK_THROWS_AS(rl::truncated_normal(random, 1.1, 0.1), Error);
  CHECK_THROWS_AS(rl::truncated_normal(random, 0.5, -0.1), Error);
}
