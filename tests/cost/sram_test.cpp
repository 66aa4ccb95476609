// The table of buffers.

#include "autoprune/cost/sram.hpp"

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::cost;
using cost::test::equal;

TEST_CASE("a buffer is the smallest that holds enough") {
  const Sram small = sram(2.0, 90, 64);
  CHECK(equal(small.area.value, 40580.3));
  CHECK(equal(small.read.value, 1.384903e-3));
  CHECK(equal(small.write.value, 1.663233e-3));
  const std::vector<std::pair<double, double>> areas_mm2 = {
      {0.001, 0.0405803}, {2.1, 0.0686947},   {4, 0.0686947},     {8, 0.156974886},
      {9, 0.616313686},   {32, 1.060004216},  {33, 1.974404875},  {65, 3.583918894},
      {129, 6.974574682}, {256, 6.974574682}, {257, 14.22112082}, {5000, 14.22112082}};
  for (const auto& [kib, mm2] : areas_mm2) CHECK(equal(sram(kib, 90, 64).area.value, 1e6 * mm2));
  const Sram large = sram(1000.0, 45, 512);
  CHECK(equal(large.area.value, 3665484.947));
  CHECK(equal(large.read.value, 0.330414 / 20.0 + 0.544616));
  CHECK(equal(large.write.value, 0.374836 / 20.0 + 0.544616));
  CHECK(equal(sram(16.0, 65, 128).area.value, 407856.0));
  CHECK(sram(0.0, 90, 64).area.value == 0.0);
}

TEST_CASE("a buffer takes 20 ns for each access of its port") {
  CHECK(sram_access(0, 64).value == 0.0);
  CHECK(sram_access(1, 64).value == 20.0);
  CHECK(sram_access(64, 64).value == 20.0);
  CHECK(sram_access(65, 64).value == 40.0);
  CHECK(sram_access(257, 256).value == 40.0);
}
