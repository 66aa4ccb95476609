#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <vector>

#include "../prune/helpers.hpp"
#include "autoprune/methods.hpp"

using namespace autoprune;
using namespace autoprune::methods;
using namespace autoprune::prune;

TEST_CASE("kernels are whole, patterned or pruned") {
  Random random(86);
  for (int trial = 0; trial < 20; ++trial) {
    const Index filters = 1 + random.below(40), channels = 1 + random.below(20);
    const Matrix w = prune::test::layer(random, filters, channels * 9);
    const PatternOptions options{4.0 / 9.0, 1 + random.below(8)};
    const PatternRanking ranking(prune::test::view(w), 9, options);
    REQUIRE(static_cast<Index>(ranking.patterns().size()) <= options.patterns);
    for (const std::uint64_t pattern : ranking.patterns()) REQUIRE(std::popcount(pattern) == 4);
    const PruneMask mask = ranking.keep(random.uniform(0.02, 0.9));
    for (Index c = 0; c < filters; ++c)
      for (Index i = 0; i < channels; ++i) {
        std::uint64_t kept = 0;
        for (Index t = 0; t < 9; ++t) kept |= std::uint64_t{mask.kept(i * 9 + t, c)} << t;
        const auto& known = ranking.patterns();
        const bool legal = kept == 0 || kept == 0x1FF ||
                           std::find(known.begin(), known.end(), kept) != known.end();
        REQUIRE(legal);
        // The pattern is the one of the layer's that keeps most of this kernel.
        if (kept == 0 || kept == 0x1FF) continue;
        const auto sum = [&](std::uint64_t pattern) {
          float total = 0.0F;
          for (Index t = 0; t < 9; ++t)
            if ((pattern >> t) & 1) total += std::abs(w(c, i * 9 + t));
          return total;
        };
        for (const std::uint64_t other : known) REQUIRE(sum(kept) >= sum(other));
      }
  }
}

TEST_CASE("patterns are the most frequent natural ones") {
  // Three kernels of {0, 1}, two of {2, 3}, one of {0, 3}.
  Matrix w = Matrix::Constant(6, 4, 0.1F);
  for (Index c = 0; c < 3; ++c) w(c, 0) = w(c, 1) = 1.0F;
  for (Index c = 3; c < 5; ++c) w(c, 2) = w(c, 3) = 1.0F;
  w(5, 0) = w(5, 3) = 1.0F;
  w(0, 0) = w(3, 2) = w(5, 3) = -1.0F;  // the sign doesn't matter
  REQUIRE(natural_patterns(prune::test::view(w), 4, 2, 2) ==
          std::vector<std::uint64_t>{0b0011, 0b1100});
  REQUIRE(natural_patterns(prune::test::view(w), 4, 2, 9).size() == 3);
}

TEST_CASE("of patterns and rests, those with the largest weights on average are kept") {
  Random random(91);
  for (int trial = 0; trial < 30; ++trial) {
    const Index filters = 1 + random.below(30), channels = 1 + random.below(10);
    const Matrix w = prune::test::layer(random, filters, channels * 5);
    const PatternRanking ranking(prune::test::view(w), 5, {0.55, 3});  // 2.75 weights are 3
    const PruneMask mask = ranking.keep(random.uniform(0.05, 0.95));
    float weakest_kept = 1e9F, strongest_pruned = -1.0F;
    for (Index c = 0; c < filters; ++c)
      for (Index i = 0; i < channels; ++i) {
        float best = -1.0F, whole = 0.0F;
        for (Index t = 0; t < 5; ++t) whole += std::abs(w(c, i * 5 + t));
        for (const std::uint64_t pattern : ranking.patterns()) {
          REQUIRE(std::popcount(pattern) == 3);
          float sum = 0.0F;
          for (Index t = 0; t < 5; ++t)
            if ((pattern >> t) & 1) sum += std::abs(w(c, i * 5 + t));
          best = std::max(best, sum);
        }
        Index kept = 0;
        for (Index t = 0; t < 5; ++t) kept += mask.kept(i * 5 + t, c) ? 1 : 0;
        const auto see = [&](float mean, bool is_kept) {
          if (is_kept)
            weakest_kept = std::min(weakest_kept, mean);
          else
            strongest_pruned = std::max(strongest_pruned, mean);
        };
        see(best / 3.0F, kept > 0);
        see(std::min(best / 3.0F, (whole - best) / 2.0F), kept == 5);
      }
    REQUIRE(weakest_kept >= strongest_pruned - 1e-5F);
  }
}
