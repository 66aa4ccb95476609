#include <catch2/catch.hpp>
#include <memory>

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
          const Index other = mask.row_begin(g) + random.below(mask.row_end(g) - mask.row_begin(g));
          for (Index r = mask.row_begin(g); r < mask.row_end(g); ++r)
            if (r != other) weights(c, r) = 0.0F;
        } else {
          for (Index r = mask.row_begin(g); r < mask.row_end(g); ++r) weights(c, r) = -0.0F;
        }
      }
    REQUIRE(prune::zero_mask({weights.data(), cols, rows}, mask.granularity()) == mask);
  }
}

TEST_CASE("erased vectors of gathered rows are found again, whatever the order was") {
  Random random(82);
  for (int trial = 0; trial < 60; ++trial) {
    const Index rows = 1 + random.below(70), cols = 1 + random.below(20);
    const Index granularity = 1 + random.below(20);
    const std::vector<Index> shuffled = random.permutation(rows);
    PruneMask mask = PruneMask(rows, cols, granularity)
                         .in_order(std::make_shared<const std::vector<std::int32_t>>(
                             shuffled.begin(), shuffled.end()));
    Matrix weights(cols, rows);
    for (Index i = 0; i < weights.size(); ++i)
      weights.data()[i] = random.below(2) == 0 ? 0.5F : -0.5F;
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < cols; ++c) {
        mask.set(g, c, random.below(2) == 1);
        if (mask.kept(g, c)) continue;
        for (Index i = mask.row_begin(g); i < mask.row_end(g); ++i) weights(c, mask.row(i)) = 0.0F;
      }
    const PruneMask found =
        prune::zero_mask({weights.data(), cols, rows}, granularity, prune::RowGrouping::gathered);
    REQUIRE(found.kept_count() == mask.kept_count());
    for (Index g = 0; g < found.groups(); ++g)
      for (Index c = 0; c < cols; ++c)
        for (Index i = found.row_begin(g); i < found.row_end(g); ++i)
          REQUIRE(found.kept(g, c) == (weights(c, found.row(i)) != 0.0F));
    if (rows <= granularity) continue;
    // A kept weight that happens to be zero is covered, too.
    weights(random.below(cols), random.below(rows)) = 0.0F;
    const PruneMask covering =
        prune::zero_mask({weights.data(), cols, rows}, granularity, prune::RowGrouping::gathered);
    for (Index g = 0; g < covering.groups(); ++g)
      for (Index c = 0; c < cols; ++c)
        for (Index i = covering.row_begin(g); i < covering.row_end(g); ++i)
          REQUIRE((covering.kept(g, c) || weights(c, covering.row(i)) == 0.0F));
  }
}
