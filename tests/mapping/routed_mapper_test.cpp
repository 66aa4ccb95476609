#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mapping;

namespace {

/// Inputs times masked weights: by the matrix, and by the OUs as their index buffer names them.
void check_product(Random& random, const PruneMask& mask, const RoutedLayer& layer) {
  std::vector<Index> w(static_cast<std::size_t>(mask.rows() * mask.cols()), 0), x;
  const auto at = [&](Index r, Index c) { return static_cast<std::size_t>(r * mask.cols() + c); };
  for (Index i = 0; i < mask.rows(); ++i) {
    x.push_back(random.below(256));
    for (Index c = 0; c < mask.cols(); ++c)
      if (mask.kept(i / mask.granularity(), c)) w[at(mask.row(i), c)] = random.below(511) - 255;
  }
  std::vector<Index> expected(static_cast<std::size_t>(mask.cols()), 0), found = expected;
  for (Index r = 0; r < mask.rows(); ++r)
    for (Index c = 0; c < mask.cols(); ++c)
      expected[static_cast<std::size_t>(c)] += x[static_cast<std::size_t>(r)] * w[at(r, c)];
  for (Index i = 0; i < layer.size(); ++i)
    for (const std::int32_t r : layer[i].rows)
      for (const std::int32_t c : layer[i].columns)
        found[static_cast<std::size_t>(c)] += x[static_cast<std::size_t>(r)] * w[at(r, c)];
  REQUIRE(found == expected);
}

/// OUs fit the hardware, and no crossbar holds more cells or OUs than it has.
void check_places(const RoutedLayer& layer, const ArrayShape& shape, const LayerCount& count) {
  std::map<Index, Index> cells;
  Index last = 0;
  for (Index i = 0; i < layer.size(); ++i) {
    const RoutedOu ou = layer[i];
    REQUIRE((ou.n_rows() >= 1 && ou.n_rows() <= shape.ou_rows));
    REQUIRE((ou.n_cols() >= 1 && ou.n_cols() <= shape.ou_cols));
    REQUIRE(std::is_sorted(ou.rows.begin(), ou.rows.end()));
    REQUIRE(std::is_sorted(ou.columns.begin(), ou.columns.end()));
    last = std::max(last, ou.crossbar);
    cells[ou.crossbar] += ou.n_rows() * ou.n_cols();
  }
  for (const auto& [crossbar, used] : cells) REQUIRE(used <= shape.xbar_rows * shape.xbar_cols);
  REQUIRE((cells.empty() || static_cast<Index>(cells.size()) == last + 1));
  REQUIRE(static_cast<Index>(cells.size()) * shape.arrays == count.crossbars);
  REQUIRE(layer.size() == count.ous);
}

template <RoutedMapper M>
void check(Random& random, const M& mapper, const PruneMask& mask) {
  const RoutedLayer layer = route(mapper, mask);
  const LayerCount count = count_routed(mapper, mask);
  const RoutedIndex index(layer, mapper.shape());
  const RoutedLayer decoded = index.decode(mask.rows(), mask.cols(), mapper.shape());
  check_product(random, mask, decoded);
  check_places(layer, mapper.shape(), count);
  REQUIRE(count.vectors == mask.vectors());
  REQUIRE(count.kept == mask.kept_count());
  REQUIRE(decoded.size() == layer.size());
  REQUIRE(RoutedIndex(index.ous(), index.bits(), index.words()) == index);
  for (Index i = 0; i < layer.size(); ++i) {
    REQUIRE(std::ranges::equal(decoded[i].rows, layer[i].rows));
    REQUIRE(std::ranges::equal(decoded[i].columns, layer[i].columns));
    if (i > 0)
      REQUIRE((layer.input_set(i) == layer.input_set(i - 1)) ==
              std::ranges::equal(layer[i].rows, layer[i - 1].rows));
  }
}

}  // namespace

