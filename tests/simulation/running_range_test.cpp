#include "autoprune/simulation/running_range.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "../error_of.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

TEST_CASE("the activation range follows its batches") {
  RunningRange range;
  CHECK(range.value() == 0.0);
  range.observe(std::vector{1.0F, 3.0F, 2.0F, 2.0F, 2.0F});  // mean 2, variance 2 / 4
  const double first = 3.0 * std::sqrt(0.5) + 2.0;
  CHECK(range.value() == Approx(first));
  range.observe(std::vector{-5.0F, -5.0F});
  CHECK(range.value() == Approx(0.707 * first + 0.293 * 5.0));

  const double before = range.value();
  CHECK(error_of([&] { range.observe(std::vector{1.0F}); }) == ErrorId::empty_data);
  CHECK(error_of([&] { range.observe(std::vector{1.0F, NAN}); }) == ErrorId::not_finite);
  CHECK(range.value() == before);
}
