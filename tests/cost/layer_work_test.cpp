// What a layer asks of the hardware: against the simulated data path, against counting by hand, and
// dense layers against the mapping that keeps everything.

#include "autoprune/cost/layer_work.hpp"

#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/mapping/dense_mapper.hpp"
#include "autoprune/simulation/ou_data_path.hpp"
#include "helpers.hpp"

using namespace autoprune;        // NOLINT: a test's own names
using namespace autoprune::cost;  // NOLINT

namespace {

PruneMask random_mask(Random& random, Index rows, Index cols, Index granularity) {
  PruneMask mask(rows, cols, granularity, false);
  const double density = random.uniform();
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < cols; ++c) mask.set(g, c, random.uniform() < density);
  return mask;
}

hardware::WeightCode random_options(Random& random) {
  return {
      .weight_bits = 8,
      .layout = random.below(2) == 0 ? hardware::BitPlanes::apart : hardware::BitPlanes::adjacent,
      .sign = hardware::SignEncoding::pair};
}

/// The geometries of the test, of other sizes in every number.
template <class F>
void with_each_geometry(const F& f) {
  f(Geometry<128, 128, 32, 32, 1>{});
  f(Geometry<64, 64, 16, 32, 2>{});
  f(Geometry<32, 64, 8, 16, 4>{});
}

bool same(double a, double b) { return test::equal(a, b, 1e-12); }

}  // namespace

TEST_CASE("a mapped layer asks for what the simulated data path does") {
  Random random(1);
  with_each_geometry([&]<class Geom>(Geom) {
    for (int trial = 0; trial < 6; ++trial) {
      const Index matrices = trial % 2 == 0 ? 1 : 1 + random.below(9);
      const Index rows = 1 + random.below(200),
                  cols = matrices * (1 + random.below(ceil_div(60, matrices)));
      const Index granularity = test::one_of<Index>(random, {4, 8, 16, 32});
      const PruneMask mask = random_mask(random, rows, cols, granularity).in_matrices(matrices);
      const hardware::Accelerator format{
          .geometry = Geom{},
          .weights = random_options(random),
          .inputs = {.dac_bits = test::one_of<Index>(random, {1, 2, 4})}};
      const mapping::CrossbarMapper<Geom> mapper(format.weights);
      const mapping::Placement layer = mapper.map(mask);
      const LayerWork work = mapped_work({rows, cols, 3, 0, 0, matrices}, layer, format);

      const simulation::DataPathConfig config{format.weights, format.inputs};
      const simulation::QuantisedWeights weights{
          rows, cols, 8, 1.0, std::vector<std::int32_t>(static_cast<std::size_t>(rows * cols), 1)};
      using Path = simulation::OUDataPath<Geom>;
      const Path path(Geom{}, weights, layer, hardware::IdealAdc{}, config);
      // Every digit of every input is on, so that nothing is skipped.
      const std::vector<std::int32_t> x(static_cast<std::size_t>(rows * matrices * Path::kLanes),
                                        255);
      std::vector<double> y(static_cast<std::size_t>(cols * Path::kLanes));
      simulation::Activity activity;
      path.multiply(x.data(), y.data(), 3, activity);  // as many vectors as positions
      CHECK(work.activations == static_cast<double>(activity.ou_activations));
      CHECK(work.bitlines == static_cast<double>(activity.adc_conversions));
      CHECK(work.input_fetches == static_cast<double>(activity.input_fetches));
      CHECK(work.index_fetches == static_cast<double>(activity.index_fetches));
      CHECK(work.crossbars == layer.count.crossbars);
      CHECK(work.index_bits == (layer.ous.size() > 0 ? layer.index_bits() : 0));
    }
  });
}

