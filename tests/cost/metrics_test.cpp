#include "autoprune/cost/metrics.hpp"

#include "ou_helpers.hpp"

using namespace autoprune;        // NOLINT: a test's own names
using namespace autoprune::cost;  // NOLINT
using autoprune::cost::test::equal;
using cost::test::Geom;
using cost::test::map;
using cost::test::Small;

TEST_CASE("metrics and gains follow from the totals") {
  using enum hardware::Component;
  Small small;
  small.hardware.parts[adc] = {10.0, 2.0, 5.0, "", ""};
  const OuModel model(small.network, small.hardware);
  const OuCost dense = model.price_dense();
  const Metrics m = metrics(dense);
  CHECK(m.energy_nj == dense.totals.energy_nj);
  CHECK(equal(m.images_per_s, 1e9 / dense.totals.latency_ns));
  CHECK(equal(m.gops_per_w, 2.0 * 20 * 24 / dense.totals.energy_nj));
  CHECK(equal(m.gops_per_mm2,
              2.0 * 20 * 24 / dense.totals.latency_ns / (dense.totals.area_um2 * 1e-6)));
  CHECK(m.index_kib == 0.0);
  CHECK(equal(m.weight_kib, 20.0 * 24.0 / 8192.0));

  std::vector<PruneMask> half = {PruneMask(20, 24, 16)};
  for (Index c = 0; c < 12; ++c) half[0].set(0, c, false);
  const OuCost pruned = model.price(map(half, small.hardware.weights));
  const Gains g = gains(pruned, dense);
  CHECK(equal(g.energy, dense.totals.energy_nj / pruned.totals.energy_nj));
  CHECK(equal(g.area, dense.totals.area_um2 / pruned.totals.area_um2));
  CHECK(equal(g.gops_per_w, g.energy));
  CHECK(metrics(pruned).index_share > 0.0);
  CHECK(equal(metrics(pruned).index_kib, pruned.total(&LayerWork::index_bits) / 8192.0));
  const Gains same = gains(dense, dense);
  CHECK(same.area == 1.0);
  CHECK(same.gops_per_mm2 == 1.0);
}

TEST_CASE("the slowest layer sets the pace of images, latency is that of the pipeline") {
  nn::Network network({4, 6, 6});
  network.conv("a", {.out = 4, .kernel = 3, .padding = 1});
  network.conv("b", {.out = 24, .kernel = 3, .padding = 1});
  hardware::Accelerator h;
  h.geometry = Geom{};
  h.memory = {"edram-32nm", 256};
  h.parts[hardware::Component::adc].latency_ns = 10.0;
  h.parts[hardware::Component::adc].energy_nj = 1.0;
  const OuModel model(network, h);
  const OuCost dense = model.price_dense();
  std::vector<PruneMask> masks = {PruneMask(36, 4, 16), PruneMask(36, 24, 16)};
  for (Index c = 0; c < 24; ++c) masks[1].set(1, c, false);
  const OuCost pruned = model.price(map(masks));
  const auto slowest = [](const OuCost& cost) {
    return std::max(cost.layers[0].totals.latency_unpipelined_ns,
                    cost.layers[1].totals.latency_unpipelined_ns);
  };
  CHECK(equal(metrics(dense).images_per_s, 1e9 / slowest(dense)));
  const Gains g = gains(pruned, dense);
  CHECK(equal(g.images_per_s, slowest(dense) / slowest(pruned)));
  CHECK(g.images_per_s > 1.0);
  CHECK(equal(g.latency, dense.totals.latency_ns / pruned.totals.latency_ns));
  CHECK_FALSE(
      equal(g.latency, dense.totals.latency_unpipelined_ns / pruned.totals.latency_unpipelined_ns));
}
