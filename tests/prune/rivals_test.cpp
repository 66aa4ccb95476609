#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;

namespace {

using Keep = std::function<PruneMask(double)>;

/// Weights with rows and filters of very different size.
Matrix layer(Random& random, Index filters, Index rows) {
  Matrix w = test::random_matrix(random, filters, rows);
  for (Index c = 0; c < filters; ++c) w.row(c) *= static_cast<float>(random.uniform(0.1, 2.0));
  for (Index r = 0; r < rows; ++r) w.col(r) *= static_cast<float>(random.uniform(0.1, 2.0));
  return w;
}

bool contains(const PruneMask& larger, const PruneMask& smaller) {
  for (Index r = 0; r < larger.rows(); ++r)
    for (Index c = 0; c < larger.cols(); ++c)
      if (smaller.kept(r, c) && !larger.kept(r, c)) return false;
  return true;
}

/// What every method promises: all at 1, something always, more weights at a larger keep ratio and
/// none of the old ones gone, near to what was asked, and the same again for what came out.
void check_ranking(const Keep& keep, Index rows, Index filters, Index largest_step) {
  REQUIRE(keep(1.0) == PruneMask(rows, filters, 1));
  PruneMask previous = keep(1e-6);
  REQUIRE(previous.kept_count() >= 1);
  for (const double ratio : {0.02, 0.1, 0.25, 0.4, 0.5, 0.7, 0.95}) {
    const PruneMask mask = keep(ratio);
    REQUIRE(mask.granularity() == 1);
    REQUIRE((mask.rows() == rows && mask.cols() == filters));
    REQUIRE(contains(mask, previous));
    REQUIRE(std::abs(static_cast<double>(mask.kept_count()) -
                     ratio * static_cast<double>(rows * filters)) <=
            static_cast<double>(largest_step));
    REQUIRE(keep(mask.keep_ratio()) == mask);
    previous = mask;
  }
  for (const double wrong : {0.0, -0.5, 1.01})
    REQUIRE(error_of([&] { (void)keep(wrong); }) == ErrorId::out_of_range);
}

Keep keeping(UnitRanking ranking) {
  return [ranking = std::move(ranking)](double ratio) { return ranking.keep(ratio); };
}

Index largest(const UnitRanking& ranking) {
  Index most = 0;
  for (const Unit& unit : ranking.units())
    most = std::max(most, static_cast<Index>(unit.rows.size() * unit.columns.size()));
  return most;
}

}  // namespace

TEST_CASE("masks of every method grow with the keep ratio and say what they keep") {
  Random random(81);
  for (int trial = 0; trial < 25; ++trial) {
    const Index taps = 2 + random.below(8), filters = 1 + random.below(60);
    const Index rows = taps * (1 + random.below(20));
    const Matrix w = layer(random, filters, rows);
    const ConstMatrixView view = test::view(w);
    const Index ou_rows = 1 + random.below(12), ou_cols = 1 + random.below(12);
    for (const UnitRanking& ranking :
         {rank_sre(view, ou_rows, ou_cols), rank_lsr(view, ou_rows, ou_cols),
          rank_pim_blocks(view, {3 * ou_rows, 2 * ou_cols, ou_rows, ou_cols}),
          rank_pim_prune(view, {3 * ou_rows, 2 * ou_cols, ou_rows, ou_cols})})
      check_ranking(keeping(ranking), rows, filters, largest(ranking));
    check_ranking([m = MagnitudeRanking(view)](double a) { return m.keep(a); }, rows, filters, 1);
    check_ranking([m = PatternRanking(view, taps)](double a) { return m.keep(a); }, rows, filters,
                  taps);
  }
}

TEST_CASE("magnitude pruning keeps the largest weights") {
  Random random(82);
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix w = layer(random, 1 + random.below(30), 1 + random.below(40));
    const double ratio = random.uniform(0.01, 1.0);
    const PruneMask mask = MagnitudeRanking(test::view(w)).keep(ratio);
    REQUIRE(mask == keep_best(w.transpose().cwiseAbs(), w.cols(), 1, ratio));
  }
}

