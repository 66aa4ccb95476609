#include "autoprune/prune/row_groups.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "autoprune/core/random.hpp"
#include "autoprune/prune/ou_ranking.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;

namespace {

/// Importance of the best `ous` OUs of rows in an order.
float best_ous(const Matrix& w, const std::vector<std::int32_t>& order, Index ou_cols, Index ous) {
  const Matrix ordered = w(Eigen::all, order);
  const Scores scores = importance<8>(test::view(ordered), MeanAbsolute{});
  const Scores sums = OuRanking(scores, w.cols(), 8, ou_cols).ou_scores();
  std::vector<float> all(sums.data(), sums.data() + sums.size());
  std::sort(all.begin(), all.end(), std::greater<>{});
  return std::accumulate(all.begin(), all.begin() + ous, 0.0F);
}

std::vector<std::int32_t> as_they_lie(Index rows) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

TEST_CASE("gathered row groups hold every row once") {
  Random random(91);
  for (int trial = 0; trial < 60; ++trial) {
    const Index rows = 1 + random.below(90), filters = 1 + random.below(40);
    const Index height = 1 + random.below(20), width = 1 + random.below(50);
    const Matrix w = test::random_matrix(random, filters, rows);
    std::vector<std::int32_t> order = gather_rows(test::view(w), height, width);
    REQUIRE(order == gather_rows(test::view(w), height, width));
    REQUIRE(static_cast<Index>(order.size()) == rows);
    for (Index i = 1; i < rows; ++i)
      if (i % height != 0)
        REQUIRE(order[static_cast<std::size_t>(i - 1)] < order[static_cast<std::size_t>(i)]);
    std::sort(order.begin(), order.end());
    REQUIRE(order == as_they_lie(rows));
  }
}

TEST_CASE("rows that matter to the same filters are gathered from anywhere") {
  // Four blocks of 8 rows x 4 filters, shuffled, in a matrix of small weights.
  Random random(92);
  for (int trial = 0; trial < 20; ++trial) {
    const std::vector<Index> row = random.permutation(32), filter = random.permutation(16);
    Matrix w = 0.01F * test::random_matrix(random, 16, 32);
    for (Index i = 0; i < 32; ++i)
      for (Index j = 0; j < 4; ++j)
        w(filter[static_cast<std::size_t>(i / 8 * 4 + j)], row[static_cast<std::size_t>(i)]) = 1.0F;
    std::set<std::set<std::int32_t>> expected, found;
    const std::vector<std::int32_t> order = gather_rows(test::view(w), 8, 4);
    for (Index i = 0; i < 32; i += 8) {
      expected.emplace(row.begin() + i, row.begin() + i + 8);
      found.emplace(order.begin() + i, order.begin() + i + 8);
    }
    REQUIRE(found == expected);
    REQUIRE(best_ous(w, order, 4, 4) == Approx(16.0));
  }
}

TEST_CASE("OUs of gathered rows keep more than those of neighbouring rows") {
  Random random(93);
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix w = test::random_matrix(random, 64, 96);
    for (const Index ous : {3, 12, 40})
      REQUIRE(best_ous(w, gather_rows(test::view(w), 8, 8), 8, ous) >
              best_ous(w, as_they_lie(96), 8, ous));
  }
}

TEST_CASE("row groups refuse sizes and weights that they can't take") {
  Matrix w = Matrix::Constant(4, 8, 1.0F);
  REQUIRE(error_of([&] { (void)gather_rows(test::view(w), 0, 4); }) == ErrorId::out_of_range);
  REQUIRE(error_of([&] { (void)gather_rows(test::view(w), 4, 0); }) == ErrorId::out_of_range);
  w(2, 3) = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(error_of([&] { (void)gather_rows(test::view(w), 4, 4); }) == ErrorId::not_finite);
}