TEST_CASE("every routed layer computes its masked layer exactly, from its index buffer") {
  Random random(71);
  for (int trial = 0; trial < 150; ++trial) {
    Geometry<> geometry;
    MappingOptions options;
    const ArrayShape shape = test::random_shape(random, options, geometry);
    const Index taps = 1 + random.below(9);
    const PruneMask mask = test::sparse_mask(random, taps);
    check(random, DenseMapper(shape), mask);
    check(random, PimMapper(shape), mask);
    check(random, BlockMapper(shape), mask);
    check(random, PackedMapper(shape), mask);
    check(random, PatternMapper(shape, taps), mask);
    check(random, SreMapper(shape), mask);
    check(random, LsrMapper(shape), mask);
    const PruneMask vectors = test::random_mask(random, shape.ou_rows, 300, 90);
    check(random, VectorMapper(shape), vectors);
    check(random, VectorMapper(shape), test::shuffled(random, vectors));
    check(random, PackedMapper(shape), test::shuffled(random, vectors));
  }
}

TEST_CASE("routed mappers take masks of any granularity") {
  Random random(72);
  const ArrayShape shape(Geometry<>{64, 64, 16, 8, 1});
  for (int trial = 0; trial < 40; ++trial) {
    const PruneMask mask = test::random_mask(random, 1 + random.below(20), 200, 40);
    check(random, DenseMapper(shape), mask);
    check(random, PimMapper(shape), mask);
    check(random, BlockMapper(shape), mask);
    check(random, PackedMapper(shape), mask);
    check(random, PatternMapper(shape, 9), mask);
    check(random, SreMapper(shape), mask);
    check(random, LsrMapper(shape), mask);
  }
}

TEST_CASE("a dense layer takes the dense crossbars of the compile-time mapper") {
  Random random(73);
  const CrossbarMapper<PaperGeometry> mapper;
  const ArrayShape shape(PaperGeometry{});
  const MappingOptions adjacent{.weight_bits = 6, .layout = BitPlanes::adjacent};
  const CrossbarMapper<Geometry<64, 96, 16, 24, 2>> wide(adjacent);
  const ArrayShape wide_shape({64, 96, 16, 24, 2}, adjacent);
  for (int trial = 0; trial < 50; ++trial) {
    const PruneMask all(1 + random.below(600), 1 + random.below(600), 1);
    const LayerCount count = count_routed(DenseMapper(shape), all);
    REQUIRE(count.crossbars == mapper.dense_crossbars(all.rows(), all.cols()));
    REQUIRE(count.crossbars == count.crossbars_dense);
    const LayerCount in_wide = count_routed(DenseMapper(wide_shape), all);
    REQUIRE(in_wide.crossbars == wide.dense_crossbars(all.rows(), all.cols()));
    REQUIRE(in_wide.crossbars == in_wide.crossbars_dense);
  }
}

TEST_CASE("our own mapping in routed form has the compile-time mapper's counts") {
  Random random(74);
  const CrossbarMapper<PaperGeometry> mapper;
  const VectorMapper routed{ArrayShape(PaperGeometry{})};
  for (int trial = 0; trial < 60; ++trial) {
    const Index granularity = Index{4} << random.below(6);
    std::vector<PruneMask> masks;
    std::vector<LayerCount> counts;
    for (int layer = 0; layer < 3; ++layer) {
      masks.push_back(test::random_mask(random, granularity));
      counts.push_back(count_routed(routed, masks.back()));
      const RoutedLayer ous = route(routed, masks.back());
      const LayerMapping mapped = mapper.map(masks.back());
      Index weights = 0, routed_weights = 0;
      for (Index i = 0; i < mapped.ous.size(); ++i)
        weights += mapped.ous[i].n_rows() * mapped.ous[i].n_cols();
      for (Index i = 0; i < ous.size(); ++i) routed_weights += ous[i].n_rows() * ous[i].n_cols();
      REQUIRE(routed_weights == weights);
    }
    const CrossbarCount found = sum_counts(counts, routed.shape().arrays).crossbars;
    const CrossbarCount expected = mapper.count(masks).crossbars;
    REQUIRE(found.dense == expected.dense);
    REQUIRE(found.per_layer == expected.per_layer);
    REQUIRE(found.pooled == expected.pooled);
  }
}