TEST_CASE("PIM-Prune by OUs leaves every block whole rows and columns, and the best of one block") {
  Random random(83);
  for (int trial = 0; trial < 30; ++trial) {
    const PimShape shape{8, 12, 2, 3};
    const Matrix w = layer(random, 1 + random.below(50), 1 + random.below(50));
    const UnitRanking ranking = rank_pim_blocks(test::view(w), shape);
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
  // One weak row set and one weak column set, in a block of two by two OUs: they go first.
  Matrix w = Matrix::Constant(4, 4, 1.0F);
  w.col(1).setConstant(0.1F);
  w.col(2).setConstant(0.1F);
  w.row(0).setConstant(0.2F);
  w.row(3).setConstant(0.2F);
  const UnitRanking ranking = rank_pim_blocks(test::view(w), {4, 4, 2, 2});
  const PruneMask quarter = ranking.keep(0.25);
  for (Index r = 0; r < 4; ++r)
    for (Index c = 0; c < 4; ++c)
      REQUIRE(quarter.kept(r, c) == ((r == 0 || r == 3) && (c == 1 || c == 2)));
}

TEST_CASE("PIM-Prune keeps the columns of strips, or the rows, that weigh most") {
  Random random(88);
  for (int trial = 0; trial < 20; ++trial) {
    const PimShape shape{8, 12, 8, 12};
    const Index filters = 1 + random.below(50), rows = 1 + random.below(50);
    const Matrix w = test::random_matrix(random, filters, rows);
    const UnitRanking ranking = rank_pim_prune(test::view(w), shape);
    const bool columns = ranking.units().front().columns.size() == 1 && filters > 1;
    double best = 0.0;
    for (const UnitRanking& other : {rank_row_chunks(test::view(w), neighbours(filters, 12), 8)})
      best = std::max(best, other.importance(0.5));
    REQUIRE(ranking.importance(0.5) >= best);
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

TEST_CASE("SRE and LSR keep, of each cluster, its strongest rows") {
  Random random(84);
  for (int trial = 0; trial < 20; ++trial) {
    const Index ou_rows = 1 + random.below(4), ou_cols = 1 + random.below(6);
    const Matrix w = layer(random, 1 + random.below(40), 1 + random.below(30));
    const ConstMatrixView view = test::view(w);
    const double ratio = random.uniform(0.05, 0.9);
    const std::pair<ColumnClusters, PruneMask> cases[] = {
        {neighbours(w.rows(), ou_cols), rank_sre(view, ou_rows, ou_cols).keep(ratio)},
        {lsr_clusters(view, ou_cols), rank_lsr(view, ou_rows, ou_cols).keep(ratio)}};
    for (const auto& [clusters, mask] : cases) {
      std::vector<bool> seen(static_cast<std::size_t>(w.rows()), false);
      for (const auto& columns : clusters) {
        REQUIRE(static_cast<Index>(columns.size()) <= ou_cols);
        float weakest_kept = 1e9F, strongest_pruned = -1.0F;
        for (Index r = 0; r < w.cols(); ++r) {
          float sum = 0.0F;
          for (const auto c : columns) sum += std::abs(w(c, r));
          for (const auto c : columns) REQUIRE(mask.kept(r, c) == mask.kept(r, columns.front()));
          if (mask.kept(r, columns.front()))
            weakest_kept = std::min(weakest_kept, sum);
          else
            strongest_pruned = std::max(strongest_pruned, sum);
        }
        REQUIRE(weakest_kept >= strongest_pruned);
        for (const auto c : columns) {
          REQUIRE_FALSE(seen[static_cast<std::size_t>(c)]);
          seen[static_cast<std::size_t>(c)] = true;
        }
      }
      REQUIRE(std::count(seen.begin(), seen.end(), false) == 0);
    }
  }
}

TEST_CASE("clustering brings filters with the same rows together") {
  // Four kinds of filters, shuffled; each kind fills two clusters.
  Random random(85);
  for (int trial = 0; trial < 10; ++trial) {
    const std::vector<Index> place = random.permutation(32);
    Matrix w = Matrix::Constant(32, 40, 0.01F);
    for (Index i = 0; i < 32; ++i)
      w.row(place[static_cast<std::size_t>(i)]).segment(i / 8 * 10, 8).setConstant(1.0F);
    std::map<Index, Index> kind;
    for (Index i = 0; i < 32; ++i) kind[place[static_cast<std::size_t>(i)]] = i / 8;
    Index mixed = 0;
    for (const auto& cluster : lsr_clusters(test::view(w), 4)) {
      REQUIRE(cluster.size() == 4);
      std::set<Index> kinds;
      for (const auto c : cluster) kinds.insert(kind[c]);
      mixed += kinds.size() > 1 ? 1 : 0;
    }
    REQUIRE(mixed == 0);
    // Eight OUs hold all that is large; of neighbouring filters, which are of all kinds, they
    // don't.
    REQUIRE(rank_lsr(test::view(w), 8, 4).units()[7].importance == Approx(32.0));
    REQUIRE(rank_sre(test::view(w), 8, 4).units()[7].importance < 32.0F);
  }
}

TEST_CASE("kernels are whole, patterned or pruned") {
  Random random(86);
  for (int trial = 0; trial < 20; ++trial) {
    const Index filters = 1 + random.below(40), channels = 1 + random.below(20);
    const Matrix w = layer(random, filters, channels * 9);
    const PatternOptions options{4.0 / 9.0, 1 + random.below(8)};
    const PatternRanking ranking(test::view(w), 9, options);
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
  REQUIRE(natural_patterns(test::view(w), 4, 2, 2) == std::vector<std::uint64_t>{0b0011, 0b1100});
  REQUIRE(natural_patterns(test::view(w), 4, 2, 9).size() == 3);
}

TEST_CASE("scores of OUs add up to the layer's magnitude") {
  Random random(87);
  const Matrix w = layer(random, 40, 45);
  const ConstMatrixView view = test::view(w);
  const float total = w.cwiseAbs().sum();
  for (const Scores& scores :
       {rank_sre(view, 8, 4).ou_scores(32), rank_lsr(view, 8, 4).ou_scores(32),
        rank_pim_prune(view, {16, 16, 8, 4}).ou_scores(32),
        rank_pim_blocks(view, {16, 16, 8, 4}).ou_scores(32),
        MagnitudeRanking(view).ou_scores(32)}) {
    REQUIRE(scores.sum() == Approx(total).epsilon(1e-4));
    REQUIRE(scores.minCoeff() >= 0.0F);
  }
}

TEST_CASE("methods refuse weights and options that they can't rank") {
  Matrix w = Matrix::Constant(4, 8, 1.0F);
  w(2, 3) = std::numeric_limits<float>::quiet_NaN();
  const ConstMatrixView view = test::view(w);
  REQUIRE(error_of([&] { (void)rank_sre(view, 2, 2); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)rank_lsr(view, 2, 2); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)rank_pim_prune(view); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)MagnitudeRanking(view); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)PatternRanking(view, 4); }) == ErrorId::not_finite);
  w(2, 3) = 1.0F;
  REQUIRE(error_of([&] { (void)PatternRanking(view, 3); }) == ErrorId::shape_mismatch);
  REQUIRE(error_of([&] { (void)PatternRanking(view, 4, {0.0, 8}); }) == ErrorId::out_of_range);
}
