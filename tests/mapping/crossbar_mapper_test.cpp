#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mapping;

namespace {

using TestGeometries =
    std::tuple<PaperGeometry, Geometry<128, 128, 32, 32, 2>, Geometry<128, 128, 8, 8, 1>,
               Geometry<128, 128, 128, 128, 1>, Geometry<64, 32, 16, 16, 4>,
               Geometry<96, 120, 24, 8, 1>, Geometry<256, 256, 64, 64, 1>>;

template <class Test>
void for_each_geometry(const TestGeometries& all, const Test& test) {
  std::apply([&](const auto&... geometry) { (test(geometry), ...); }, all);
}

/// A small random network, mapped, with what the mapper should know worked out by hand.
struct Trial {
  Geometry<> spec;
  hardware::WeightCode options;
  std::vector<PruneMask> masks;
  NetworkCount counted;
  NetworkPlacement mapped;
  TileGrid grid{ArrayShape(PaperGeometry{}), 1, 1};

  bool apart() const { return options.layout == hardware::BitPlanes::apart; }
  Index slices() const {
    return ceil_div(options.weight_bits + (options.sign == hardware::SignEncoding::offset ? 1 : 0),
                    spec.cell_bits);
  }
  Index bitlines() const { return apart() ? 1 : slices(); }
  Index arrays() const {
    return (options.sign == hardware::SignEncoding::pair ? 2 : 1) * (apart() ? slices() : 1);
  }
  Index columns_per_ou() const { return spec.ou_cols / bitlines(); }
};

template <GeometryType Geom>
Trial random_trial(Random& random, Index max_rows, Index max_cols) {
  Trial t;
  t.spec = Geom{};
  do {
    t.options.weight_bits = 1 + random.below(9);
    t.options.layout =
        random.below(2) == 0 ? hardware::BitPlanes::apart : hardware::BitPlanes::adjacent;
    t.options.sign =
        random.below(2) == 0 ? hardware::SignEncoding::pair : hardware::SignEncoding::offset;
  } while (t.spec.ou_cols % t.bitlines() != 0);
  Index granularity = 0;
  do granularity = 4 + random.below(125);
  while (t.spec.xbar_rows % granularity != 0);
  for (Index l = 1 + random.below(4); l > 0; --l)
    t.masks.push_back(test::random_mask(random, granularity, max_rows, max_cols));
  if (random.below(2) == 0)
    for (PruneMask& mask : t.masks) mask = test::shuffled(random, mask);

  const CrossbarMapper<Geom> mapper(t.options);
  REQUIRE(mapper.arrays() == t.arrays());
  REQUIRE(mapper.columns_per_ou() == t.columns_per_ou());
  t.counted = mapper.count(t.masks);
  t.mapped = mapper.map(t.masks);
  t.grid = mapper.grid(granularity);
  return t;
}

/// Which cells of one sign array and bit plane hold which weight (layer, row, column), written cell
/// by cell. Fails on a cell that is written twice or lies outside of its crossbar.
class Cells {
 public:
  Cells(const Geometry<>& spec, Index bitlines) : spec_(spec), bitlines_(bitlines) {}

  void write(Index layer, const PruneMask& mask, const Ou& ou, const Place& place) {
    const Index top = place.wordline, left = place.bitline * bitlines_;
    REQUIRE(top + mask.granularity() <= spec_.xbar_rows);
    REQUIRE(left + spec_.ou_cols <= spec_.xbar_cols);
    REQUIRE((place.crossbar >= 0 && top >= 0 && left >= 0));
    REQUIRE(ou.n_cols() * bitlines_ <= spec_.ou_cols);
    crossbars_ = std::max(crossbars_, place.crossbar + 1);
    for (Index i = 0; i < ou.n_rows(); ++i)
      for (Index j = 0; j < ou.n_cols() * bitlines_; ++j) {
        const auto cell = std::make_tuple(place.crossbar, top + i, left + j);
        const auto weight =
            std::make_tuple(layer, Index{ou.rows[static_cast<std::size_t>(i)]},
                            Index{ou.columns[static_cast<std::size_t>(j / bitlines_)]});
        if (!cells_.insert(cell).second) FAIL("two weights in one cell");
        ++copies_[weight];
      }
  }

