#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "../prune/helpers.hpp"
#include "autoprune/methods.hpp"

using namespace autoprune;
using namespace autoprune::methods;
using namespace autoprune::prune;

namespace {

using Keep = std::function<PruneMask(double)>;

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
    const Matrix w = prune::test::layer(random, filters, rows);
    const ConstMatrixView view = prune::test::view(w);
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
  for (int trial = 0; trial < 40; ++trial) {
    Matrix w = prune::test::layer(random, 1 + random.below(30), 1 + random.below(40));
    if (trial % 2 == 1) w = (2.0F * w).array().round();  // most are equal to others
    const double ratio = random.uniform(0.01, 1.0);
    const PruneMask mask = MagnitudeRanking(prune::test::view(w)).keep(ratio);
    REQUIRE(mask == keep_best(w.transpose().cwiseAbs(), w.cols(), 1, ratio));
  }
}

TEST_CASE("SRE and LSR keep, of each cluster, its strongest rows") {
  Random random(84);
  for (int trial = 0; trial < 20; ++trial) {
    const Index ou_rows = 1 + random.below(4), ou_cols = 1 + random.below(6);
    const Matrix w = prune::test::layer(random, 1 + random.below(40), 1 + random.below(30));
    const ConstMatrixView view = prune::test::view(w);
    const double ratio = random.uniform(0.05, 0.9);
    const std::pair<ColumnClusters, PruneMask> cases[] = {
        {neighbours(w.rows(), ou_cols), rank_sre(view, ou_rows, ou_cols).keep(ratio)},
        {lsr_clusters(view, ou_cols), rank_lsr(view, ou_rows, ou_cols).keep(ratio)}};
    for (const auto& [clusters, mask] : cases) {
      std::vector<bool> seen(static_cast<std::size_t>(w.rows()), false);
      for (const auto& columns : clusters) {
        REQUIRE(static_cast<Index>(columns.size()) <= ou_cols);
        float weakest_kept = 1e9F, strongest_pruned = -1.0F;
        Index kept = 0;
        for (Index r = 0; r < w.cols(); ++r) {
          float sum = 0.0F;
          for (const auto c : columns) sum += std::abs(w(c, r));
          for (const auto c : columns) REQUIRE(mask.kept(r, c) == mask.kept(r, columns.front()));
          kept += mask.kept(r, columns.front()) ? 1 : 0;
          if (mask.kept(r, columns.front()))
            weakest_kept = std::min(weakest_kept, sum);
          else
            strongest_pruned = std::max(strongest_pruned, sum);
        }
        REQUIRE(weakest_kept >= strongest_pruned);
        REQUIRE((kept % ou_rows == 0 || kept == w.cols()));
        for (const auto c : columns) {
          REQUIRE_FALSE(seen[static_cast<std::size_t>(c)]);
          seen[static_cast<std::size_t>(c)] = true;
        }
      }
      REQUIRE(std::count(seen.begin(), seen.end(), false) == 0);
    }
  }
}

TEST_CASE("scores of OUs are sums over as many weights, from unit to unit") {
  Random random(92);
  for (int trial = 0; trial < 30; ++trial) {
    const Matrix w = prune::test::layer(random, 5 + random.below(20), 5 + random.below(20));
    const UnitRanking ranking = rank_sre(prune::test::view(w), 3, 4);
    const Index chunk = 1 + random.below(40);
    std::vector<double> sums;
    Index seen = 0;
    for (const Unit& unit : ranking.units()) {
      const auto weights = static_cast<Index>(unit.rows.size() * unit.columns.size());
      for (Index i = 0; i < weights; ++i, ++seen) {
        if (seen % chunk == 0) sums.push_back(0.0);
        sums.back() += static_cast<double>(unit.importance) / static_cast<double>(weights);
      }
    }
    const Scores scores = ranking.ou_scores(chunk);
    REQUIRE(static_cast<std::size_t>(scores.size()) == sums.size());
    for (Index i = 0; i < scores.size(); ++i)
      REQUIRE(scores(i) == Approx(sums[static_cast<std::size_t>(i)]).epsilon(1e-4));
  }
}

TEST_CASE("scores of OUs add up to the layer's magnitude") {
  Random random(87);
  const Matrix w = prune::test::layer(random, 40, 45);
  const ConstMatrixView view = prune::test::view(w);
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
  const ConstMatrixView view = prune::test::view(w);
  REQUIRE(error_of([&] { (void)rank_sre(view, 2, 2); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)rank_lsr(view, 2, 2); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)rank_pim_prune(view); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)MagnitudeRanking(view); }) == ErrorId::not_finite);
  REQUIRE(error_of([&] { (void)PatternRanking(view, 4); }) == ErrorId::not_finite);
  w(2, 3) = 1.0F;
  REQUIRE(error_of([&] { (void)PatternRanking(view, 3); }) == ErrorId::shape_mismatch);
  REQUIRE(error_of([&] { (void)PatternRanking(view, 4, {0.0, 8}); }) == ErrorId::out_of_range);
}
