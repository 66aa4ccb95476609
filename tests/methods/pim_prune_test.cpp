#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "../prune/helpers.hpp"
#include "autoprune/methods.hpp"

using namespace autoprune;
using namespace autoprune::methods;
using namespace autoprune::prune;

namespace {

using Set = std::set<std::pair<Index, Index>>;  // weights, by row and filter

/// What PIM-Prune by OUs removes, one after another.
std::vector<Set> removed_in_turn(const Matrix& w, const PimShape& shape) {
  struct Block {
    std::vector<Index> rows, columns;
  };
  std::vector<Block> blocks;
  for (Index r = 0; r < w.cols(); r += shape.block_rows)
    for (Index c = 0; c < w.rows(); c += shape.block_cols) {
      Block& block = blocks.emplace_back();
      for (Index i = r; i < std::min(w.cols(), r + shape.block_rows); ++i) block.rows.push_back(i);
      for (Index i = c; i < std::min(w.rows(), c + shape.block_cols); ++i)
        block.columns.push_back(i);
    }
  std::vector<Set> removed;
  for (;;) {
    float best = std::numeric_limits<float>::infinity();
    std::size_t where = 0;
    std::vector<Index> gone;
    bool of_rows = false;
    for (std::size_t b = 0; b < blocks.size(); ++b)
      for (const bool rows : {true, false}) {
        auto list = rows ? blocks[b].rows : blocks[b].columns;
        const auto& across = rows ? blocks[b].columns : blocks[b].rows;
        if (list.empty() || across.empty()) continue;
        const auto sum = [&](Index i) {
          float total = 0.0F;
          for (const Index j : across) total += std::abs(rows ? w(j, i) : w(i, j));
          return total;
        };
        std::sort(list.begin(), list.end(), [&](Index i, Index j) { return sum(i) < sum(j); });
        const auto own = static_cast<std::size_t>(rows ? shape.ou_rows : shape.ou_cols);
        const auto other = rows ? shape.ou_cols : shape.ou_rows;
        // What is beyond whole OUs goes, or else as much as one takes.
        list.resize(list.size() % own == 0 ? own : list.size() % own);
        float cost = 0.0F;
        for (const Index i : list) cost += sum(i);
        cost /= static_cast<float>(ceil_div(static_cast<Index>(across.size()), other));
        if (cost < best) {
          best = cost;
          where = b;
          gone = list;
          of_rows = rows;
        }
      }
    if (gone.empty()) return removed;
    Block& block = blocks[where];
    Set& weights = removed.emplace_back();
    for (const Index i : gone)
      for (const Index j : of_rows ? block.columns : block.rows)
        weights.emplace(of_rows ? i : j, of_rows ? j : i);
    std::erase_if(of_rows ? block.rows : block.columns,
                  [&](Index i) { return std::find(gone.begin(), gone.end(), i) != gone.end(); });
  }
}

}  // namespace

TEST_CASE("PIM-Prune by OUs leaves every block whole rows and columns, and the best of one block") {
  Random random(83);
  for (int trial = 0; trial < 30; ++trial) {
    const PimShape shape{8, 12, 2, 3};
    const Matrix w = prune::test::layer(random, 1 + random.below(50), 1 + random.below(50));
    const UnitRanking ranking = rank_pim_blocks(prune::test::view(w), shape);
    const PruneMask mask = ranking.keep(random.uniform(0.05, 0.95));
    for (Index r0 = 0; r0 < mask.rows(); r0 += 8)
      for (Index c0 = 0; c0 < mask.cols(); c0 += 12) {
        std::set<Index> rows, columns;
        Index kept = 0;
        for (Index r = r0; r < std::min(mask.rows(), r0 + 8); ++r)
          for (Index c = c0; c < std::min(mask.cols(), c0 + 12); ++c)
            if (mask.kept(r, c)) {
              rows.insert(r);
              columns.insert(c);
              ++kept;
            }
        REQUIRE(kept == static_cast<Index>(rows.size() * columns.size()));
      }
  }
  // Block by block the cheapest for every OU that it saves, as plainly as that can be said.
  for (int trial = 0; trial < 15; ++trial) {
    const PimShape shape{10, 7, 2, 3};
    const Matrix w = prune::test::layer(random, 1 + random.below(20), 1 + random.below(25));
    const UnitRanking ranking = rank_pim_blocks(prune::test::view(w), shape);
    const std::vector<Set> removed = removed_in_turn(w, shape);
    REQUIRE(ranking.units().size() == removed.size());
    for (std::size_t i = 0; i < removed.size(); ++i) {
      const Unit& unit = ranking.units()[removed.size() - 1 - i];
      Set weights;
      for (const Index r : unit.rows)
        for (const Index c : unit.columns) weights.emplace(r, c);
      REQUIRE(weights == removed[i]);
    }
  }
  // One weak row set and one weak column set, in a block of two by two OUs: they go first.
  Matrix w = Matrix::Constant(4, 4, 1.0F);
  w.col(1).setConstant(0.1F);
  w.col(2).setConstant(0.1F);
  w.row(0).setConstant(0.2F);
  w.row(3).setConstant(0.2F);
  const UnitRanking ranking = rank_pim_blocks(prune::test::view(w), {4, 4, 2, 2});
  const PruneMask quarter = ranking.keep(0.25);
  for (Index r = 0; r < 4; ++r)
    for (Index c = 0; c < 4; ++c)
      REQUIRE(quarter.kept(r, c) == ((r == 0 || r == 3) && (c == 1 || c == 2)));
}

TEST_CASE("PIM-Prune keeps the columns of strips, or the rows, that weigh most") {
  Random random(88);
  for (int trial = 0; trial < 20; ++trial) {
    const PimShape shape{8, 12, 2, 3};
    const Index filters = 2 + random.below(50), rows = 1 + random.below(50);
    const Matrix w = prune::test::random_matrix(random, filters, rows);
    const UnitRanking ranking = rank_pim_prune(prune::test::view(w), shape);
    const bool columns = ranking.units().front().columns.size() == 1 && filters > 1;
    std::vector<Unit> strips;
    for (Index c = 0; c < filters; ++c)
      for (Index r = 0; r < rows; r += 8) {
        Unit unit{{}, {static_cast<std::int32_t>(c)}, 0.0F, 1};
        for (Index i = r; i < std::min(rows, r + 8); ++i) {
          unit.rows.push_back(static_cast<std::int32_t>(i));
          unit.importance += std::abs(w(c, i));
        }
        strips.push_back(unit);
      }
    std::stable_sort(strips.begin(), strips.end(),
                     [](const Unit& a, const Unit& b) { return a.importance > b.importance; });
    const double by_columns = UnitRanking(rows, filters, strips).importance(0.5);
    const double by_rows =
        rank_row_chunks(prune::test::view(w), neighbours(filters, 12), 8).importance(0.5);
    REQUIRE(ranking.importance(0.5) == Approx(std::max(by_columns, by_rows)));
    REQUIRE(columns == (by_columns >= by_rows));
    if (!columns) continue;
    // Column-vectors of the block's height, ranked by the sum of |w|.
    for (std::size_t i = 0; i < ranking.units().size(); ++i) {
      const Unit& unit = ranking.units()[i];
      REQUIRE(unit.rows.front() % 8 == 0);
      REQUIRE(static_cast<Index>(unit.rows.size()) == std::min<Index>(8, rows - unit.rows.front()));
      if (i > 0) REQUIRE(unit.importance <= ranking.units()[i - 1].importance);
    }
  }
}
