#include "autoprune/core/prune_mask.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <memory>
#include <vector>

#include "../error_of.hpp"
#include "autoprune/core/random.hpp"

using namespace autoprune;

TEST_CASE("a mask agrees with a plain table of its vectors", "[prune_mask]") {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    const Index rows = 1 + random.below(100), cols = 1 + random.below(20);
    const Index granularity = 1 + random.below(40), groups = ceil_div(rows, granularity);
    PruneMask mask(rows, cols, granularity, random.below(2) == 0);
    std::vector<std::vector<bool>> table(
        static_cast<std::size_t>(groups),
        std::vector<bool>(static_cast<std::size_t>(cols), mask.kept(0, 0)));
    for (Index i = random.below(3 * mask.vectors()); i > 0; --i) {
      const Index g = random.below(groups), c = random.below(cols);
      const bool keep = random.below(4) == 0;
      mask.set(g, c, keep);
      table[static_cast<std::size_t>(g)][static_cast<std::size_t>(c)] = keep;
    }

    Index kept = 0, covered = 0;
    std::vector<bool> alive(static_cast<std::size_t>(cols), false);
    for (Index g = 0; g < groups; ++g) {
      std::vector<Index> columns;
      for (Index c = 0; c < cols; ++c) {
        const bool keep = table[static_cast<std::size_t>(g)][static_cast<std::size_t>(c)];
        CHECK(mask.kept(g, c) == keep);
        if (!keep) continue;
        columns.push_back(c);
        alive[static_cast<std::size_t>(c)] = true;
      }
      CHECK(mask.kept_columns(g) == columns);
      CHECK(mask.kept_count(g) == static_cast<Index>(columns.size()));
      kept += mask.kept_count(g);
      CHECK(mask.row_begin(g) == covered);
      covered = mask.row_end(g);
    }
    CHECK(covered == rows);
    CHECK(mask.groups() == groups);
    CHECK(mask.vectors() == groups * cols);
    CHECK(mask.kept_count() == kept);
    CHECK(mask.keep_ratio() == static_cast<double>(kept) / static_cast<double>(groups * cols));
    CHECK(mask.dead_filters() == std::count(alive.begin(), alive.end(), false));
  }
}

TEST_CASE("a mask of several weight matrices is theirs, side by side", "[prune_mask]") {
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    const Index matrices = 1 + random.below(6), each = 1 + random.below(5);
    PruneMask mask(1 + random.below(40), matrices * each, 1 + random.below(9));
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.below(2) == 0);
    if (round % 2 == 0) {
      const std::vector<Index> rows = random.permutation(mask.rows());
      mask = std::move(mask).in_order(
          std::make_shared<const std::vector<std::int32_t>>(rows.begin(), rows.end()));
    }
    CHECK(mask.matrices() == 1);
    CHECK(mask.matrix(0) == mask);
    const PruneMask plain = mask;
    mask = std::move(mask).in_matrices(matrices);
    CHECK((mask == plain) == (matrices == 1));
    CHECK(mask.matrix_cols() == each);
    for (Index m = 0; m < matrices; ++m) {
      const PruneMask one = mask.matrix(m);
      CHECK(one.matrices() == 1);
      CHECK((one.rows() == mask.rows() && one.cols() == each));
      CHECK((one.granularity() == mask.granularity() && one.order() == mask.order()));
      for (Index g = 0; g < mask.groups(); ++g)
        for (Index c = 0; c < each; ++c) CHECK(one.kept(g, c) == mask.kept(g, m * each + c));
      for (Index r = 0; r < mask.rows(); ++r) CHECK(one.group_of(r) == mask.group_of(r));
    }
  }
  for (const Index matrices : {-1, 0, 4, 7})
    CHECK(error_of([&] { (void)PruneMask(4, 6, 2).in_matrices(matrices); }) ==
          ErrorId::out_of_range);
}

