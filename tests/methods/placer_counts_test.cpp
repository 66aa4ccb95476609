// What each method's mapping takes, counted from its rule alone and without placing anything.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <vector>

#include "../mapping/helpers.hpp"
#include "autoprune/methods.hpp"

using namespace autoprune;
using namespace autoprune::mapping;
using namespace autoprune::methods;

namespace {

using Indices = std::vector<Index>;

bool holds(const PruneMask& mask, Index row, Index col) {
  return mask.kept(mask.group_of(row), col);
}

/// Rows of [begin, end) in which any of the filters [left, right) keeps a weight.
Indices rows_left(const PruneMask& mask, Index begin, Index end, Index left, Index right) {
  Indices rows;
  for (Index r = begin; r < std::min(end, mask.rows()); ++r)
    for (Index c = left; c < std::min(right, mask.cols()); ++c)
      if (holds(mask, r, c)) {
        rows.push_back(r);
        break;
      }
  return rows;
}

/// Filters that keep a weight in any of the rows [begin, end), each with its rows.
std::vector<Indices> filters_left(const PruneMask& mask, Index begin, Index end) {
  std::vector<Indices> filters;
  for (Index c = 0; c < mask.cols(); ++c) {
    const Indices rows = rows_left(mask, begin, end, c, c + 1);
    if (!rows.empty()) filters.push_back(rows);
  }
  return filters;
}

Index count(const Indices& indices) { return static_cast<Index>(indices.size()); }
Index count(const std::vector<Indices>& lists) { return static_cast<Index>(lists.size()); }

void check_slots(const LayerCount& found, Index taken, Index per_crossbar) {
  REQUIRE(found.slots.taken == taken);
  REQUIRE(found.slots.per_crossbar == per_crossbar);
}

void check_dense(const PruneMask& mask, const ArrayShape& s) {
  Index crossbars = 0;
  for (Index r = 0; r < mask.rows(); r += s.xbar_rows)
    for (Index c = 0; c < mask.cols(); c += s.xbar_cols)
      crossbars += rows_left(mask, r, r + s.xbar_rows, c, c + s.xbar_cols).empty() ? 0 : 1;
  check_slots(autoprune::mapping::count(DenseMapper(s), mask), crossbars, 1);
}

/// Rows out of each group of ou_cols filters, or filters out of each group of ou_rows rows.
void check_sre(const PruneMask& mask, const ArrayShape& s) {
  Index by_rows = 0, by_filters = 0;
  for (Index c = 0; c < mask.cols(); c += s.ou_cols)
    by_rows += ceil_div(count(rows_left(mask, 0, mask.rows(), c, c + s.ou_cols)), s.ou_rows);
  for (Index r = 0; r < mask.rows(); r += s.ou_rows)
    by_filters += ceil_div(count(filters_left(mask, r, r + s.ou_rows)), s.ou_cols);
  const LayerCount found = autoprune::mapping::count(SreMapper(s), mask);
  REQUIRE(found.ous == std::min(by_rows, by_filters));
  check_slots(found, found.ous, s.ous_per_crossbar());
}

/// The same by crossbars; a bitline holds a crossbar's height of one filter.
void check_pim(const PruneMask& mask, const ArrayShape& s) {
  Index by_rows = 0, by_filters = 0;
  for (Index c = 0; c < mask.cols(); c += s.xbar_cols)
    by_rows += ceil_div(count(rows_left(mask, 0, mask.rows(), c, c + s.xbar_cols)), s.xbar_rows) *
               std::min(s.xbar_cols, mask.cols() - c);
  for (Index r = 0; r < mask.rows(); r += s.xbar_rows)
    by_filters += count(filters_left(mask, r, r + s.xbar_rows));
  check_slots(autoprune::mapping::count(PimMapper(s), mask), std::min(by_rows, by_filters),
              s.xbar_cols);
}

/// Filters with the same rows left in a strip of a crossbar's height share OUs.
void check_blocks(const PruneMask& mask, const ArrayShape& s) {
  Index ous = 0;
  for (Index r = 0; r < mask.rows(); r += s.xbar_rows) {
    std::map<Indices, Index> filters;
    for (const Indices& rows : filters_left(mask, r, r + s.xbar_rows)) ++filters[rows];
    for (const auto& [rows, n] : filters)
      ous += ceil_div(count(rows), s.ou_rows) * ceil_div(n, s.ou_cols);
  }
  check_slots(autoprune::mapping::count(BlockMapper(s), mask), ous, s.ous_per_crossbar());
}

/// Kernels of one height lie side by side on shelves of that height.
void check_patterns(const PruneMask& mask, const ArrayShape& s, Index taps) {
  std::map<Index, Index> bitlines;  // by height
  for (Index r = 0; r < mask.rows(); r += taps)
    for (const Indices& rows : filters_left(mask, r, r + taps)) ++bitlines[count(rows)];
  Index wordlines = 0;
  for (const auto& [height, n] : bitlines) wordlines += height * ceil_div(n, s.xbar_cols);
  check_slots(autoprune::mapping::count(PatternMapper(s, taps), mask), wordlines, s.xbar_rows);
}

void check_packed(const PruneMask& mask, const ArrayShape& s) {
  const Index g = mask.granularity(), kept = mask.kept_count();
  const LayerCount found = autoprune::mapping::count(PackedMapper(s), mask);
  if (s.xbar_rows % g == 0)
    check_slots(found, kept, s.xbar_rows / g * s.xbar_cols);
  else
    check_slots(found, ceil_div(kept, s.xbar_cols) * g, s.xbar_rows);
}

/// A filter a bitline, a row group an OU where there are any, and one a wordline whenever inputs
/// change that don't follow from it.
template <Placer P>
void check_index(const P& placer, const PruneMask& mask) {
  const Placement placement = place(placer, mask);
  const OuShape& shape = placement.ous.shape();
  Index entries = 0;
  Indices last;
  for (Index i = 0; i < placement.ous.size(); ++i) {
    const Ou ou = placement.ous[i];
    Indices inputs(ou.rows.begin(), ou.rows.end());
    for (Index& input : inputs) input += shape.first_input(ou.columns.front());
    entries += ou.n_cols() + (shape.granularity > 0 ? 1 : 0);
    if (!shape.neighbours() && inputs != last) entries += ou.n_rows();
    last = inputs;
  }
  REQUIRE(placement.index.has_value() == P::kIndexed);
  REQUIRE(placement.index_entries == (P::kIndexed ? entries : 0));
  if (!P::kIndexed) return;
  for (const IndexCode code : kIndexCodes)
    REQUIRE(placement.index_bits() <= IndexBuffer(placement.ous, code).bits());
}

}  // namespace