  /// Every weight of a kept vector has its cells, and no other weight has any.
  void check(const std::vector<PruneMask>& masks) const {
    std::size_t expected = 0;
    for (std::size_t l = 0; l < masks.size(); ++l)
      for (Index r = 0; r < masks[l].rows(); ++r)
        for (Index c = 0; c < masks[l].cols(); ++c) {
          if (!masks[l].kept(masks[l].group_of(r), c)) continue;
          ++expected;
          const auto found = copies_.find({static_cast<Index>(l), r, c});
          if (found == copies_.end() || found->second != bitlines_) FAIL("a kept weight is lost");
        }
    REQUIRE(copies_.size() == expected);
  }

  Index crossbars() const { return crossbars_; }

 private:
  std::set<std::tuple<Index, Index, Index>> cells_;          // (crossbar, wordline, bitline)
  std::map<std::tuple<Index, Index, Index>, Index> copies_;  // of (layer, row, column)
  Geometry<> spec_;
  Index bitlines_;
  Index crossbars_ = 0;
};

/// OUs of a mask, counted vector by vector.
Index reference_ous(const PruneMask& mask, Index columns_per_ou) {
  Index ous = 0;
  for (Index g = 0; g < mask.groups(); ++g) {
    Index room = 0;
    for (Index c = 0; c < mask.cols(); ++c) {
      if (!mask.kept(g, c)) continue;
      if (room == 0) {
        ++ous;
        room = columns_per_ou;
      }
      --room;
    }
  }
  return ous;
}

/// The OUs that plain loops find.
OuList reference_list(const Trial& t, const PruneMask& mask) {
  const OuList by_loops = test::ous_of(mask, t.columns_per_ou());
  OuShape shape = by_loops.shape();
  shape.ou_rows = t.spec.ou_rows;
  OuList list(shape);
  for (Index i = 0; i < by_loops.size(); ++i) list.add(by_loops[i]);
  return list;
}

void check_counts(const Trial& t) {
  const Geometry<>& s = t.spec;
  const Index tiles = s.xbar_rows / t.masks.front().granularity() * (s.xbar_cols / s.ou_cols);
  CrossbarCount expected;
  Index all_ous = 0;
  IndexSizes sizes;
  for (std::size_t l = 0; l < t.masks.size(); ++l) {
    const PruneMask& mask = t.masks[l];
    const Index ous = reference_ous(mask, t.columns_per_ou());
    const Index dense = ceil_div(mask.rows(), s.xbar_rows) *
                        ceil_div(mask.cols() * t.bitlines(), s.xbar_cols) * t.arrays();
    for (const LayerCount& count : {t.counted.layers[l], t.mapped.layers[l].count}) {
      REQUIRE(count.rows == mask.rows());
      REQUIRE(count.cols == mask.cols());
      REQUIRE(count.vectors == mask.vectors());
      REQUIRE(count.kept == mask.kept_count());
      REQUIRE(count.ous == ous);
      REQUIRE(count.crossbars_dense == dense);
      REQUIRE(count.crossbars == ceil_div(ous, tiles) * t.arrays());
    }
    expected.dense += dense;
    expected.per_layer += ceil_div(ous, tiles) * t.arrays();
    all_ous += ous;
    sizes += t.mapped.layers[l].index_sizes;
    REQUIRE(t.mapped.layers[l].index->code() == t.mapped.layers[l].index_sizes.smallest());
    REQUIRE(t.mapped.layers[l].index_sizes == index_sizes(t.mapped.layers[l].ous));
    REQUIRE(t.mapped.layers[l].ous.same_ous(reference_list(t, mask)));
  }
  for (const CrossbarCount& crossbars : {t.counted.crossbars, t.mapped.crossbars}) {
    REQUIRE(crossbars.dense == expected.dense);
    REQUIRE(crossbars.per_layer == expected.per_layer);
    REQUIRE(crossbars.pooled == ceil_div(all_ous, tiles) * t.arrays());
  }
  REQUIRE(t.mapped.index_sizes == sizes);
}

}  // namespace

