#include <catch2/catch.hpp>

#include "autoprune/core/random.hpp"
#include "autoprune/prune/zero_mask.hpp"

using namespace autoprune;

TEST_CASE("erased vectors are found again") {
  Random random(81);
  for (int trial = 0; trial < 100; ++trial) {
    const Index rows = 1 + random.below(70), cols = 1 + random.below(20);
    PruneMask mask(rows, cols, 1 + random.below(40));
    Matrix weights = Matrix::Constant(cols, rows, -1e-30F);
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < cols; ++c) {
        mask.set(g, c, random.below(2) == 1);
        if (mask.kept(g, c)) {  // one weight that isn't zero is enough
          for (Index r = mask.row_begin(g) + 1; r < mask.row_end(g); ++r) weights(c, r) = 0.0F;
        } else {
          for (Index r = mask.row_begin(g); r < mask.row_end(g); ++r) weights(c, r) = -0.0F;
        }
      }
    REQUIRE(prune::zero_mask({weights.data(), cols, rows}, mask.granularity()) == mask);
  }
}
