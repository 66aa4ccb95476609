#include <array>
#include <catch2/catch.hpp>
#include <iterator>
#include <set>
#include <vector>

#include "../mapping/helpers.hpp"
#include "autoprune/methods.hpp"

using namespace autoprune;
using namespace autoprune::mapping;
using namespace autoprune::methods;

namespace {

/// Inputs times masked weights: by the matrices, and by the OUs as their index buffer names them.
void check_product(Random& random, const PruneMask& mask, const OuList& layer) {
  std::vector<Index> w(static_cast<std::size_t>(mask.rows() * mask.cols()), 0), x;
  const auto at = [&](Index r, Index c) { return static_cast<std::size_t>(r * mask.cols() + c); };
  const Index each = mask.cols() / mask.matrices();
  const auto input = [&](Index r, Index c) {
    return x[static_cast<std::size_t>(c / each * mask.rows() + r)];
  };
  for (Index i = 0; i < mask.rows() * mask.matrices(); ++i) x.push_back(random.below(256));
  for (Index i = 0; i < mask.rows(); ++i) {
    for (Index c = 0; c < mask.cols(); ++c)
      if (mask.kept(i / mask.granularity(), c)) w[at(mask.row(i), c)] = random.below(511) - 255;
  }
  std::vector<Index> expected(static_cast<std::size_t>(mask.cols()), 0), found = expected;
  for (Index r = 0; r < mask.rows(); ++r)
    for (Index c = 0; c < mask.cols(); ++c)
      expected[static_cast<std::size_t>(c)] += input(r, c) * w[at(r, c)];
  for (Index i = 0; i < layer.size(); ++i)
    for (const std::int32_t r : layer[i].rows)
      for (const std::int32_t c : layer[i].columns) {
        const Index first = layer.shape().first_input(layer[i].columns.front());
        found[static_cast<std::size_t>(c)] += x[static_cast<std::size_t>(first + r)] * w[at(r, c)];
      }
  REQUIRE(found == expected);
}

/// OUs fit the hardware and lie inside of their crossbars, no cell holds two weights, and crossbars
/// are as many as were counted.
void check_places(const OuList& layer, const ArrayShape& shape, const LayerCount& count) {
  std::set<std::array<Index, 3>> cells;
  std::set<Index> crossbars;
  std::size_t weights = 0;
  for (Index i = 0; i < layer.size(); ++i) {
    const Ou ou = layer[i];
    REQUIRE((ou.n_rows() >= 1 && ou.n_rows() <= layer.shape().highest()));
    REQUIRE((ou.n_cols() >= 1 && ou.n_cols() <= shape.ou_cols));
    REQUIRE(std::is_sorted(ou.rows.begin(), ou.rows.end()));
    REQUIRE(std::is_sorted(ou.columns.begin(), ou.columns.end()));
    REQUIRE((ou.place.wordline >= 0 && ou.place.wordline + ou.n_rows() <= shape.xbar_rows));
    REQUIRE((ou.place.bitline >= 0 && ou.place.bitline + ou.n_cols() <= shape.xbar_cols));
    crossbars.insert(ou.place.crossbar);
    for (Index r = 0; r < ou.n_rows(); ++r)
      for (Index c = 0; c < ou.n_cols(); ++c)
        cells.insert({ou.place.crossbar, ou.place.wordline + r, ou.place.bitline + c});
    weights += static_cast<std::size_t>(ou.n_rows() * ou.n_cols());
  }
  REQUIRE(cells.size() == weights);
  REQUIRE((crossbars.empty() || *crossbars.rbegin() + 1 == std::ssize(crossbars)));
  REQUIRE(std::ssize(crossbars) * shape.arrays == count.crossbars);
  REQUIRE(layer.size() == count.ous);
}

template <Placer P>
void check(Random& random, const P& placer, const PruneMask& mask) {
  const Placement placement = place(placer, mask);
  const LayerCount counted = autoprune::mapping::count(placer, mask);
  const OuList decoded = placement.decoded();
  REQUIRE(decoded.same_ous(placement.ous));
  check_product(random, mask, decoded);
  for (const LayerCount& count : {counted, placement.count}) {
    check_places(placement.ous, placer.shape(), count);
    REQUIRE(count.vectors == mask.vectors());
    REQUIRE(count.kept == mask.kept_count());
  }
}

}  // namespace

TEST_CASE("every method's OUs compute the masked layer exactly, from their index buffer") {
  Random random(71);
  for (int trial = 0; trial < 150; ++trial) {
    Geometry<> geometry;
    hardware::WeightCode options;
    const ArrayShape shape = mapping::test::random_shape(random, options, geometry);
    const Index taps = 1 + random.below(9);
    const PruneMask plain = mapping::test::sparse_mask(random, taps);
    for (const PruneMask& mask : {plain, mapping::test::in_groups(random, plain)}) {
      check(random, DenseMapper(shape), mask);
      check(random, PimMapper(shape), mask);
      check(random, BlockMapper(shape), mask);
      check(random, PackedMapper(shape), mask);
      check(random, PatternMapper(shape, taps), mask);
      check(random, SreMapper(shape), mask);
      check(random, LsrMapper(shape), mask);
    }
    const PruneMask vectors = mapping::test::random_mask(random, shape.ou_rows, 300, 90);
    const CrossbarMapper mapper(geometry, options);
    for (const PruneMask& mask : {vectors, mapping::test::in_groups(random, vectors)}) {
      check(random, mapper, mask);
      check(random, mapper, mapping::test::shuffled(random, mask));
    }
  }
}