TEST_CASE("every kept weight has its own cells, alone and pooled, and nothing pruned has any") {
  Random random(51);
  for_each_geometry(TestGeometries{}, [&](auto geometry) {
    for (int trial = 0; trial < 6; ++trial) {
      const Trial t = random_trial<std::decay_t<decltype(geometry)>>(random, 300, 50);
      Cells pooled(t.spec, t.bitlines());
      for (std::size_t l = 0; l < t.masks.size(); ++l) {
        const Placement& layer = t.mapped.layers[l];
        Cells alone(t.spec, t.bitlines());
        for (Index i = 0; i < layer.ous.size(); ++i) {
          alone.write(0, t.masks[l], layer.ous[i], layer.ous[i].place);
          pooled.write(static_cast<Index>(l), t.masks[l], layer.ous[i],
                       t.grid.at(layer.first_pooled_place + i));
        }
        alone.check({t.masks[l]});
        REQUIRE(layer.count.crossbars == alone.crossbars() * t.arrays());
        REQUIRE(layer.decoded().same_ous(layer.ous));
      }
      pooled.check(t.masks);
      REQUIRE(t.mapped.crossbars.pooled == pooled.crossbars() * t.arrays());
    }
  });
}

TEST_CASE("counting is mapping without places, and both are the brute-force count") {
  Random random(52);
  for_each_geometry(TestGeometries{}, [&](auto geometry) {
    for (int trial = 0; trial < 20; ++trial)
      check_counts(random_trial<std::decay_t<decltype(geometry)>>(random, 400, 90));
  });
}

TEST_CASE("dense crossbars of the known networks") {
  const auto dense = [](const test::Shapes& shapes, hardware::BitPlanes layout) {
    const CrossbarMapper<PaperGeometry> mapper({.layout = layout});
    return mapper.count(test::dense_masks(shapes, 32)).crossbars.dense;
  };
  CHECK(dense(test::alexnet(), hardware::BitPlanes::apart) == 23280);
  CHECK(dense(test::vgg16(), hardware::BitPlanes::apart) == 14496);
  CHECK(dense(test::plain20(), hardware::BitPlanes::apart) == 944);
  CHECK(dense(test::alexnet(), hardware::BitPlanes::adjacent) == 22784);
  CHECK(dense(test::vgg16(), hardware::BitPlanes::adjacent) == 14392);
  CHECK(dense(test::plain20(), hardware::BitPlanes::adjacent) == 320);
}

TEST_CASE("compression of Plain20 per layer ends at 2.95, pooled it does not") {
  std::vector<PruneMask> masks;
  for (const auto& [rows, cols] : test::plain20()) {
    masks.emplace_back(rows, cols, 32, false);
    masks.back().set(0, 0, true);
  }
  const CrossbarCount crossbars = CrossbarMapper<PaperGeometry>().count(masks).crossbars;
  CHECK(crossbars.compression_per_layer() == Approx(2.95));
  CHECK(crossbars.pooled == 32);  // 20 tiles, 16 a crossbar, 16 arrays
  CHECK(crossbars.compression_pooled() == Approx(29.5));
}

TEST_CASE("only layers with the same places share crossbars") {
  const auto layer = [](Index taken, Index per_crossbar) {
    LayerCount count;
    count.slots = {taken, per_crossbar};
    count.crossbars = ceil_div(taken, per_crossbar) * 4;
    count.crossbars_dense = 20;
    count.array.arrays = 4;
    return count;
  };
  // Nine places of eight a crossbar and seven of three, in four arrays.
  const CrossbarCount crossbars = sum_counts({layer(5, 8), layer(7, 3), layer(4, 8)}).crossbars;
  CHECK(crossbars.dense == 60);
  CHECK(crossbars.per_layer == (1 + 3 + 1) * 4);
  CHECK(crossbars.pooled == (2 + 3) * 4);
}

