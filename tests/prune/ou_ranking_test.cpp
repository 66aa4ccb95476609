#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "autoprune/mapping.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;

namespace {

struct Layer {
  Index rows, granularity, ou_cols;
  Scores scores;

  [[nodiscard]] Index groups() const { return scores.rows(); }
  [[nodiscard]] Index cols() const { return scores.cols(); }
  [[nodiscard]] Index ous() const { return groups() * ceil_div(cols(), ou_cols); }
  [[nodiscard]] OuRanking ranking() const { return {scores, rows, granularity, ou_cols}; }

  /// Scores by what a vector's weights add up to: those of a short last group weigh less.
  [[nodiscard]] Scores weighted() const {
    Scores weighted = scores;
    const Index last = rows - (groups() - 1) * granularity;
    weighted.row(groups() - 1) *= static_cast<float>(last) / static_cast<float>(granularity);
    return weighted;
  }
  [[nodiscard]] double importance(const PruneMask& mask) const {
    const Scores weighted = this->weighted();
    double sum = 0.0;
    for (Index g = 0; g < groups(); ++g)
      for (Index c = 0; c < cols(); ++c) sum += mask.kept(g, c) ? double{weighted(g, c)} : 0.0;
    return sum;
  }
  [[nodiscard]] Index ous_of(const PruneMask& mask) const {
    Index ous = 0;
    for (Index g = 0; g < mask.groups(); ++g) ous += ceil_div(mask.kept_count(g), ou_cols);
    return ous;
  }
};

/// Integer scores and granularities that are powers of two: every sum is exact.
Layer random_layer(Random& random, Index max_groups, Index max_cols) {
  const Index granularity = Index{1} << random.below(5);
  const Index groups = 1 + random.below(max_groups), cols = 1 + random.below(max_cols);
  const Index rows = (groups - 1) * granularity + 1 + random.below(granularity);
  return {rows, granularity, 1 + random.below(max_cols + 3),
          test::random_scores(random, groups, cols, 1 + random.below(9))};
}

}  // namespace

TEST_CASE("whole OUs come as near to the keep ratio as they can") {
  Random random(41);
  for (int trial = 0; trial < 400; ++trial) {
    const Layer layer = random_layer(random, 12, 70);
    const OuRanking ranking = layer.ranking();
    for (const double keep : {1e-6, random.uniform(1e-3, 1.0), 1.0}) {
      const PruneMask mask = ranking.keep(keep);
      REQUIRE(layer.ous_of(mask) >= 1);
      for (Index g = 0; g < mask.groups(); ++g) {
        const Index kept = mask.kept_count(g);
        REQUIRE((kept % layer.ou_cols == 0 || kept == layer.cols()));
      }
      const double excess =
          static_cast<double>(mask.kept_count()) - keep * static_cast<double>(mask.vectors());
      const auto width = static_cast<double>(std::min(layer.ou_cols, layer.cols()));
      REQUIRE((std::abs(excess) <= 0.5 * width || layer.ous_of(mask) == 1));
      REQUIRE(ranking.keep(mask.keep_ratio()) == mask);
    }
    REQUIRE(ranking.keep(1.0) == PruneMask(layer.rows, layer.cols(), layer.granularity));
  }
}

TEST_CASE("where all OUs are of one size, as many are kept as the keep ratio says") {
  Random random(42);
  const mapping::CrossbarMapper<Geometry<64, 64, 16, 8, 1>> mapper;
  for (int trial = 0; trial < 50; ++trial) {
    const Index rows = 1 + random.below(300), cols = 8 * (1 + random.below(8));
    const Scores scores = test::random_scores(random, ceil_div(rows, 16), cols);
    const OuRanking ranking(scores, rows, 16, mapper.columns_per_ou());
    const double keep = random.uniform(1e-3, 1.0);
    REQUIRE(mapper.count(ranking.keep(keep)).ous ==
            keep_count(ceil_div(rows, 16) * ceil_div(cols, 8), keep));
  }
}

TEST_CASE("no mask of as many OUs is worth more") {
  Random random(43);
  for (int trial = 0; trial < 60; ++trial) {
    const Layer layer = random_layer(random, 3, 4);  // at most 12 vectors, 4096 masks
    std::vector<double> best(static_cast<std::size_t>(layer.ous()) + 1, -1.0);
    const Index vectors = layer.scores.size();
    for (Index bits = 0; bits < (Index{1} << vectors); ++bits) {
      PruneMask mask(layer.rows, layer.cols(), layer.granularity, false);
      for (Index i = 0; i < vectors; ++i)
        mask.set(i / layer.cols(), i % layer.cols(), (bits >> i & 1) == 1);
      double& known = best[static_cast<std::size_t>(layer.ous_of(mask))];
      known = std::max(known, layer.importance(mask));
    }
    const OuRanking ranking = layer.ranking();
    for (Index n = 1; n <= vectors; ++n) {
      const PruneMask mask = ranking.keep(static_cast<double>(n) / static_cast<double>(vectors));
      REQUIRE(layer.importance(mask) == best[static_cast<std::size_t>(layer.ous_of(mask))]);
    }
  }
}

