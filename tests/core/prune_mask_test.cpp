#include "autoprune/core/prune_mask.hpp"

#include <catch2/catch.hpp>

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
