#include "autoprune/simulation/calibration.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "../nn/helpers.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

/// 1, 2, 3, ... in random order and of random sign.
nn::Activation counted(Random& random, nn::Shape3 shape, Index images) {
  nn::Activation map(shape, images);
  const std::vector<Index> order = random.permutation(images * shape.size());
  std::size_t next = 0;
  nn::test::for_values(map, [&](Index i, Index c, Index h, Index w) {
    const auto value = static_cast<float>(order[next++] + 1);
    map.at(i, c, h, w) = random.below(2) == 0 ? value : -value;
  });
  return map;
}

Range range_of(const CalibrationConfig& config, const std::vector<nn::Activation>& maps) {
  RangeObserver observer(config);
  for (const nn::Activation& map : maps) observer.observe(map);
  return observer.range();
}

}  // namespace

TEST_CASE("a percentile is the magnitude that so many of all batches' values don't exceed") {
  Random random(1);
  const nn::Activation map = counted(random, {4, 5, 5}, 10);  // 1 to 1000
  CHECK(range_of({RangeRule::percentile, 90.0}, {map}).largest == 900.0);
  CHECK(range_of({RangeRule::percentile, 50.0}, {map}).largest == 500.0);
  CHECK(range_of({RangeRule::percentile, 100.0}, {map}).largest == 1000.0);
  CHECK(range_of({RangeRule::maximum}, {map}).largest == 1000.0);
  // A batch counts once, whatever came before it.
  nn::Activation ones(map.shape(), 30);
  ones.fill(1.0F);
  CHECK(range_of({RangeRule::percentile, 75.0}, {map, ones}).largest == 1.0);
  CHECK(range_of({RangeRule::percentile, 80.0}, {map, ones}).largest == Approx(200.0).margin(1.0));
}

TEST_CASE("of large maps every image shows other values") {
  // Every fourth value is seen; the large ones stand behind the first of each four.
  nn::Activation map({2048, 1, 1}, 8);
  nn::test::for_values(
      map, [&](Index i, Index c, Index, Index) { map.at(i, c, 0, 0) = c % 4 == 1 ? 5.0F : 1.0F; });
  CHECK(range_of({RangeRule::percentile, 100.0}, {map}).largest == 5.0);
  CHECK(range_of({RangeRule::percentile, 70.0}, {map}).largest == 1.0);
  CHECK(range_of({RangeRule::maximum}, {map}).largest == 5.0);
}

TEST_CASE("where nearly everything is zero the largest value counts") {
  nn::Activation map({10, 10, 10}, 1);
  map.fill(0.0F);
  map.at(0, 3, 4, 5) = -7.0F;
  map.at(0, 8, 1, 1) = 2.0F;
  const Range range = range_of({RangeRule::percentile, 99.0}, {map});
  CHECK(range.largest == 7.0);
  CHECK(range.negative);
}

TEST_CASE("a running range follows one batch after the other") {
  Random random(2);
  const std::vector<nn::Activation> maps = {
      counted(random, {2, 3, 3}, 9), counted(random, {2, 3, 3}, 33), counted(random, {2, 3, 3}, 2)};
  RunningRange expected;
  for (const nn::Activation& map : maps) {
    const nn::test::Values values = nn::test::values_of(map);
    expected.observe(std::vector<float>(values.begin(), values.end()));
  }
  CHECK(range_of({RangeRule::running}, maps).largest == Approx(expected.value()));
}