TEST_CASE("a dense layer's crossbars are those that the mapper counts") {
  Random random(2);
  with_each_geometry([&]<class Geom>(Geom) {
    for (int trial = 0; trial < 20; ++trial) {
      const Index matrices = trial % 2 == 0 ? 1 : 1 + random.below(40);
      const Index rows = 1 + random.below(500),
                  cols = matrices * (1 + random.below(ceil_div(300, matrices)));
      hardware::Accelerator format{.geometry = Geom{}, .weights = random_options(random)};
      const mapping::CrossbarMapper<Geom> mapper(format.weights);
      const LayerShape shape{rows, cols, 1 + random.below(9), 0, 0, matrices};
      const auto positions = static_cast<double>(shape.positions);
      const double each = static_cast<double>(format.digits() * format.arrays());
      for (const hardware::DenseRead read :
           {hardware::DenseRead::ous, hardware::DenseRead::crossbars}) {
        format.dense_read = read;
        const LayerWork work = dense_work(shape, format);
        CHECK(work.crossbars == mapper.dense_crossbars(rows, cols));
        CHECK(work.kept_weights == rows * cols);
        CHECK(work.index_bits == 0);
        CHECK(work.index_fetches == 0.0);
        CHECK(work.input_fetches == positions * static_cast<double>(rows * matrices));
        CHECK(work.cells ==
              positions * each * static_cast<double>(rows * cols * format.bitlines_per_weight()));
        // A crossbar is never busy for longer than all of them are.
        CHECK(work.longest.activations * static_cast<double>(work.crossbars) >= work.activations);
      }
      if (matrices == 1)  // else a crossbar is read once for each matrix that it holds filters of
        CHECK(dense_work(shape, format).activations ==
              positions *
                  static_cast<double>(format.digits() * mapper.dense_crossbars(rows, cols)));
    }
  });
}

TEST_CASE("keeping everything in whole OUs asks for what the dense layer does, and an index") {
  // Rows and filters that fill all OUs of 2 x 3 crossbars.
  const hardware::Accelerator format{.geometry = PaperGeometry{}};
  const LayerShape shape{256, 384, 5, 0, 0};
  const LayerWork dense = dense_work(shape, format);
  const mapping::CrossbarMapper<PaperGeometry> mapper;
  const LayerWork kept = mapped_work(shape, mapper.map(PruneMask(256, 384, 32)), format);
  CHECK(kept.crossbars == dense.crossbars);
  CHECK(kept.kept_weights == dense.kept_weights);
  CHECK(kept.activations == dense.activations);
  CHECK(kept.wordlines == dense.wordlines);
  CHECK(kept.bitlines == dense.bitlines);
  CHECK(kept.cells == dense.cells);
  CHECK(kept.input_fetches == dense.input_fetches);
  CHECK(kept.accumulations == dense.accumulations);
  CHECK(kept.longest.activations == dense.longest.activations);
  CHECK(kept.index_reads > 0.0);
}

TEST_CASE("the naive mapping is the dense layer") {
  Random random(6);
  with_each_geometry([&]<class Geom>(Geom) {
    hardware::Accelerator format{.geometry = Geom{}, .weights = random_options(random)};
    const mapping::DenseMapper naive(mapping::ArrayShape(format.geometry, format.weights));
    for (int trial = 0; trial < 10; ++trial) {
      const Index matrices = trial % 2 == 0 ? 1 : 1 + random.below(30);
      const PruneMask all = PruneMask(1 + random.below(300),
                                      matrices * (1 + random.below(ceil_div(200, matrices))), 8)
                                .in_matrices(matrices);
      const LayerShape layer{all.rows(), all.cols(), 2, 0, 0, matrices};
      const LayerWork dense = dense_work(layer, format);
      const LayerWork same = mapped_work(layer, mapping::place(naive, all), format);
      CHECK(same.crossbars == dense.crossbars);
      CHECK(same.activations == dense.activations);
      CHECK(same.wordlines == dense.wordlines);
      CHECK(same.bitlines == dense.bitlines);
      CHECK(same.cells == dense.cells);
      CHECK(same.longest.activations == dense.longest.activations);
      CHECK(same.index_bits == 0);
      CHECK(same.index_fetches == 0.0);
    }
  });
}

