#include "autoprune/mnsim/device.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "../error_of.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;

namespace {

std::vector<float> random_levels(Random& random, Index n, Index count) {
  std::vector<float> levels(static_cast<std::size_t>(n));
  for (float& level : levels) level = static_cast<float>(random.below(count));
  return levels;
}

}  // namespace

TEST_CASE("cells are stuck as often as asked, the others keep their levels", "[mnsim]") {
  Random random(1);
  const Index n = 40000;
  for (const auto& [high, low] :
       {std::pair{0.0, 0.0}, {0.001, 0.001}, {0.2, 0.0}, {0.0, 0.3}, {0.5, 0.5}, {1.0, 0.0}}) {
    // All cells at level 1 of 4, so that both faults show.
    std::vector<float> cells(static_cast<std::size_t>(n), 1.0F);
    stick(cells, 2, {high, low}, random);
    const auto share = [&](float level) {
      return static_cast<double>(std::count(cells.begin(), cells.end(), level)) /
             static_cast<double>(n);
    };
    const auto five_sigma = [&](double p) {
      return 5.0 * std::sqrt(p * (1.0 - p) / static_cast<double>(n));
    };
    CHECK(std::abs(share(0.0F) - high) <= five_sigma(high));
    CHECK(std::abs(share(3.0F) - low) <= five_sigma(low));
    CHECK(share(0.0F) + share(1.0F) + share(3.0F) == Approx(1.0));
  }
}

TEST_CASE("a finite on/off ratio maps levels to their conductances", "[mnsim]") {
  Random random(2);
  std::vector<float> cells = {0.0F, 1.0F, 1.0F, 0.0F};
  vary(cells, std::vector{1e6, 1e4}, 0.0, random);
  CHECK(cells == std::vector<float>{0.01F, 1.0F, 1.0F, 0.01F});

  cells = {0.0F, 1.0F, 2.0F, 3.0F};
  vary(cells, std::vector{1e6, 3e4, 1.5e4, 1e4}, 0.0, random);
  CHECK(cells == std::vector<float>{0.03F, 1.0F, 2.0F, 3.0F});
}

TEST_CASE("variation is one draw a level and array, of the right spread", "[mnsim]") {
  Random random(3);
  const std::vector<double> resistances = {1e6, 3e4, 1.5e4, 1e4};
  const double variation = 0.05;
  const Index arrays = 4000;
  std::vector<double> sum(4), squares(4);
  for (Index a = 0; a < arrays; ++a) {
    const std::vector<float> levels = random_levels(random, 12, 4);
    std::vector<float> cells = levels;
    vary(cells, resistances, variation, random);
    for (std::size_t i = 0; i < cells.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if ((levels[i] == levels[j]) != (cells[i] == cells[j])) FAIL("not one draw a level");
    std::vector<float> all = {0.0F, 1.0F, 2.0F, 3.0F};
    vary(all, resistances, variation, random);
    for (std::size_t j = 0; j < 4; ++j) {
      const double error = resistances[3] * 3.0 / static_cast<double>(all[j]) / resistances[j] - 1;
      sum[j] += error;
      squares[j] += error * error;
    }
  }
  const auto n = static_cast<double>(arrays);
  for (std::size_t j = 0; j < 4; ++j) {
    CHECK(std::abs(sum[j] / n) < 5.0 * variation / std::sqrt(n));
    CHECK(std::sqrt(squares[j] / n) == Approx(variation).epsilon(5.0 / std::sqrt(2.0 * n)));
  }
}

TEST_CASE("devices that can't exist are refused", "[mnsim]") {
  Random random(4);
  std::vector<float> cells = {0.0F, 1.0F};
  for (const StuckAt stuck : {StuckAt{-0.1, 0.0}, {0.0, -0.1}, {0.6, 0.6}, {NAN, 0.0}})
    CHECK(error_of([&] { stick(cells, 1, stuck, random); }) == ErrorId::out_of_range);

  const auto vary = [&](std::vector<float> levels, const std::vector<double>& resistances,
                        double variation) {
    return error_of([&] { mnsim::vary(levels, resistances, variation, random); });
  };
  CHECK(vary(cells, {1e6, 1e4}, 0.17) == ErrorId{});
  CHECK(vary(cells, {1e6, 1e4}, 0.18) == ErrorId::out_of_range);
  CHECK(vary(cells, {1e6, 1e4}, -0.01) == ErrorId::out_of_range);
  CHECK(vary(cells, {1e6, 1e4}, NAN) == ErrorId::out_of_range);
  CHECK(vary(cells, {1e6, 0.0}, 0.0) == ErrorId::out_of_range);
  CHECK(vary(cells, {std::numeric_limits<double>::infinity(), 1e4}, 0.0) == ErrorId::out_of_range);
  CHECK(vary(cells, {1e4}, 0.0) == ErrorId::shape_mismatch);
  CHECK(vary({0.0F, 2.0F}, {1e6, 1e4}, 0.0) == ErrorId::shape_mismatch);
  CHECK(vary({0.5F}, {1e6, 1e4}, 0.0) == ErrorId::shape_mismatch);
  CHECK(vary({-1.0F}, {1e6, 1e4}, 0.0) == ErrorId::shape_mismatch);
}