TEST_CASE("mappers take masks of any granularity and row order") {
  Random random(72);
  const ArrayShape shape(Geometry<>{64, 64, 16, 8, 1});
  for (int trial = 0; trial < 40; ++trial) {
    PruneMask mask = mapping::test::random_mask(random, 1 + random.below(20), 200, 40);
    if (trial % 2 == 1) mask = mapping::test::shuffled(random, mask);
    if (trial % 3 == 1) mask = mapping::test::in_groups(random, mask);
    check(random, DenseMapper(shape), mask);
    check(random, PimMapper(shape), mask);
    check(random, BlockMapper(shape), mask);
    check(random, PackedMapper(shape), mask);
    check(random, PatternMapper(shape, 9), mask);
    check(random, SreMapper(shape), mask);
    check(random, LsrMapper(shape), mask);
  }
}

TEST_CASE("a dense layer takes the dense crossbars of column-vectors") {
  Random random(73);
  const CrossbarMapper<PaperGeometry> mapper;
  const ArrayShape shape(PaperGeometry{});
  const hardware::WeightCode adjacent{.weight_bits = 6, .layout = hardware::BitPlanes::adjacent};
  const CrossbarMapper<Geometry<64, 96, 16, 24, 2>> wide(adjacent);
  const ArrayShape wide_shape({64, 96, 16, 24, 2}, adjacent);
  for (int trial = 0; trial < 50; ++trial) {
    PruneMask all(1 + random.below(600), 1 + random.below(600), 1);
    if (trial % 2 == 1) all = mapping::test::in_groups(random, all);
    const LayerCount count = autoprune::mapping::count(DenseMapper(shape), all);
    REQUIRE(count.crossbars == mapper.dense_crossbars(all.rows(), all.cols()));
    REQUIRE(count.crossbars == count.crossbars_dense);
    const LayerCount in_wide = autoprune::mapping::count(DenseMapper(wide_shape), all);
    REQUIRE(in_wide.crossbars == wide.dense_crossbars(all.rows(), all.cols()));
    REQUIRE(in_wide.crossbars == in_wide.crossbars_dense);
  }
}

TEST_CASE(
    "magnitude pruning saves no crossbar of a naive mapping, clustered filters all they can") {
  Random random(75);
  const ArrayShape shape(Geometry<>{16, 16, 4, 4, 1});
  PruneMask scattered(64, 64, 1, false);
  for (Index r = 0; r < 64; ++r)
    for (Index c = 0; c < 64; ++c) scattered.set(r, c, (r + c) % 16 == 0);
  REQUIRE(autoprune::mapping::count(DenseMapper(shape), scattered).slots.taken == 16);
  // Filters c and c + 16 have the same four rows: sixteen kinds in OUs of 4x4.
  REQUIRE(autoprune::mapping::count(LsrMapper(shape), scattered).ous == 16);
  REQUIRE(autoprune::mapping::count(SreMapper(shape), scattered).ous == 16 * 4);
}

TEST_CASE("packed column-vectors take the crossbars of their number") {
  Random random(76);
  const PackedMapper mapper{ArrayShape(PaperGeometry{})};
  for (int trial = 0; trial < 40; ++trial) {
    const Index granularity = Index{4} << random.below(6);
    const PruneMask mask = mapping::test::random_mask(random, granularity);
    const LayerCount count = autoprune::mapping::count(mapper, mask);
    const Index shelves = ceil_div(mask.kept_count(), 128);
    REQUIRE(count.crossbars == ceil_div(shelves * granularity, 128) * 16);
    REQUIRE(count.crossbars <= CrossbarMapper<PaperGeometry>{}.count(mask).crossbars);
  }
}

TEST_CASE("layers share crossbars bitline by bitline in the pooled counting") {
  const ArrayShape shape(PaperGeometry{});
  const PruneMask narrow(128, 16, 32);
  const std::vector<LayerCount> pim(8, autoprune::mapping::count(PimMapper(shape), narrow));
  REQUIRE(sum_counts(pim).crossbars.per_layer == 8 * 16);
  REQUIRE(sum_counts(pim).crossbars.pooled == 16);
  const std::vector<LayerCount> packed(8, autoprune::mapping::count(PackedMapper(shape), narrow));
  REQUIRE(sum_counts(packed).crossbars.pooled == 16);
}

TEST_CASE("pattern blocks lie shoulder to shoulder") {
  // Three input channels, six filters: two patterns of two weights, and one kernel of four.
  const ArrayShape shape(Geometry<>{8, 4, 4, 2, 1});
  PruneMask mask(12, 6, 1, false);
  for (Index c = 0; c < 6; ++c)
    for (Index channel = 0; channel < 3; ++channel) {
      mask.set(channel * 4 + c % 2, c, true);
      mask.set(channel * 4 + 3, c, true);
    }
  mask.set(1, 0, true);
  mask.set(2, 0, true);
  // One kernel of four on a shelf of its own (4 wordlines), seventeen of two on shelves of four.
  const LayerCount count = autoprune::mapping::count(PatternMapper(shape, 4), mask);
  REQUIRE(count.slots.taken == 4 + 5 * 2);
  REQUIRE(count.slots.per_crossbar == 8);
  REQUIRE(error_of([&] { (void)PatternMapper(shape, 65); }) == ErrorId::out_of_range);
}
