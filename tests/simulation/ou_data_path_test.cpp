#include "autoprune/simulation/ou_data_path.hpp"

#include <catch2/catch.hpp>

#include "../error_of.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/methods.hpp"
#include "autoprune/simulation/active_ous.hpp"
#include "naive.hpp"

using namespace autoprune;
using namespace autoprune::simulation;

namespace {

constexpr Index kLanes = nn::kLanes;

/// A layer, maybe of several weight matrices, a mask, inputs and a configuration, all random.
struct Case {
  DataPathConfig config;
  PruneMask mask;
  QuantisedWeights weights;
  std::vector<std::int32_t> x;  // [input][lane]

  Case(Random& random, Index granularity, const Geometry<>& geometry) {
    config.weights.weight_bits = 1 + random.below(8);
    if (random.below(2) == 1) config.weights.sign = hardware::SignEncoding::offset;
    const Index slices = config.weights.slices(geometry.cell_bits);
    if (random.below(2) == 1 && geometry.ou_cols % slices == 0)
      config.weights.layout = hardware::BitPlanes::adjacent;
    config.input.bits = 1 + random.below(8);
    config.input.dac_bits = Index{1} << random.below(3);
    config.input.negative = random.below(2) == 1;
    const Index matrices = random.below(2) == 0 ? 1 : 1 + random.below(12);
    const Index cols = matrices * (1 + random.below(ceil_div(40, matrices)));
    mask = PruneMask(1 + random.below(90), cols, granularity).in_matrices(matrices);
    const double keep = random.uniform();
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.uniform() < keep);
    Tensor w = make_tensor({mask.cols(), mask.rows()});
    for (float& v : w) v = static_cast<float>(random.normal());
    weights = quantise(w, mask, config.weights.weight_bits);
    const bool sparse = random.below(2) == 1;
    for (Index i = 0; i < inputs() * kLanes; ++i) {
      auto value = static_cast<std::int32_t>(random.below(largest_code(config.input.bits) + 1));
      if (sparse && random.below(4) != 0) value = 0;
      x.push_back(config.input.negative && random.below(2) == 1 ? -value : value);
    }
  }

  [[nodiscard]] Index inputs() const { return mask.rows() * mask.matrices(); }
  template <GeometryType Geom>
  [[nodiscard]] mapping::Placement map(const Geom& geometry = {}) const {
    return mapping::CrossbarMapper(geometry, config.weights).map(mask);
  }
  [[nodiscard]] double product(Index filter, Index lane) const {
    std::int64_t sum = 0;
    const Index first = filter / (mask.cols() / mask.matrices()) * mask.rows();
    for (Index r = 0; r < mask.rows(); ++r)
      sum += std::int64_t{weights(r, filter)} *
             x[static_cast<std::size_t>((first + r) * kLanes + lane)];
    return static_cast<double>(sum);
  }
  template <GeometryType Geom, class Adc>
  [[nodiscard]] std::vector<double> run(const Geom& geometry, const Adc& adc, Walk walk,
                                        Activity& activity, Index lanes = kLanes) const {
    const OUDataPath path(geometry, weights, map(geometry), adc, config, walk);
    std::vector<double> y(static_cast<std::size_t>(mask.cols() * kLanes));
    path.multiply(x.data(), y.data(), lanes, activity);
    return y;
  }
};

/// A divisor of the crossbar's rows.
Index random_granularity(Random& random, const Geometry<>& geometry) {
  Index g = 1 + random.below(geometry.xbar_rows);
  while (geometry.xbar_rows % g != 0) --g;
  return g;
}

/// Cases of this geometry whose data path is not the integer product to the bit.
template <GeometryType Geom>
Index wrong_products(const Geom& geometry, Index cases, std::uint64_t seed) {
  Index wrong = 0;
  Random random(seed);
  for (Index n = 0; n < cases; ++n) {
    const Case c(random, random_granularity(random, geometry), geometry);
    Activity activity;
    const std::vector<double> y = c.run(geometry, hardware::IdealAdc{}, Walk::all, activity);
    bool same = true;
    for (Index f = 0; f < c.mask.cols(); ++f)
      for (Index l = 0; l < kLanes; ++l)
        same = same && y[static_cast<std::size_t>(f * kLanes + l)] == c.product(f, l);
    wrong += same ? 0 : 1;
  }
  return wrong;
}