TEST_CASE("every method's mapping takes what its rule says, in OUs of any shape") {
  Random random(81);
  for (int trial = 0; trial < 100; ++trial) {
    Geometry<> geometry;
    hardware::WeightCode options;
    const ArrayShape shape = mapping::test::random_shape(random, options, geometry);
    const Index taps = 1 + random.below(9);
    const PruneMask mask = mapping::test::sparse_mask(random, taps);
    const PruneMask vectors = mapping::test::random_mask(random, shape.ou_rows, 300, 90);
    const PruneMask odd = mapping::test::random_mask(random, 1 + random.below(20), 200, 60);
    for (const PruneMask& any : {mask, vectors, odd, mapping::test::shuffled(random, odd)}) {
      check_dense(any, shape);
      check_sre(any, shape);
      check_pim(any, shape);
      check_blocks(any, shape);
      check_packed(any, shape);
      check_patterns(any, shape, taps);
      check_index(DenseMapper(shape), any);
      check_index(SreMapper(shape), any);
      check_index(PimMapper(shape), any);
      check_index(LsrMapper(shape), any);
    }
    const CrossbarMapper mapper(geometry, options);
    check_index(mapper, vectors);
    check_index(mapper, mapping::test::shuffled(random, vectors));
  }
}

namespace {

/// The masks of the weight matrices, cut out by hand.
std::vector<PruneMask> parted(const PruneMask& mask) {
  std::vector<PruneMask> all;
  const Index each = mask.cols() / mask.matrices();
  for (Index first = 0; first < mask.cols(); first += each) {
    all.emplace_back(mask.rows(), each, mask.granularity(), false);
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < each; ++c) all.back().set(g, c, mask.kept(g, first + c));
  }
  return all;
}

