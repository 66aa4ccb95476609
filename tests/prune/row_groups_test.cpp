#include "autoprune/prune/row_groups.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <set>

#include "autoprune/core/random.hpp"
#include "autoprune/prune/ou_ranking.hpp"
#include "autoprune/prune/unit_ranking.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;

namespace {

/// Magnitude of the best `ous` OUs.
float best_ous(const Matrix& w, const RowGroups& groups, Index ou_cols, std::size_t ous) {
  const UnitRanking ranking = rank_column_chunks(test::view(w), groups, ou_cols);
  float sum = 0.0F;
  for (std::size_t i = 0; i < ous; ++i) sum += ranking.units()[i].importance;
  return sum;
}

RowGroups neighbouring_rows(Index rows, Index height) { return neighbours(rows, height); }

}  // namespace

TEST_CASE("row groups hold every row once, and all but the last are full") {
  Random random(91);
  for (int trial = 0; trial < 60; ++trial) {
    const Index rows = 1 + random.below(90), filters = 1 + random.below(40);
    const Index height = 1 + random.below(20), width = 1 + random.below(50);
    const Matrix w = test::random_matrix(random, filters, rows);
    const RowGroups groups = gather_rows(test::view(w), height, width);
    REQUIRE(static_cast<Index>(groups.size()) == ceil_div(rows, height));
    std::set<std::int32_t> seen;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      REQUIRE(std::is_sorted(groups[g].begin(), groups[g].end()));
      if (g + 1 < groups.size()) REQUIRE(static_cast<Index>(groups[g].size()) == height);
      seen.insert(groups[g].begin(), groups[g].end());
    }
    REQUIRE(static_cast<Index>(seen.size()) == rows);
    REQUIRE(*seen.rbegin() == rows - 1);
    REQUIRE(groups == gather_rows(test::view(w), height, width));
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
    std::set<std::vector<std::int32_t>> expected;
    for (auto block = row.begin(); block != row.end(); block += 8) {
      std::vector<std::int32_t> rows(block, block + 8);
      std::sort(rows.begin(), rows.end());
      expected.insert(std::move(rows));
    }
    const RowGroups groups = gather_rows(test::view(w), 8, 4);
    REQUIRE(std::set<std::vector<std::int32_t>>(groups.begin(), groups.end()) == expected);
    REQUIRE(best_ous(w, groups, 4, 4) == Approx(128.0));
  }
}

TEST_CASE("OUs of gathered rows keep more than those of neighbouring rows") {
  Random random(93);
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix w = test::random_matrix(random, 64, 96);
    for (const std::size_t ous : {std::size_t{3}, std::size_t{12}, std::size_t{40}})
      REQUIRE(best_ous(w, gather_rows(test::view(w), 8, 8), 8, ous) >
              best_ous(w, neighbouring_rows(96, 8), 8, ous));
  }
}

TEST_CASE("OUs of neighbouring rows are those of the column-vector ranking") {
  Random random(94);
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix w = test::random_matrix(random, 24, 40);
    const OuRanking vectors(importance<8>(test::view(w), MeanAbsolute{}), 40, 8, 4);
    const UnitRanking units = rank_column_chunks(test::view(w), neighbouring_rows(40, 8), 4);
    for (const double ous : {1.0, 9.0, 21.0, 30.0}) {
      const double keep = ous / 30.0;
      const PruneMask coarse = vectors.keep(keep), fine = units.keep(keep);
      for (Index r = 0; r < 40; ++r)
        for (Index c = 0; c < 24; ++c) REQUIRE(fine.kept(r, c) == coarse.kept(r / 8, c));
    }
  }
}

TEST_CASE("row groups refuse sizes and weights that they can't take") {
  Matrix w = Matrix::Constant(4, 8, 1.0F);
  REQUIRE(error_of([&] { (void)gather_rows(test::view(w), 0, 4); }) == ErrorId::out_of_range);
  REQUIRE(error_of([&] { (void)gather_rows(test::view(w), 4, 0); }) == ErrorId::out_of_range);
  w(2, 3) = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(error_of([&] { (void)gather_rows(test::view(w), 4, 4); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)rank_column_chunks(test::view(w), neighbouring_rows(8, 4), 4); }) ==
          ErrorId::not_finite);
}