/// Compares outputs and activity with the naive loops, the walk over errors with both, and the
/// activity with what is counted without computing.
template <GeometryType Geom, class Adc>
void check_against_naive(const Geom& geometry, const Adc& adc, std::uint64_t seed) {
  Random random(seed);
  for (Index n = 0; n < 40; ++n) {
    const Case c(random, random_granularity(random, geometry), geometry);
    const mapping::Placement mapped = c.map(geometry);
    const Index lanes = 1 + random.below(3);
    Activity activity, naive_activity, counted, unused;
    const ActiveOus stored(mapped, {.geometry = geometry, .weights = c.config.weights},
                           c.config.input);
    const std::vector<double> y = c.run(geometry, adc, Walk::all, activity, lanes);
    const std::vector<double> off = c.run(geometry, adc, Walk::errors, unused);
    const bool adds_up = adc.lsb() == 1.0 || c.config.weights.sign == hardware::SignEncoding::pair;
    for (Index l = 0; l < lanes; ++l) {
      std::vector<std::int32_t> x;
      for (Index r = 0; r < c.inputs(); ++r)
        x.push_back(c.x[static_cast<std::size_t>(r * kLanes + l)]);
      const auto naive = test::naive_multiply(c.weights, mapped.ous, x, adc, c.config, geometry);
      naive_activity += naive.activity;
      counted += stored.count(x);
      for (Index f = 0; f < c.mask.cols(); ++f) {
        const auto at = static_cast<std::size_t>(f * kLanes + l);
        REQUIRE(y[at] == Approx(naive.y[static_cast<std::size_t>(f)]).margin(1e-6));
        if (adds_up) REQUIRE(y[at] == Approx(adc.lsb() * c.product(f, l) + off[at]).margin(1e-6));
      }
    }
    REQUIRE(activity == naive_activity);
    REQUIRE(counted == naive_activity);
  }
}

}  // namespace

TEST_CASE("with an ideal ADC the data path is the masked integer product, to the bit") {
  CHECK(wrong_products(PaperGeometry{}, 3000, 1) == 0);
  CHECK(wrong_products(Geometry<128, 128, 8, 8, 1>{}, 2000, 2) == 0);
  CHECK(wrong_products(Geometry<128, 128, 32, 32, 2>{}, 2000, 3) == 0);
  CHECK(wrong_products(Geometry<256, 256, 64, 64, 4>{}, 2000, 4) == 0);
  CHECK(wrong_products(Geometry<128, 128, 128, 128, 1>{}, 1000, 5) == 0);
  CHECK(wrong_products(Geometry<64, 96, 16, 24, 2>{}, 500, 6) == 0);
}

TEST_CASE("a data path is the plain loops on any hardware that can exist") {
  for (const char* text :
       {"64x64/16x16/2", "256x256/8x16/4", "100x100/20x25/3", "512x512/128x128/1", "96x64/96x8/8",
        "34x6/17x3/5", "1x2/1x1/1", "640x32/320x16/7"}) {
    INFO(text);
    const auto geometry = Geometry<>::parse(text);
    CHECK(wrong_products(geometry, 100, 7) == 0);
    check_against_naive(geometry, hardware::SaturatingAdc(4), 19);
    check_against_naive(geometry, hardware::RoundingAdc::over(300.0, 5), 20);
  }
}

TEST_CASE("a geometry known at run time computes the bits of one known to the compiler") {
  Random random(23);
  using Tall = Geometry<192, 64, 48, 16, 4>;
  for (int trial = 0; trial < 50; ++trial) {
    const Case c(random, random_granularity(random, Tall{}), Tall{});
    Activity one, other;
    REQUIRE(c.run(Tall{}, hardware::SaturatingAdc(4), Walk::all, one) ==
            c.run(Geometry<>(Tall{}), hardware::SaturatingAdc(4), Walk::all, other));
    REQUIRE(one == other);
  }
}