TEST_CASE("masks are equal when shape, granularity and every vector are", "[prune_mask]") {
  const PruneMask mask(64, 8, 32);
  PruneMask other = mask;
  CHECK(other == mask);
  other.set(1, 7, false);
  CHECK_FALSE(other == mask);
  CHECK_FALSE(PruneMask(64, 8, 64) == PruneMask(33, 8, 64));
  CHECK_FALSE(PruneMask(64, 8, 33) == PruneMask(64, 8, 34));
}

TEST_CASE("a mask without rows, columns or granularity is refused", "[prune_mask]") {
  for (const auto& [rows, cols, granularity] :
       {std::array<Index, 3>{0, 8, 32}, {64, 0, 32}, {64, 8, 0}, {64, 8, -1}})
    CHECK_THROWS_WITH(PruneMask(rows, cols, granularity),
                      Catch::Contains("config.102") && Catch::Contains(concat(rows, 'x', cols)));
}

TEST_CASE("a mask beyond any layer is refused before its memory is", "[prune_mask]") {
  constexpr Index most = std::numeric_limits<Index>::max();
  for (const auto& [rows, cols, granularity] : {std::array<Index, 3>{most, 1, most},
                                                {most, 1, 1},
                                                {8, most, 8},
                                                {most, 2, 2},
                                                {8, 8, most},
                                                {Index{1} << 30, Index{1} << 30, Index{1} << 30},
                                                {Index{1} << 20, Index{1} << 10, 2}}) {
    INFO(rows << 'x' << cols << ", " << granularity);
    CHECK(error_of([&] { (void)PruneMask(rows, cols, granularity); }) == ErrorId::out_of_range);
  }
  CHECK(PruneMask(Index{1} << 30, 3, Index{1} << 29).groups() == 2);
}

TEST_CASE("row groups of another order are the same rows, run by run", "[prune_mask]") {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    const Index rows = 1 + random.below(60), granularity = 1 + random.below(20);
    const std::vector<Index> shuffled = random.permutation(rows);
    const auto order =
        std::make_shared<const std::vector<std::int32_t>>(shuffled.begin(), shuffled.end());
    const PruneMask plain(rows, 2, granularity), mask = PruneMask(plain).in_order(order);
    CHECK(plain.order() == nullptr);
    CHECK(mask ==
          PruneMask(plain).in_order(std::make_shared<const std::vector<std::int32_t>>(*order)));
    if (rows > 1) CHECK_FALSE(mask == plain);
    for (Index g = 0; g < mask.groups(); ++g) {
      std::vector<Index> expected, found;
      for (Index i = mask.row_begin(g); i < mask.row_end(g); ++i) {
        expected.push_back(shuffled[static_cast<std::size_t>(i)]);
        CHECK(mask.row(i) == expected.back());
        CHECK(plain.row(i) == i);
      }
      mask.for_rows(g, [&](Index begin, Index end) {
        CHECK(begin < end);
        for (Index r = begin; r < end; ++r) found.push_back(r);
      });
      CHECK(found == expected);
      plain.for_rows(g, [&](Index begin, Index end) {
        CHECK(begin == plain.row_begin(g));
        CHECK(end == plain.row_end(g));
      });
    }
  }
}

TEST_CASE("a row order names each row once", "[prune_mask]") {
  const auto with = [](std::vector<std::int32_t> rows) {
    return error_of([&] {
      (void)PruneMask(3, 2, 2).in_order(
          std::make_shared<const std::vector<std::int32_t>>(std::move(rows)));
    });
  };
  CHECK(with({0, 1}) == ErrorId::out_of_range);
  CHECK(with({0, 1, 1}) == ErrorId::out_of_range);
  CHECK(with({0, 1, 3}) == ErrorId::out_of_range);
  CHECK(with({0, 1, -1}) == ErrorId::out_of_range);
  CHECK(with({0, 1, 2, 2}) == ErrorId::out_of_range);
}
