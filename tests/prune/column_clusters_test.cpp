#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <vector>

#include "autoprune/methods/lsr.hpp"
#include "autoprune/methods/sre.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::prune;

TEST_CASE("neighbouring filters are cut one after another") {
  REQUIRE(neighbours(7, 3) == ColumnClusters{{0, 1, 2}, {3, 4, 5}, {6}});
  REQUIRE(neighbours(8, 3, 2) == ColumnClusters{{0, 1, 2}, {3}, {4, 5, 6}, {7}});
}

TEST_CASE("clusters hold every filter once, and all but one are full") {
  Random random(89);
  for (int trial = 0; trial < 200; ++trial) {
    const Index filters = 1 + random.below(40), width = 1 + random.below(9);
    const Matrix points = test::random_matrix(random, filters, 1 + random.below(6));
    std::vector<bool> seen(static_cast<std::size_t>(filters), false);
    Index full = 0;
    const ColumnClusters clusters = cluster_columns(points, width);
    for (const auto& cluster : clusters) {
      REQUIRE(std::is_sorted(cluster.begin(), cluster.end()));
      full += static_cast<Index>(cluster.size()) == width ? 1 : 0;
      for (const auto c : cluster) {
        REQUIRE_FALSE(seen[static_cast<std::size_t>(c)]);
        seen[static_cast<std::size_t>(c)] = true;
      }
    }
    REQUIRE(std::count(seen.begin(), seen.end(), false) == 0);
    REQUIRE(full == filters / width);
    REQUIRE(static_cast<Index>(clusters.size()) == ceil_div(filters, width));
  }
}

TEST_CASE("filters of one kind stay together, however many there are of each") {
  Random random(90);
  for (int trial = 0; trial < 30; ++trial) {
    std::vector<Index> kind;  // of every filter; full clusters of each
    for (Index k = 0; k < 2 + random.below(4); ++k)
      kind.insert(kind.end(), static_cast<std::size_t>(3 * (1 + random.below(5))), k);
    const Matrix centres = 10.0F * test::random_matrix(random, 6, 8);
    const std::vector<Index> order = random.permutation(static_cast<Index>(kind.size()));
    Matrix points(static_cast<Index>(kind.size()), 8);
    for (Index i = 0; i < points.rows(); ++i)
      points.row(i) =
          centres.row(kind[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
    for (const auto& cluster : cluster_columns(points, 3))
      for (const auto c : cluster) REQUIRE(points.row(c) == points.row(cluster.front()));
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
    for (const auto& cluster : methods::lsr_clusters(test::view(w), 4)) {
      REQUIRE(cluster.size() == 4);
      std::set<Index> kinds;
      for (const auto c : cluster) kinds.insert(kind[c]);
      mixed += kinds.size() > 1 ? 1 : 0;
    }
    REQUIRE(mixed == 0);
    // Eight OUs hold all that is large; of neighbouring filters, which are of all kinds, they
    // don't.
    REQUIRE(methods::rank_lsr(test::view(w), 8, 4).units()[7].importance == Approx(32.0));
    REQUIRE(methods::rank_sre(test::view(w), 8, 4).units()[7].importance < 32.0F);
  }
}