TEST_CASE("six bits lose nothing of thirty-two rows of one-bit cells") {
  Random random(6);
  for (Index n = 0; n < 100; ++n) {
    Case c(random, 32, PaperGeometry{});
    c.config.input.dac_bits = 1;
    Activity activity;
    const auto ideal = c.run(PaperGeometry{}, hardware::IdealAdc{}, Walk::all, activity);
    REQUIRE(c.run(PaperGeometry{}, hardware::SaturatingAdc(6), Walk::all, activity) == ideal);
    REQUIRE(c.run(PaperGeometry{}, hardware::RoundingAdc::over(32.0, 6), Walk::all, activity) ==
            ideal);
    const OUDataPath<PaperGeometry, hardware::SaturatingAdc> errors(
        {}, c.weights, c.map(PaperGeometry{}), hardware::SaturatingAdc(6), c.config, Walk::errors);
    REQUIRE(errors.bitlines() == 0);
  }
}

TEST_CASE("outputs and activity are those of the plain loops, whatever the ADC") {
  check_against_naive(PaperGeometry{}, hardware::SaturatingAdc(3), 11);
  check_against_naive(PaperGeometry{}, hardware::RoundingAdc::over(32.0, 5), 12);
  check_against_naive(PaperGeometry{}, hardware::RoundingAdc::over(32.0, 4), 13);
  check_against_naive(PaperGeometry{}, hardware::RoundingAdc::signed_over(32.0, 6), 14);
  check_against_naive(Geometry<128, 128, 32, 32, 2>{}, hardware::SaturatingAdc(5), 15);
  check_against_naive(Geometry<256, 256, 64, 64, 1>{}, hardware::RoundingAdc::over(64.0, 5), 16);
  check_against_naive(Geometry<128, 128, 8, 8, 1>{}, hardware::SaturatingAdc(2), 17);
  check_against_naive(Geometry<64, 96, 16, 24, 2>{}, hardware::SaturatingAdc(4), 18);
}

TEST_CASE("without the index, compacted column-vectors add up to the wrong outputs") {
  Random random(21);
  PruneMask mask(64, 8, 32);
  for (const Index c : {0, 2, 5}) mask.set(0, c, false);
  for (const Index c : {1, 7}) mask.set(1, c, false);
  Tensor w = make_tensor({8, 64});
  for (float& v : w) v = static_cast<float>(random.normal());
  const QuantisedWeights q = quantise(w, mask, 8);
  std::vector<std::int32_t> x(64);
  for (auto& v : x) v = static_cast<std::int32_t>(random.below(256));
  const mapping::OuList ous = mapping::CrossbarMapper<PaperGeometry>().map(mask).ous;
  const auto routed = test::naive_multiply(q, ous, x, hardware::IdealAdc{}, {}, PaperGeometry{});
  // Bitline j counts as filter j, as in an array without an index buffer.
  std::vector<double> unrouted(8, 0.0);
  for (Index i = 0; i < ous.size(); ++i)
    for (Index j = 0; j < ous[i].n_cols(); ++j)
      for (const Index r : ous[i].rows)
        unrouted[static_cast<std::size_t>(j)] +=
            q(r, ous[i].columns[static_cast<std::size_t>(j)]) * x[static_cast<std::size_t>(r)];
  Index wrong = 0;
  for (Index c = 0; c < 8; ++c) {
    double exact = 0.0;
    for (Index r = 0; r < 64; ++r) exact += q(r, c) * x[static_cast<std::size_t>(r)];
    REQUIRE(routed.y[static_cast<std::size_t>(c)] == exact);
    wrong += unrouted[static_cast<std::size_t>(c)] != exact ? 1 : 0;
  }
  REQUIRE(wrong == 8);
}

TEST_CASE("ideal devices change nothing, real ones do") {
  Random random(31);
  const Case c(random, 32, PaperGeometry{});
  const mapping::Placement mapped = c.map(PaperGeometry{});
  Activity a, b;
  std::vector<double> y(static_cast<std::size_t>(c.mask.cols() * kLanes)), ideal = y;
  OUDataPath<PaperGeometry>({}, c.weights, mapped, {}, c.config)
      .multiply(c.x.data(), ideal.data(), kLanes, a);
  // A variation far too small to move any code, on the path of real cells.
  const hardware::Devices faint(hardware::OnOffRatio{}, hardware::StuckAt{},
                                hardware::Variation{1e-7});
  OUDataPath<PaperGeometry>({}, c.weights, mapped, {}, c.config, Walk::all, faint, 1)
      .multiply(c.x.data(), y.data(), kLanes, b);
  REQUIRE(y == ideal);
  REQUIRE(a == b);
  const hardware::Devices strong(hardware::OnOffRatio{}, hardware::StuckAt{},
                                 hardware::Variation{0.3});
  for (const std::uint64_t seed : {1u, 2u}) {
    std::vector<double> varied = y, again = y;
    for (auto* out : {&varied, &again})
      OUDataPath<PaperGeometry>({}, c.weights, mapped, {}, c.config, Walk::all, strong, seed)
          .multiply(c.x.data(), out->data(), kLanes, b);
    REQUIRE(varied == again);
    REQUIRE(varied != y);
    y = varied;
  }
}