TEST_CASE("three OUs counted by hand") {
  // 2 planes of 1 bit in sign pairs: 4 arrays; 3 digits of an input.
  const hardware::Accelerator format{
      .geometry = {16, 16, 4, 8, 1}, .weights = {.weight_bits = 2}, .inputs = {.bits = 3}};
  REQUIRE(format.arrays() == 4);
  REQUIRE(format.digits() == 3);
  REQUIRE(hardware::InputCode{.bits = 7, .dac_bits = 2}.digits() == 4);  // the last of one bit
  WorkCounter counter({20, 30, 10, 0, 0}, format);
  counter.add({4, 8, 0, 0});  // 1 step
  counter.add({4, 5, 0, 0});  // the same inputs again
  counter.add({6, 3, 1, 1});  // 2 steps, in the next crossbar
  const LayerWork work = counter.finish(7, 2);
  CHECK(work.crossbars == 8);
  CHECK(work.kept_weights == 32 + 20 + 18);
  CHECK(work.activations == 10.0 * 12 * (1 + 1 + 2));
  CHECK(work.wordlines == 10.0 * 12 * (4 + 4 + 6));
  CHECK(work.bitlines == 10.0 * 12 * (8 + 5 + 2 * 3));
  CHECK(work.cells == 10.0 * 12 * (32 + 20 + 18));
  CHECK(work.input_fetches == 10.0 * (4 + 6));
  CHECK(work.index_fetches == 20.0);
  CHECK(work.index_reads == 70.0);
  CHECK(work.accumulations == 10.0 * (8 + 5 + 2 * 3));
  CHECK(work.longest.activations == 10.0 * 3 * 2);
  CHECK(work.longest.input_fetches == 10.0 * 6);
  CHECK(work.longest.accumulations == 10.0 * 13);
  CHECK(work.step_cols == 8);
}

TEST_CASE("what was measured takes the place of what was computed") {
  LayerWork work = dense_work({64, 64, 2, 0, 0}, {.geometry = PaperGeometry{}});
  work.index_fetches = 50.0;
  const LayerWork half = measured_work(
      work, {0.5 * work.activations, 0.4 * work.bitlines, 0.6 * work.input_fetches, 20.0});
  CHECK(same(half.activations, 0.5 * work.activations));
  CHECK(same(half.bitlines, 0.4 * work.bitlines));
  CHECK(same(half.wordlines, 0.5 * work.wordlines));
  CHECK(same(half.cells, 0.5 * work.cells));
  CHECK(same(half.longest.activations, 0.5 * work.longest.activations));
  CHECK(same(half.input_fetches, 0.6 * work.input_fetches));
  CHECK(half.index_fetches == 20.0);
  CHECK(half.accumulations == work.accumulations);
  CHECK(half.crossbars == work.crossbars);
}

TEST_CASE("an OU without cells is refused") {
  const hardware::Accelerator chip{.geometry = PaperGeometry{}};
  WorkCounter counter({8, 8, 1, 0, 0}, chip);
  for (const PlacedOu& bad : {PlacedOu{0, 1, 0, 0}, PlacedOu{1, 0, 0, 0}, PlacedOu{1, 1, -1, 0}})
    CHECK(test::error_of([&] { counter.add(bad); }).id() == ErrorId::out_of_range);
}

TEST_CASE("layer shapes are those of the network") {
  nn::Network network({3, 9, 7});
  network.conv("conv", {.out = 8, .kernel = 3, .stride = 2, .padding = 1});
  network.relu("relu");
  network.linear("fc", 10);
  network.conv("wide", {.out = 4, .kernel = {2, 5}, .stride = {1, 2}}, 0);
  const std::vector<LayerShape> shapes = layer_shapes(network);
  REQUIRE(shapes.size() == 3);
  CHECK(shapes[0].rows == 27);
  CHECK(shapes[0].filters == 8);
  CHECK(shapes[0].positions == 5 * 4);
  CHECK(shapes[0].inputs == 3 * 9 * 7);
  CHECK(shapes[0].buffered_inputs == 3 * 3 * 7);
  CHECK(shapes[0].macs() == 27.0 * 8 * 20);
  CHECK(shapes[1].rows == 160);
  CHECK(shapes[1].positions == 1);
  CHECK(shapes[1].buffered_inputs == 160);
  CHECK(shapes[2].rows == 3 * 2 * 5);
  CHECK(shapes[2].positions == 8 * 2);
  CHECK(shapes[2].buffered_inputs == 3 * 2 * 7);  // two lines of the map
}