/// The OUs of a layer are those of its matrices alone, one after another; OUs of ou_cols filters
/// and fewer stand side by side in a tile as long as it has room.
template <Placer P>
void check_matrices(const P& placer, const PruneMask& mask) {
  const OuList layer = place(placer, mask).ous;
  const Index each = mask.cols() / mask.matrices(), width = placer.shape().ou_cols;
  Index next = 0, tiles = 0, used = width, m = 0;
  for (const PruneMask& one : parted(mask)) {
    const OuList alone = place(placer, one).ous;
    for (Index i = 0; i < alone.size(); ++i, ++next) {
      REQUIRE(next < layer.size());
      const Ou ou = layer[next];
      REQUIRE(std::ranges::equal(ou.rows, alone[i].rows));
      REQUIRE(std::ranges::equal(ou.columns, alone[i].columns, {},
                                 [&](Index c) { return c - m * each; }));
      if (used + ou.n_cols() > width) ++tiles, used = 0;
      if (mask.matrices() > 1) REQUIRE(ou.place.bitline % width == used);
      used += ou.n_cols();
    }
    ++m;
  }
  REQUIRE(next == layer.size());
  if (mask.matrices() > 1) REQUIRE(autoprune::mapping::count(placer, mask).slots.taken == tiles);
}

}  // namespace

TEST_CASE("a convolution in groups takes the OUs of its groups, side by side in tiles") {
  Random random(83);
  for (int trial = 0; trial < 100; ++trial) {
    Geometry<> geometry;
    hardware::WeightCode options;
    const ArrayShape shape = mapping::test::random_shape(random, options, geometry);
    const PruneMask mask =
        mapping::test::in_groups(random, mapping::test::sparse_mask(random, 1 + random.below(9)));
    check_matrices(SreMapper(shape), mask);
    check_matrices(BlockMapper(shape), mask);
    check_matrices(LsrMapper(shape), mask);
    if (mask.matrices() > 1) check_dense(mask, shape);
    check_packed(mask, shape);
    for (const PruneMask& any : {mask, mapping::test::shuffled(random, mask)}) {
      check_index(DenseMapper(shape), any);
      check_index(SreMapper(shape), any);
      check_index(PimMapper(shape), any);
    }
    const PruneMask vectors = mapping::test::in_groups(
        random, mapping::test::random_mask(random, shape.ou_rows, 300, 90));
    const CrossbarMapper mapper(geometry, options);
    check_matrices(mapper, vectors);
    check_index(mapper, vectors);
  }
}

TEST_CASE("filters with the very same rows meet first") {
  Random random(82);
  const ArrayShape shape(Geometry<>{30, 32, 6, 4, 1});
  for (int trial = 0; trial < 30; ++trial) {
    // Few kinds of filters that differ little, and a few that are like no other.
    const Index kinds = 2 + random.below(4);
    PruneMask mask(24, 60, 1, false);
    std::map<Indices, Index> filters;
    for (Index c = 0; c < mask.cols(); ++c) {
      const Index kind = random.below(kinds + 1);
      for (Index r = 0; r < mask.rows(); ++r)
        mask.set(r, c, kind == kinds ? random.below(2) == 0 : r % 3 == 0 || r == kind);
      ++filters[rows_left(mask, 0, mask.rows(), c, c + 1)];
    }
    Index full = 0, others = 0;
    for (const auto& [rows, n] : filters)
      if (!rows.empty()) {
        full += n / shape.ou_cols;
        others += n % shape.ou_cols;
      }
    const OuList layer = place(LsrMapper(shape), mask).ous;
    std::set<std::vector<std::int32_t>> clusters;
    Index alike = 0;
    for (Index i = 0; i < layer.size(); ++i) {
      const auto columns = layer[i].columns;
      if (!clusters.insert({columns.begin(), columns.end()}).second) continue;
      const auto rows_of = [&](Index c) { return rows_left(mask, 0, mask.rows(), c, c + 1); };
      alike += layer[i].n_cols() == shape.ou_cols &&
                       std::ranges::all_of(
                           columns, [&](Index c) { return rows_of(c) == rows_of(columns[0]); })
                   ? 1
                   : 0;
    }
    REQUIRE(alike >= full);
    REQUIRE(static_cast<Index>(clusters.size()) == full + ceil_div(others, shape.ou_cols));
  }
}

TEST_CASE("blocks without columns leave a shelf as it is") {
  ShelfPlacer placer{ArrayShape(Geometry<>{16, 8, 4, 4, 1})};
  const auto ignore = [](const Ou&) {};
  const std::vector<std::int32_t> rows{0, 1, 2}, columns{0, 1, 2, 3, 4, 5}, none;
  placer.place(rows, none, 4, ignore);
  CHECK(placer.slots().taken == 0);
  placer.place(rows, columns, 3, ignore);
  CHECK(placer.slots().taken == 3);
  placer.place(rows, columns, 3, ignore);  // two bitlines on the first shelf, four on the next
  CHECK(placer.slots().taken == 6);
  CHECK(placer.columns(4).taken == 12);
}
