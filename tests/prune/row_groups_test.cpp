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
  const Scores scores = importance(test::view(ordered), 8, MeanAbsolute{});
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

namespace {

/// The `count` first of `all`, the largest values first, ties by index.
std::vector<std::int32_t> best_of(std::vector<std::int32_t> all, Index count,
                                  const std::function<float(Index)>& value) {
  std::sort(all.begin(), all.end(), [&](Index a, Index b) {
    return value(a) > value(b) || (value(a) == value(b) && a < b);
  });
  all.resize(std::min(all.size(), static_cast<std::size_t>(count)));
  return all;
}

/// What gather_rows() says it does, step by step. Sums of integers are exact in any order.
std::vector<std::int32_t> plain_groups(const Matrix& w, Index height, Index width, Index turns) {
  std::vector<std::int32_t> left = as_they_lie(w.cols()), order;
  const std::vector<std::int32_t> filters = as_they_lie(w.rows());
  const auto sum_of_row = [&](Index r) { return w.col(r).cwiseAbs().sum(); };
  while (static_cast<Index>(left.size()) > height) {
    std::vector<std::int32_t> group = best_of(left, 1, sum_of_row);
    for (Index turn = 0; turn < turns; ++turn) {
      const auto columns = best_of(filters, width, [&](Index c) {
        float sum = 0.0F;
        for (const Index r : group) sum += std::abs(w(c, r));
        return sum;
      });
      group = best_of(left, height, [&](Index r) {
        float sum = 0.0F;
        for (const Index c : columns) sum += std::abs(w(c, r));
        return sum;
      });
    }
    std::sort(group.begin(), group.end());
    order.insert(order.end(), group.begin(), group.end());
    std::erase_if(left, [&](auto r) { return std::binary_search(group.begin(), group.end(), r); });
  }
  order.insert(order.end(), left.begin(), left.end());
  return order;
}

}  // namespace

TEST_CASE("row groups grow around the best OU of the rows that are left, in turns") {
  Random random(94);
  for (int trial = 0; trial < 60; ++trial) {
    Matrix w(1 + random.below(30), 1 + random.below(60));
    for (Index i = 0; i < w.size(); ++i) w.data()[i] = static_cast<float>(random.below(9) - 4);
    const Index height = 1 + random.below(12), width = 1 + random.below(12);
    const Index turns = 1 + random.below(4);
    REQUIRE(gather_rows(test::view(w), height, width, turns) ==
            plain_groups(w, height, width, turns));
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