TEST_CASE("real cells: the plain loops over the same cells, and errors alone add up to the same") {
  Random random(32);
  const auto check = [&]<class Adc>(const Adc& adc,
                                    const hardware::Devices<hardware::OnOffRatio, hardware::StuckAt,
                                                            hardware::Variation>& devices) {
    constexpr std::uint64_t kSeed = 5;
    const Case c(random, random_granularity(random, PaperGeometry{}), PaperGeometry{});
    const auto mapped = c.map(PaperGeometry{});
    std::vector<double> y(static_cast<std::size_t>(c.mask.cols() * kLanes)), off = y;
    Activity activity;
    const OUDataPath<PaperGeometry, Adc> all({}, c.weights, mapped, adc, c.config, Walk::all,
                                             devices, kSeed);
    const OUDataPath<PaperGeometry, Adc> errors({}, c.weights, mapped, adc, c.config, Walk::errors,
                                                devices, kSeed);
    all.multiply(c.x.data(), y.data(), 1, activity);
    errors.multiply(c.x.data(), off.data(), 1, activity);
    REQUIRE(errors.bitlines() <= all.bitlines());
    const WeightEncoding encoding(c.config.weights, 1);
    // The cells of a filter's array within an OU are drawn in the order of its rows.
    const auto conductance = [&](Index row, Index column, std::size_t array, std::int32_t level) {
      const Index steps = std::min<Index>(32, c.mask.granularity());
      const Index first = row / c.mask.granularity() * c.mask.granularity() +
                          row % c.mask.granularity() / steps * steps;
      Random draws(kSeed, static_cast<std::uint64_t>(first * c.mask.cols() + column) *
                                  encoding.arrays().size() +
                              array);
      for (Index r = first; r < row; ++r)
        (void)devices.conductance(encoding.level(c.weights(r, column), encoding.arrays()[array]), 2,
                                  draws);
      return devices.conductance(level, 2, draws);
    };
    std::vector<std::int32_t> x;
    for (Index r = 0; r < c.inputs(); ++r) x.push_back(c.x[static_cast<std::size_t>(r * kLanes)]);
    const auto naive =
        test::naive_multiply(c.weights, mapped.ous, x, adc, c.config, PaperGeometry{}, conductance);
    const bool adds_up = adc.lsb() == 1.0 || c.config.weights.sign == hardware::SignEncoding::pair;
    for (Index f = 0; f < c.mask.cols(); ++f) {
      const auto at = static_cast<std::size_t>(f * kLanes);
      REQUIRE(y[at] == Approx(naive.y[static_cast<std::size_t>(f)]).margin(1e-6));
      if (adds_up) REQUIRE(y[at] == Approx(adc.lsb() * c.product(f, 0) + off[at]).margin(1e-6));
    }
  };
  for (int n = 0; n < 12; ++n) {
    const double sigma = 0.3 * random.uniform();
    check(hardware::SaturatingAdc(4), hardware::Devices(hardware::OnOffRatio{}, hardware::StuckAt{},
                                                        hardware::Variation{sigma}));
    check(hardware::IdealAdc{}, hardware::Devices(hardware::OnOffRatio{50.0}, hardware::StuckAt{},
                                                  hardware::Variation{sigma}));
    check(hardware::RoundingAdc::over(32.0, 5),
          hardware::Devices(hardware::OnOffRatio{}, hardware::StuckAt{0.02, 0.01},
                            hardware::Variation{}));
    // Steps of 1.03 levels: the more cells are on, the less each may be off.
    check(hardware::RoundingAdc::over(32.0, 5),
          hardware::Devices(hardware::OnOffRatio{}, hardware::StuckAt{},
                            hardware::Variation{0.03 * sigma}));
  }
}