TEST_CASE("layers of other crossbars or bits are counted as what they are, and share none") {
  // Cells of 2 bits at 8 bits a weight and of 1 at 4 are as many arrays, and not the same ones.
  const std::vector<CrossbarMapper<>> mappers = {
      CrossbarMapper(Geometry<>{64, 64, 16, 16, 1}),
      CrossbarMapper(Geometry<>{64, 64, 16, 16, 1}, {.weight_bits = 4}),
      CrossbarMapper(Geometry<>{64, 64, 16, 16, 2}),
      CrossbarMapper(Geometry<>{128, 32, 16, 16, 1})};
  Random random(81);
  for (int trial = 0; trial < 30; ++trial) {
    std::vector<LayerCount> counts;
    std::vector<Placement> placements;
    std::vector<Index> ous(mappers.size(), 0);
    CrossbarCount expected;
    for (Index layer = 0; layer < 6; ++layer) {
      const auto m = static_cast<std::size_t>(random.below(std::ssize(mappers)));
      const PruneMask mask = test::random_mask(random, 16);
      counts.push_back(mappers[m].count(mask));
      placements.push_back(mappers[m].map(mask));
      CHECK(network_placement(placements).layers.back().first_pooled_place == ous[m]);
      ous[m] += counts.back().ous;
      expected.dense += counts.back().crossbars_dense;
      expected.per_layer += ceil_div(counts.back().ous, 16) * mappers[m].arrays();
    }
    for (std::size_t m = 0; m < mappers.size(); ++m)
      expected.pooled += ceil_div(ous[m], 16) * mappers[m].arrays();
    for (const CrossbarCount& found :
         {sum_counts(counts).crossbars, network_placement(placements).crossbars}) {
      CHECK(found.dense == expected.dense);
      CHECK(found.per_layer == expected.per_layer);
      CHECK(found.pooled == expected.pooled);
    }
  }
}

TEST_CASE("bits per cell, layout and signs set the arrays") {
  using Paper = CrossbarMapper<PaperGeometry>;
  CHECK(Paper().arrays() == 16);
  CHECK(Paper().columns_per_ou() == 32);
  CHECK(Paper({.layout = hardware::BitPlanes::adjacent}).arrays() == 2);
  CHECK(Paper({.layout = hardware::BitPlanes::adjacent}).columns_per_ou() == 4);
  CHECK(Paper({.sign = hardware::SignEncoding::offset}).arrays() == 9);
  CHECK(CrossbarMapper<Geometry<128, 128, 32, 32, 4>>().arrays() == 4);
  CHECK(CrossbarMapper<Geometry<128, 128, 32, 32, 3>>({.weight_bits = 7}).arrays() == 6);
}

TEST_CASE("what can't be mapped is refused") {
  using Paper = CrossbarMapper<PaperGeometry>;
  const auto mapped = [](Index granularity) { return Paper().map(PruneMask(8, 8, granularity)); };
  CHECK(error_of([&] { (void)mapped(48); }) == ErrorId::mask_mismatch);
  CHECK(error_of([&] { (void)mapped(256); }) == ErrorId::mask_mismatch);
  CHECK(error_of([] { (void)Paper().count(PruneMask(8, 8, 48)); }) == ErrorId::mask_mismatch);
  CHECK(error_of([] { (void)Paper().count(PruneMask()); }) == ErrorId::mask_mismatch);
  const std::vector<PruneMask> mixed = {PruneMask(8, 8, 4), PruneMask(8, 8, 8)};
  CHECK(error_of([&] { (void)Paper().count(mixed); }) == ErrorId::mask_mismatch);
  CHECK(error_of([&] { (void)Paper().map(mixed); }) == ErrorId::mask_mismatch);
  CHECK(error_of([] { Paper({.weight_bits = 0}); }) == ErrorId::out_of_range);
  CHECK(error_of([] { Paper({.weight_bits = 7, .layout = hardware::BitPlanes::adjacent}); }) ==
        ErrorId::geometry_mismatch);
  CHECK(Paper().count(std::vector<PruneMask>{}).crossbars.pooled == 0);
}

TEST_CASE("a geometry known at run time maps as one known to the compiler") {
  using Wide = Geometry<48, 96, 8, 12, 2>;
  Random random(31);
  for (int trial = 0; trial < 20; ++trial) {
    PruneMask mask(1 + random.below(200), 1 + random.below(90), 8);
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.below(3) == 0);
    const Placement one = CrossbarMapper<Wide>().map(mask);
    const Placement other = CrossbarMapper(Geometry<>(Wide{})).map(mask);
    CHECK(one.ous.same_ous(other.ous));
    CHECK(one.index == other.index);
    CHECK(one.count.crossbars == other.count.crossbars);
    CHECK(one.count.crossbars_dense == other.count.crossbars_dense);
    for (Index i = 0; i < one.ous.size(); ++i) CHECK(one.ous[i].place == other.ous[i].place);
  }
  CHECK(error_of([] { (void)CrossbarMapper(Geometry<>(128, 128, 48, 32, 1)); }) ==
        ErrorId::geometry_mismatch);
}
