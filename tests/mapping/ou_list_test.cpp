#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mapping;

TEST_CASE("OUs hold each kept vector once, in order, and nothing else") {
  Random random(31);
  for (int trial = 0; trial < 300; ++trial) {
    const Index granularity = Index{4} << random.below(6);
    const PruneMask mask = test::random_mask(random, granularity);
    const Index ou_cols = 1 + random.below(40);
    const OuList list(mask, ou_cols);

    PruneMask seen(mask.rows(), mask.cols(), granularity, false);
    std::vector<Index> ous_of_group(static_cast<std::size_t>(mask.groups()), 0);
    Index previous_group = -1, previous_column = -1;
    for (Index i = 0; i < list.size(); ++i) {
      const Ou ou = list[i];
      REQUIRE(ou.row_begin == mask.row_begin(ou.row_group));
      REQUIRE(ou.row_end == mask.row_end(ou.row_group));
      REQUIRE((ou.n_cols() >= 1 && ou.n_cols() <= ou_cols));
      REQUIRE(ou.n_rows() >= 1);
      REQUIRE(ou.row_group >= previous_group);
      if (ou.row_group != previous_group) previous_column = -1;
      for (const Index c : ou.columns) {
        REQUIRE(c > previous_column);
        REQUIRE(mask.kept(ou.row_group, c));
        REQUIRE_FALSE(seen.kept(ou.row_group, c));
        seen.set(ou.row_group, c, true);
        previous_column = c;
      }
      previous_group = ou.row_group;
      ++ous_of_group[static_cast<std::size_t>(ou.row_group)];
    }
    REQUIRE(seen == mask);
    REQUIRE(list.vectors() == mask.kept_count());
    for (Index g = 0; g < mask.groups(); ++g) {  // no OU more than needed
      const auto kept = static_cast<Index>(mask.kept_columns(g).size());
      REQUIRE(ous_of_group[static_cast<std::size_t>(g)] == ceil_div(kept, ou_cols));
    }
  }
}

TEST_CASE("the worked example of two row groups") {
  PruneMask mask(40, 5, 32, false);  // the second group has 8 rows
  for (const Index c : {0, 2, 3}) mask.set(0, c, true);
  mask.set(1, 4, true);
  const OuList list(mask, 2);
  REQUIRE(list.size() == 3);
  CHECK(std::vector<Index>(list[0].columns.begin(), list[0].columns.end()) ==
        std::vector<Index>{0, 2});
  CHECK(std::vector<Index>(list[1].columns.begin(), list[1].columns.end()) ==
        std::vector<Index>{3});
  CHECK(list[2].row_begin == 32);
  CHECK(list[2].n_rows() == 8);
  CHECK(list[2].columns[0] == 4);
}

TEST_CASE("an impossible layer is refused") {
  CHECK(error_of([] { OuList(0, 4, 32, 32); }) == ErrorId::out_of_range);
  CHECK(error_of([] { OuList(PruneMask(8, 8, 4), 0); }) == ErrorId::out_of_range);
}
