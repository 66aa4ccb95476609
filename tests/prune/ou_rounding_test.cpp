#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;

namespace {

/// Counts that waste no place in an OU: multiples of its columns, and all filters of the layer.
Index nearest_whole_count(Index kept, Index cols, Index ou_cols) {
  Index best = 0;
  for (Index n = 0; n <= cols; ++n) {
    const bool whole = n % ou_cols == 0 || n == cols;
    if (whole && std::abs(n - kept) <= std::abs(best - kept)) best = n;  // ties go up
  }
  return best;
}

/// The group's `target` vectors that rank best when the kept ones come before the pruned ones.
std::vector<Index> best_of_group(const PruneMask& mask, const Scores& scores, Index group,
                                 Index target) {
  std::vector<Index> kept, pruned;
  for (Index c = 0; c < mask.cols(); ++c)
    (mask.kept(group, c) ? kept : pruned).push_back(group * mask.cols() + c);
  std::vector<Index> order = test::ranked(scores, kept);
  for (const Index i : test::ranked(scores, pruned)) order.push_back(i);
  order.resize(static_cast<std::size_t>(target));
  for (Index& i : order) i -= group * mask.cols();
  std::sort(order.begin(), order.end());
  return order;
}

struct Case {
  PruneMask mask;
  Scores scores;
  Index ou_cols;
};

Case random_case(Random& random) {
  const Index rows = 1 + random.below(100), cols = 1 + random.below(80);
  const Scores scores = test::random_scores(random, ceil_div(rows, 8), cols);
  PruneMask mask(rows, cols, 8, false);
  const double density = random.uniform();
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < cols; ++c) mask.set(g, c, random.uniform() < density);
  return {mask, scores, 1 + random.below(33)};
}

}  // namespace

TEST_CASE("refill fills each group's last OU with its best pruned vectors and drops nothing") {
  Random random(21);
  for (int trial = 0; trial < 300; ++trial) {
    const auto [mask, scores, ou_cols] = random_case(random);
    const PruneMask got = round_to_ous(mask, scores, ou_cols);
    for (Index g = 0; g < mask.groups(); ++g) {
      const Index kept = mask.kept_count(g);
      const Index target = std::min(mask.cols(), ceil_div(kept, ou_cols) * ou_cols);
      REQUIRE(got.kept_columns(g) == best_of_group(mask, scores, g, target));
    }
  }
}

TEST_CASE("nearest rounds each group to the nearest count of whole OUs") {
  Random random(22);
  for (int trial = 0; trial < 300; ++trial) {
    const auto [mask, scores, ou_cols] = random_case(random);
    std::vector<Index> target;
    for (Index g = 0; g < mask.groups(); ++g)
      target.push_back(nearest_whole_count(mask.kept_count(g), mask.cols(), ou_cols));
    if (std::accumulate(target.begin(), target.end(), Index{0}) == 0) continue;  // the next test
    const PruneMask got = round_to_ous(mask, scores, ou_cols, OuRounding::nearest);
    for (Index g = 0; g < mask.groups(); ++g)
      REQUIRE(got.kept_columns(g) ==
              best_of_group(mask, scores, g, target[static_cast<std::size_t>(g)]));
  }
}

TEST_CASE("nearest doesn't empty a layer: its fullest group is refilled") {
  Random random(23);
  const Scores scores = test::random_scores(random, 3, 64);
  PruneMask mask(24, 64, 8, false);
  mask.set(0, 5, true);
  mask.set(2, 7, true);
  mask.set(2, 60, true);
  const PruneMask got = round_to_ous(mask, scores, 32, OuRounding::nearest);
  CHECK(got.kept_count() == 32);
  CHECK(got.kept_count(2) == 32);
  CHECK((got.kept(2, 7) && got.kept(2, 60)));
}

TEST_CASE("a layer narrower than an OU keeps all filters of a group or none") {
  const Scores scores = Scores::Ones(2, 10);
  PruneMask mask(16, 10, 8, false);
  for (const Index c : {1, 3, 5, 7, 9}) mask.set(0, c, true);
  for (const Index c : {1, 3, 5, 7}) mask.set(1, c, true);
  const PruneMask got = round_to_ous(mask, scores, 32, OuRounding::nearest);
  CHECK(got.kept_count(0) == 10);
  CHECK(got.kept_count(1) == 0);
}

TEST_CASE("none changes nothing, and an empty mask stays empty") {
  Random random(24);
  const auto [mask, scores, ou_cols] = random_case(random);
  CHECK(round_to_ous(mask, scores, ou_cols, OuRounding::none) == mask);
  const PruneMask empty(mask.rows(), mask.cols(), 8, false);
  for (const OuRounding rounding : {OuRounding::refill, OuRounding::nearest})
    CHECK(round_to_ous(empty, scores, ou_cols, rounding) == empty);
}

TEST_CASE("scores of another shape and an OU without columns are refused") {
  const PruneMask mask(16, 10, 8);
  CHECK(error_of([&] { (void)round_to_ous(mask, Scores::Ones(3, 10), 32); }) ==
        ErrorId::shape_mismatch);
  CHECK(error_of([&] { (void)round_to_ous(mask, Scores::Ones(2, 10), 0); }) ==
        ErrorId::out_of_range);
}

TEST_CASE("of weight matrices side by side each is rounded as if it were alone") {
  Random random(25);
  for (int trial = 0; trial < 200; ++trial) {
    auto [mask, scores, ou_cols] = random_case(random);
    Index matrices = 1 + random.below(mask.cols());
    while (mask.cols() % matrices != 0) --matrices;
    mask = std::move(mask).in_matrices(matrices);
    for (const OuRounding rounding : {OuRounding::refill, OuRounding::nearest}) {
      const PruneMask got = round_to_ous(mask, scores, ou_cols, rounding);
      REQUIRE(got.matrices() == matrices);
      Index refilled = 0;
      for (Index m = 0; m < matrices; ++m) {
        const PruneMask one = mask.matrix(m);
        const Scores own = scores.middleCols(m * one.cols(), one.cols());
        const PruneMask expected = round_to_ous(one, own, ou_cols, rounding);
        if (got.matrix(m) == expected) continue;
        // It was emptied: alone its fullest row group would have been refilled.
        REQUIRE(rounding == OuRounding::nearest);
        REQUIRE(got.matrix(m).kept_count() == 0);
        ++refilled;
      }
      REQUIRE((got.kept_count() > 0 || mask.kept_count() == 0 || refilled == 0));
    }
  }
}