TEST_CASE(
    "magnitude pruning saves no crossbar of a naive mapping, clustered filters all they can") {
  Random random(75);
  const ArrayShape shape(Geometry<>{16, 16, 4, 4, 1});
  PruneMask scattered(64, 64, 1, false);
  for (Index r = 0; r < 64; ++r)
    for (Index c = 0; c < 64; ++c) scattered.set(r, c, (r + c) % 16 == 0);
  REQUIRE(count_routed(DenseMapper(shape), scattered).slots.taken == 16);
  // Filters c and c + 16 have the same four rows: sixteen kinds in OUs of 4x4.
  REQUIRE(count_routed(LsrMapper(shape), scattered).ous == 16);
  REQUIRE(count_routed(SreMapper(shape), scattered).ous == 16 * 4);
}

TEST_CASE("packed column-vectors take the crossbars of their number") {
  Random random(76);
  const PackedMapper mapper{ArrayShape(PaperGeometry{})};
  for (int trial = 0; trial < 40; ++trial) {
    const Index granularity = Index{4} << random.below(6);
    const PruneMask mask = test::random_mask(random, granularity);
    const LayerCount count = count_routed(mapper, mask);
    const Index shelves = ceil_div(mask.kept_count(), 128);
    REQUIRE(count.crossbars == ceil_div(shelves * granularity, 128) * 16);
    REQUIRE(count.crossbars <= CrossbarMapper<PaperGeometry>{}.count(mask).crossbars);
  }
}

TEST_CASE("layers share crossbars bitline by bitline in the pooled counting") {
  const ArrayShape shape(PaperGeometry{});
  const PruneMask narrow(128, 16, 32);
  const std::vector<LayerCount> pim(8, count_routed(PimMapper(shape), narrow));
  REQUIRE(sum_counts(pim, shape.arrays).crossbars.per_layer == 8 * 16);
  REQUIRE(sum_counts(pim, shape.arrays).crossbars.pooled == 16);
  const std::vector<LayerCount> packed(8, count_routed(PackedMapper(shape), narrow));
  REQUIRE(sum_counts(packed, shape.arrays).crossbars.pooled == 16);
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
  const LayerCount count = count_routed(PatternMapper(shape, 4), mask);
  REQUIRE(count.slots.taken == 4 + 5 * 2);
  REQUIRE(count.slots.per_crossbar == 8);
  REQUIRE(error_of([&] { (void)PatternMapper(shape, 65); }) == ErrorId::out_of_range);
}

TEST_CASE("a damaged routed index is refused") {
  const ArrayShape shape(PaperGeometry{});
  const PruneMask mask(40, 40, 1);
  const RoutedLayer layer = route(SreMapper(shape), mask);
  const RoutedIndex index(layer, shape);
  for (const Index fewer : {20, 39}) {  // the last of 40 is out of both
    REQUIRE(error_of([&] { (void)index.decode(fewer, 40, shape); }) == ErrorId::corrupt_index);
    REQUIRE(error_of([&] { (void)index.decode(40, fewer, shape); }) == ErrorId::corrupt_index);
  }

  const auto stored = [&](Index ous, Index bits, std::vector<std::uint64_t> words) {
    return error_of([&] { (void)RoutedIndex(ous, bits, std::move(words)).decode(40, 40, shape); });
  };
  REQUIRE(stored(index.ous(), index.bits(), index.words()) == ErrorId{});
  for (const Index ous :
       {Index{-1}, index.ous() - 1, index.ous() + 1, std::numeric_limits<Index>::max()})
    REQUIRE(stored(ous, index.bits(), index.words()) == ErrorId::corrupt_index);
  for (const Index bits :
       {Index{-1}, Index{0}, index.bits() - 1, std::numeric_limits<Index>::max()})
    REQUIRE(stored(index.ous(), bits, index.words()) == ErrorId::corrupt_index);
  REQUIRE(stored(1, 4, {0}) == ErrorId::corrupt_index);  // repeats what never was
  const RoutedLayer known = index.decode(40, 40, shape);
  // Every other index is either another layer's or none.
  for (Index bit = 0; bit < index.bits(); ++bit) {
    std::vector<std::uint64_t> words = index.words();
    words[static_cast<std::size_t>(bit / 64)] ^= std::uint64_t{1} << bit % 64;
    const RoutedIndex damaged(index.ous(), index.bits(), words);
    bool other = false;
    const ErrorId id = error_of([&] { other = damaged.decode(40, 40, shape) != known; });
    REQUIRE((other || id == ErrorId::corrupt_index));
  }
}