TEST_CASE("OUs of one column are ranked as vectors are") {
  Random random(44);
  for (int trial = 0; trial < 200; ++trial) {
    Layer layer = random_layer(random, 8, 20);
    layer.ou_cols = 1;
    const double keep = random.uniform(1e-3, 1.0);
    REQUIRE(layer.ranking().keep(keep) ==
            keep_best(layer.weighted(), layer.rows, layer.granularity, keep));
  }
}

TEST_CASE("OU scores are the sums over each group's best vectors, chunk by chunk") {
  Random random(45);
  for (int trial = 0; trial < 100; ++trial) {
    const Layer layer = random_layer(random, 6, 30);
    const Scores weighted = layer.weighted();
    const Scores got = layer.ranking().ou_scores();
    REQUIRE(got.size() == layer.ous());
    for (Index g = 0; g < layer.groups(); ++g) {
      std::vector<float> sorted(weighted.row(g).begin(), weighted.row(g).end());
      std::sort(sorted.begin(), sorted.end(), std::greater<>{});
      std::vector<float> sums(static_cast<std::size_t>(got.cols()), 0.0F);
      for (std::size_t i = 0; i < sorted.size(); ++i)
        sums[i / static_cast<std::size_t>(layer.ou_cols)] += sorted[i];
      REQUIRE(std::equal(sums.begin(), sums.end(), got.row(g).begin()));
      REQUIRE(std::is_sorted(sums.rbegin(), sums.rend()));
    }
  }
}

TEST_CASE("an OU ranking refuses what it can't rank") {
  const Scores scores = Scores::Ones(2, 3);
  REQUIRE(error_of([&] { OuRanking(scores, 8, 4, 0); }) == ErrorId::out_of_range);
  REQUIRE(error_of([&] { OuRanking(scores, 9, 4, 2); }) == ErrorId::shape_mismatch);
  for (const double keep : {0.0, -0.5, 1.5})
    REQUIRE(error_of([&] { (void)OuRanking(scores, 8, 4, 2).keep(keep); }) ==
            ErrorId::out_of_range);
  Scores bad = scores;
  bad(1, 1) = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(error_of([&] { OuRanking(bad, 8, 4, 2); }) == ErrorId::not_finite);
  bad(1, 1) = -0.5F;  // a short OU of negative scores would count as more than a full one
  REQUIRE(error_of([&] { OuRanking(bad, 8, 4, 2); }) == ErrorId::out_of_range);
}

TEST_CASE(
    "OUs of weight matrices side by side are ranked over the layer, and none mixes matrices") {
  Random random(45);
  for (int trial = 0; trial < 200; ++trial) {
    const Layer one = random_layer(random, 6, 12);
    const Index matrices = 1 + random.below(8), each = one.cols();
    const Scores scores = test::random_scores(random, one.groups(), matrices * each, 9);
    const OuRanking ranking(scores, one.rows, one.granularity, one.ou_cols, matrices);
    const Index across = ceil_div(each, one.ou_cols);
    std::vector<float> sums;  // of all OUs
    for (Index m = 0; m < matrices; ++m) {
      const Scores own = scores.middleCols(m * each, each);
      const OuRanking alone(own, one.rows, one.granularity, one.ou_cols);
      REQUIRE(ranking.ou_scores().middleCols(m * across, across) == alone.ou_scores());
      const Scores& of_matrix = alone.ou_scores();
      sums.insert(sums.end(), of_matrix.data(), of_matrix.data() + of_matrix.size());
    }
    std::sort(sums.begin(), sums.end(), std::greater<>{});
    const PruneMask mask = ranking.keep(0.01 + 0.99 * random.uniform());
    REQUIRE(mask.matrices() == matrices);
    REQUIRE(ranking.keep(mask.keep_ratio()) == mask);
    Index ous = 0;
    double kept = 0.0, best = 0.0;
    for (Index m = 0; m < matrices; ++m) {
      const Layer own{one.rows, one.granularity, one.ou_cols, scores.middleCols(m * each, each)};
      const PruneMask part = mask.matrix(m);
      ous += own.ous_of(part);
      kept += own.importance(part);
      for (Index g = 0; g < part.groups(); ++g)
        REQUIRE((part.kept_count(g) % one.ou_cols == 0 || part.kept_count(g) == each));
    }
    for (Index i = 0; i < ous; ++i) best += double{sums[static_cast<std::size_t>(i)]};
    REQUIRE(kept == best);
    // Tiles are filled by OUs, the best first, and add up to all of them.
    const Scores tiles = ranking.tile_scores();
    if (matrices == 1) {
      REQUIRE(tiles == ranking.ou_scores());
    } else {
      REQUIRE(tiles.rows() == 1);
      REQUIRE(tiles.cols() == ceil_div(scores.size(), one.ou_cols));
      REQUIRE(tiles.sum() == Approx(ranking.ou_scores().sum()));
      REQUIRE((tiles.size() < 2 || one.ou_cols > each || tiles(0) >= tiles(1) * 0.999F));
    }
  }
}
