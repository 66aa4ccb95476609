// Random hardware, and what tests of costs share.
#pragma once

#include "../cost/helpers.hpp"
#include "autoprune/mnsim.hpp"

namespace autoprune::mnsim::test {

/// MNSIM-2.0's defaults with square crossbars of that size.
[[nodiscard]] inline Hardware hardware_of(Index xbar) {
  Hardware hardware;
  hardware.xbar_rows = hardware.xbar_cols = xbar;
  return hardware;
}

[[nodiscard]] inline Hardware random_hardware(Random& random) {
  Hardware h;
  h.xbar_rows = cost::test::one_of<Index>(random, {40, 64, 128, 256, 512});
  h.xbar_cols = cost::test::one_of<Index>(random, {32, 48, 64, 128, 256});
  h.subarray_rows =
      random.below(2) == 0 ? 0 : h.xbar_rows / cost::test::one_of<Index>(random, {1, 2, 4});
  h.cell_bits = 1 + random.below(4);
  h.bit_aware = random.below(2) == 0;
  h.access_transistors = random.below(2) == 0;
  h.groups = 1 + random.below(9);
  h.sign_arrays = 1 + random.below(2);
  h.subtract_after_adc = random.below(2) == 0;
  h.dacs = 1 + random.below(150);
  h.adcs = 1 + random.below(150);
  h.dac = cost::published_dac(1 + random.below(7));
  h.adc = cost::published_adc(1 + random.below(9));
  h.adder_nm = cost::test::one_of<Index>(random, {28, 45, 55, 65, 130});
  h.sram_nm = cost::test::one_of<Index>(random, {45, 65, 90});
  h.sram_port_bits = cost::test::one_of<Index>(random, {64, 128, 256});
  h.pes_per_tile = 1 + random.below(9);
  h.grid_rows = h.grid_cols = cost::test::one_of<Index>(random, {0, 100, 111});
  h.tile_order = static_cast<TileOrder>(random.below(4));
  return h;
}

}  // namespace autoprune::mnsim::test