TEST_CASE("the data path of every method's OUs is the plain loops, and the exact product") {
  Random random(22);
  for (Index n = 0; n < 60; ++n) {
    const Geometry<> geometry{48, 24, Index{4} << random.below(3), Index{2} << random.below(2), 2};
    Case c(random, 1, geometry);
    const mapping::ArrayShape shape(geometry, c.config.weights);
    const auto check = [&](const auto& mapper) {
      const mapping::Placement placement = mapping::place(mapper, c.mask);
      for (const Index bits : {3, 16}) {
        const hardware::SaturatingAdc adc(bits);
        const OUDataPath path(geometry, c.weights, placement, adc, c.config);
        std::vector<double> y(static_cast<std::size_t>(c.mask.cols() * kLanes));
        Activity activity;
        path.multiply(c.x.data(), y.data(), 1, activity);
        std::vector<std::int32_t> x;
        for (Index r = 0; r < c.inputs(); ++r)
          x.push_back(c.x[static_cast<std::size_t>(r * kLanes)]);
        const auto naive =
            test::naive_multiply(c.weights, placement.ous, x, adc, c.config, geometry,
                                 test::IdealCells{}, placement.index.has_value());
        REQUIRE(activity == naive.activity);
        REQUIRE(ActiveOus(placement, {.geometry = geometry, .weights = c.config.weights},
                          c.config.input)
                    .count(x) == activity);
        for (Index f = 0; f < c.mask.cols(); ++f) {
          const double found = y[static_cast<std::size_t>(f * kLanes)];
          REQUIRE(found == naive.y[static_cast<std::size_t>(f)]);
          if (bits == 16) REQUIRE(found == c.product(f, 0));
        }
      }
    };
    check(mapping::DenseMapper(shape));
    check(methods::PimMapper(shape));
    check(methods::BlockMapper(shape));
    check(methods::PackedMapper(shape));
    check(methods::PatternMapper(shape, 3));
    check(methods::SreMapper(shape));
    check(methods::LsrMapper(shape));
  }
}

TEST_CASE("impossible data paths are refused") {
  Random random(41);
  const Case c(random, 32, PaperGeometry{});
  const mapping::Placement mapped = c.map(PaperGeometry{});
  const auto build = [&](const DataPathConfig& config, const mapping::Placement& placement) {
    OUDataPath<PaperGeometry>({}, c.weights, placement, {}, config);
  };
  DataPathConfig config = c.config;
  config.input.dac_bits = 3;
  REQUIRE(error_of([&] { build(config, mapped); }) == ErrorId::out_of_range);
  config = c.config;
  config.input.bits = 0;
  REQUIRE(error_of([&] { build(config, mapped); }) == ErrorId::out_of_range);
  config = c.config;
  config.read_noise = -0.1;
  REQUIRE(error_of([&] { build(config, mapped); }) == ErrorId::out_of_range);
  config = c.config;
  config.weights.weight_bits = c.config.weights.weight_bits % 8 + 1;
  REQUIRE(error_of([&] { build(config, mapped); }) == ErrorId::geometry_mismatch);
  std::vector<std::uint64_t> words = mapped.index->words();
  words.front() ^= 0x5555;
  mapping::Placement corrupted = mapped;
  corrupted.index = mapping::IndexBuffer(mapped.index->code(), mapped.index->bits(), words);
  REQUIRE(error_of([&] { build(c.config, corrupted); }) == ErrorId::corrupt_index);
  const PruneMask other(c.mask.rows() + 1, c.mask.cols(), 32);
  REQUIRE(error_of([&] {
            build(c.config, mapping::CrossbarMapper(PaperGeometry{}, c.config.weights).map(other));
          }) == ErrorId::mask_mismatch);
  REQUIRE(error_of([] { hardware::SaturatingAdc(0); }) == ErrorId::out_of_range);
  REQUIRE(error_of([] { hardware::SaturatingAdc(17); }) == ErrorId::out_of_range);
  REQUIRE(error_of([] {
            hardware::Devices(hardware::OnOffRatio{0.5}, hardware::StuckAt{},
                              hardware::Variation{});
          }) == ErrorId::out_of_range);
}
