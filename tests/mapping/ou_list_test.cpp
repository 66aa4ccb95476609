#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mapping;

TEST_CASE("OUs hold each kept vector once, in order, and nothing else") {
  Random random(31);
  for (int trial = 0; trial < 300; ++trial) {
    const Index granularity = Index{4} << random.below(5);
    PruneMask mask = test::random_mask(random, granularity);
    if (trial % 2 == 1) mask = test::shuffled(random, mask);
    const Geometry<> geometry(64, 96, 16, Index{1} << random.below(6), 1);
    const OuList list = CrossbarMapper(geometry).map(mask).ous;

    PruneMask seen = PruneMask(mask.rows(), mask.cols(), granularity, false).in_order(mask.order());
    std::vector<Index> ous_of_group(static_cast<std::size_t>(mask.groups()), 0);
    Index previous_group = -1, previous_column = -1;
    for (Index i = 0; i < list.size(); ++i) {
      const Ou ou = list[i];
      const Index g = ou.input_set;
      REQUIRE(ou.n_rows() == mask.row_end(g) - mask.row_begin(g));
      REQUIRE(std::ranges::all_of(ou.rows, [&](Index r) { return mask.group_of(r) == g; }));
      REQUIRE(std::ranges::is_sorted(ou.rows));
      REQUIRE((ou.n_cols() >= 1 && ou.n_cols() <= geometry.ou_cols));
      REQUIRE(g >= previous_group);
      if (g != previous_group) previous_column = -1;
      for (const Index c : ou.columns) {
        REQUIRE(c > previous_column);
        REQUIRE(mask.kept(g, c));
        REQUIRE_FALSE(seen.kept(g, c));
        seen.set(g, c, true);
        previous_column = c;
      }
      previous_group = g;
      ++ous_of_group[static_cast<std::size_t>(g)];
    }
    REQUIRE(seen == mask);
    REQUIRE(list.columns() == mask.kept_count());
    REQUIRE(list.shape().gathered == (mask.order() != nullptr));
    Index rows = 0;
    for (Index g = 0; g < mask.groups(); ++g) {  // no OU more than needed
      REQUIRE(ous_of_group[static_cast<std::size_t>(g)] ==
              ceil_div(mask.kept_count(g), geometry.ou_cols));
      if (mask.kept_count(g) > 0) rows += mask.row_end(g) - mask.row_begin(g);
    }
    REQUIRE(list.input_rows() == rows);
  }
}

TEST_CASE("the worked example of two row groups") {
  PruneMask mask(40, 5, 32, false);  // the second group has 8 rows
  for (const Index c : {0, 2, 3}) mask.set(0, c, true);
  mask.set(1, 4, true);
  const OuList list = CrossbarMapper(Geometry<>(64, 8, 32, 2, 1)).map(mask).ous;
  REQUIRE(list.size() == 3);
  const auto columns = [&](Index i) {
    return std::vector<Index>(list[i].columns.begin(), list[i].columns.end());
  };
  CHECK(columns(0) == std::vector<Index>{0, 2});
  CHECK(columns(1) == std::vector<Index>{3});
  CHECK(columns(2) == std::vector<Index>{4});
  CHECK(list[2].rows.front() == 32);
  CHECK(list[2].n_rows() == 8);
  CHECK(list[0].place == Place{0, 0, 0});  // down a strip of bitlines, two tiles high
  CHECK(list[1].place == Place{0, 32, 0});
  CHECK(list[2].place == Place{0, 0, 2});
}

TEST_CASE("without row groups, OUs in a row with the same rows share their input set") {
  OuList list({8, 8, 2, 2});
  const std::vector<std::int32_t> some{0, 3}, other{3, 4}, columns{1, 2};
  for (const auto* rows : {&some, &some, &other, &some}) list.add({*rows, columns});
  CHECK(list[0].input_set == list[1].input_set);
  CHECK(list[1].input_set != list[2].input_set);
  CHECK(list[2].input_set != list[3].input_set);
  CHECK(list.input_rows() == 6);
}

TEST_CASE("OUs with the same inputs come together, in pieces of so many rows") {
  OuList list({8, 8, 2, 2});
  const std::vector<std::int32_t> tall{0, 2, 5}, other{1};
  const std::vector<std::int32_t> some{0, 1}, more{2, 3}, last{7};
  list.add({tall, some});
  list.add({tall, more});
  list.add({other, last});
  std::vector<std::vector<std::int32_t>> rows, columns;
  std::vector<Index> together;
  list.for_each_input_piece(2, [&](auto r, auto c, Index ous) {
    rows.emplace_back(r.begin(), r.end());
    columns.emplace_back(c.begin(), c.end());
    together.push_back(ous);
  });
  CHECK(rows == std::vector<std::vector<std::int32_t>>{{0, 2}, {5}, {1}});
  CHECK(columns == std::vector<std::vector<std::int32_t>>{{0, 1, 2, 3}, {0, 1, 2, 3}, {7}});
  CHECK(together == std::vector<Index>{2, 2, 1});
}

TEST_CASE("the same rows of other weight matrices are other inputs, and no OU mixes them") {
  OuList list({4, 6, 2, 2, 0, false, 3});
  const std::vector<std::int32_t> rows{0, 3}, first{0, 1}, second{2, 3}, mixed{1, 2};
  list.add({rows, first});
  list.add({rows, first});
  list.add({rows, second});
  CHECK(list[0].input_set == list[1].input_set);
  CHECK(list[1].input_set != list[2].input_set);
  CHECK(list.input_rows() == 4);
  CHECK(list.shape().inputs() == 12);
  CHECK(list.shape().first_input(1) == 0);
  CHECK(list.shape().first_input(3) == 4);
  CHECK(error_of([&] { list.add({rows, mixed}); }) == ErrorId::mask_mismatch);
  CHECK(list.size() == 3);
}

TEST_CASE("an impossible layer is refused") {
  CHECK(error_of([] { OuList({8, 9, 4, 4, 0, false, 2}); }) == ErrorId::out_of_range);
  CHECK(error_of([] { OuList({8, 9, 4, 4, 0, false, 0}); }) == ErrorId::out_of_range);
  CHECK(error_of([] { OuList({0, 4, 32, 32, 32}); }) == ErrorId::out_of_range);
  CHECK(error_of([] { OuList({8, 8, 4, 0}); }) == ErrorId::out_of_range);
  CHECK(error_of([] { OuList({8, 8, 4, 4, -1}); }) == ErrorId::out_of_range);
}
