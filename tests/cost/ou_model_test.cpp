// The OU cost model: a case by hand, one test a formula, and conservation over random networks,
// masks and hardware.

#include "autoprune/cost/ou_model.hpp"

#include "autoprune/cost/ou_presets.hpp"
#include "ou_helpers.hpp"

using namespace autoprune;        // NOLINT: a test's own names
using namespace autoprune::cost;  // NOLINT
using autoprune::cost::test::equal;
using cost::test::all_components;
using cost::test::Geom;
using cost::test::map;
using cost::test::Small;

namespace {

hardware::Accelerator random_ou_hardware(Random& random) {
  hardware::Accelerator h;
  h.geometry = Geom{};
  h.inputs.bits = 1 + random.below(8);
  h.inputs.dac_bits = 1 + random.below(h.inputs.bits);
  h.adc.bits = 1 + random.below(10);
  h.dacs = test::one_of<Index>(random, {16, 32, 64});
  h.adcs = 1 + random.below(64);
  h.active_ous = 1 + random.below(16);
  h.dense_read =
      h.dacs == 64 ? static_cast<hardware::DenseRead>(random.below(2)) : hardware::DenseRead::ous;
  h.memory = {test::one_of<std::string>(random, hardware::memory_technologies()), 256};
  for (const hardware::Component c : all_components())
    if (!hardware::is_memory(c) && random.below(4) > 0)
      h.parts[c] = {1e3 * random.uniform(), random.uniform(), 10.0 * random.uniform(), "", ""};
  return h;
}

std::vector<mapping::Placement> random_mapping(Random& random,
                                               const std::vector<LayerShape>& shapes) {
  const Index granularity = test::one_of<Index>(random, {4, 8, 16, 32, 64});
  std::vector<PruneMask> masks;
  for (const LayerShape& shape : shapes) {
    PruneMask mask(shape.rows, shape.filters, granularity, false);
    const double density = random.below(5) == 0 ? 0.0 : random.uniform();
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.uniform() < density);
    masks.push_back(mask);
  }
  return map(masks);
}

void check_not_negative(const OuBreakdown& parts) {
  for (const hardware::Component c : all_components())
    for (const double x :
         {parts.area_um2[c], parts.energy_nj[c], parts.power_w[c], parts.busy_ns[c]})
      CHECK(x >= 0.0);
}

void check_sums(const OuCost& cost) {
  Totals sum;
  OuBreakdown components;
  double slowest = 0.0;
  for (const OuLayerCost& layer : cost.layers) {
    check_not_negative(layer.components);
    CHECK(layer.totals.area_um2 == layer.components.area_um2.total());
    CHECK(layer.totals.energy_nj == layer.components.energy_nj.total());
    CHECK(layer.totals.power_w == layer.components.power_w.total());
    for (const hardware::Component c : all_components())
      CHECK(layer.components.busy_ns[c] <= layer.totals.latency_unpipelined_ns * (1.0 + 1e-12));
    sum.area_um2 += layer.totals.area_um2;
    sum.power_w += layer.totals.power_w;
    sum.energy_nj += layer.totals.energy_nj;
    sum.latency_unpipelined_ns += layer.totals.latency_unpipelined_ns;
    components += layer.components;
    slowest = std::max(slowest, layer.totals.latency_unpipelined_ns);
  }
  CHECK(cost.totals.area_um2 == sum.area_um2);
  CHECK(cost.totals.power_w == sum.power_w);
  CHECK(cost.totals.energy_nj == sum.energy_nj);
  CHECK(cost.totals.latency_unpipelined_ns == sum.latency_unpipelined_ns);
  CHECK(cost.components.energy_nj == components.energy_nj);
  CHECK(cost.components.area_um2 == components.area_um2);
  for (const hardware::Component c : all_components()) {
    double busy = 0.0;
    for (const OuLayerCost& layer : cost.layers) busy += layer.components.busy_ns[c];
    CHECK(cost.components.busy_ns[c] == busy);
  }
  CHECK(equal(cost.totals.energy_nj, cost.components.energy_nj.total(), 1e-12));
  CHECK(equal(cost.totals.area_um2, cost.components.area_um2.total(), 1e-12));
  // A pipeline is no faster than its slowest layer, and no slower than no pipeline.
  CHECK(cost.totals.latency_ns >= slowest * (1.0 - 1e-9));
  CHECK(cost.totals.latency_ns <= cost.totals.latency_unpipelined_ns * (1.0 + 1e-9));
  CHECK(equal(cost.totals.power_w * cost.totals.latency_ns, cost.totals.energy_nj, 1e-9));
}

}  // namespace

TEST_CASE("on any hardware every total is the sum of its parts, and nothing is negative") {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const nn::Network network = test::random_network(random);
    const OuModel model(network, random_ou_hardware(random));
    check_sums(model.price_dense());
    check_sums(model.price(random_mapping(random, model.shapes())));
  }
}

TEST_CASE("doubling a component moves exactly its share") {
  Random random(4);
  for (int round = 0; round < 20; ++round) {
    const nn::Network network = test::random_network(random);
    hardware::Accelerator h = random_ou_hardware(random);
    const OuModel model(network, h);
    const std::vector<mapping::Placement> mapping = random_mapping(random, model.shapes());
    const OuCost before = model.price(mapping);
    for (const hardware::Component c : all_components()) {
      if (hardware::is_memory(c)) continue;
      INFO(hardware::component_name(c));
      hardware::Accelerator twice = h;
      twice.parts[c].energy_nj *= 2.0;
      twice.parts[c].area_um2 *= 2.0;
      const OuCost after = OuModel(network, twice).price(mapping);
      for (const hardware::Component other : all_components()) {
        const double factor = other == c ? 2.0 : 1.0;
        CHECK(after.components.energy_nj[other] == factor * before.components.energy_nj[other]);
        CHECK(after.components.area_um2[other] == factor * before.components.area_um2[other]);
        CHECK(after.components.busy_ns[other] == before.components.busy_ns[other]);
      }
      CHECK(equal(after.totals.energy_nj, before.totals.energy_nj + before.components.energy_nj[c],
                  1e-12));
      CHECK(equal(after.totals.area_um2, before.totals.area_um2 + before.components.area_um2[c],
                  1e-12));
      CHECK(after.totals.latency_ns == before.totals.latency_ns);
    }
  }
}

TEST_CASE("a small layer by hand: what is built") {
  using enum hardware::Component;
  Small small;
  for (const hardware::Component c : all_components()) small.hardware.parts[c].area_um2 = 1.0;
  const OuBreakdown cost = small.price().components;
  // A positive and a negative crossbar: one set.
  CHECK(cost.area_um2[cell] == 2.0 * 64 * 64);
  CHECK(cost.area_um2[wordline_driver] == 2.0 * 64);
  for (const hardware::Component c : {dac, input_demux, input_register})
    CHECK(cost.area_um2[c] == 2.0 * 16);
  CHECK(cost.area_um2[sample_hold] == 2.0 * 64);
  for (const hardware::Component c : {output_mux, adc, output_register, shift_add})
    CHECK(cost.area_um2[c] == 2.0 * 4);
  CHECK(cost.area_um2[accumulator] == 24.0);
  CHECK(cost.area_um2[index_decoder] == 0.0);
  CHECK(cost.area_um2[index_buffer] == 0.0);
  CHECK(equal(cost.area_um2[input_buffer], 20.0 * 3.0 / 8192.0 * 83000.0 / 64.0));
}

TEST_CASE("a layer in several rectangular crossbars by hand") {
  using enum hardware::Component;
  // 100 inputs and 40 filters: 2 x 2 crossbars of each sign, OUs of 16 x 8.
  Small small;
  small.network = nn::Network({100, 1, 1});
  small.network.linear("fc", 40);
  small.hardware.geometry = {64, 32, 16, 8, 1};
  for (const hardware::Component c : all_components()) small.hardware.parts[c].area_um2 = 1.0;
  const OuBreakdown cost = small.price().components;
  CHECK(cost.area_um2[cell] == 8.0 * 64 * 32);
  CHECK(cost.area_um2[wordline_driver] == 8.0 * 64);
  CHECK(cost.area_um2[sample_hold] == 8.0 * 32);
  CHECK(cost.area_um2[dac] == 8.0 * 16);
  CHECK(cost.area_um2[accumulator] == 40.0);
  // The fullest crossbar fetches 64 inputs of 3 bits.
  CHECK(equal(cost.busy_ns[input_buffer], 64.0 * 3.0 / 256.0 / 1.2));
}

TEST_CASE("all of a convolution's input is written to its buffer, window after window read") {
  using enum hardware::Component;
  Small small;
  small.network = nn::Network({2, 6, 5});
  small.network.conv("conv", {.out = 8, .kernel = {2, 3}});
  // 5 x 3 positions of 12 rows; 60 numbers, of which the buffer holds 20.
  const OuBreakdown cost = small.price().components;
  CHECK(equal(cost.energy_nj[input_buffer], (15.0 * 12.0 + 60.0) * 3.0 / 256.0 * 20.7e-3 / 1.2));
  CHECK(equal(cost.area_um2[input_buffer], 20.0 * 3.0 / 8192.0 * 83000.0 / 64.0));
}

TEST_CASE("a small layer by hand: energy") {
  using enum hardware::Component;
  Small small;
  for (const hardware::Component c : all_components()) small.hardware.parts[c].energy_nj = 1.0;
  const OuCost cost = small.price();
  const OuBreakdown& parts = cost.components;
  // 3 digits in 2 arrays: 6 activations of each of 4 OUs, 16 and 4 rows by 16 and 8 columns.
  const double each = 6.0;
  for (const hardware::Component c : {wordline_driver, dac, input_demux, input_register})
    CHECK(parts.energy_nj[c] == each * 2 * (16 + 4));
  for (const hardware::Component c : {sample_hold, output_mux, adc, output_register, shift_add})
    CHECK(parts.energy_nj[c] == each * 2 * (16 + 8));
  CHECK(parts.energy_nj[cell] == each * 20 * 24);
  CHECK(parts.energy_nj[accumulator] == 2.0 * 24);
  CHECK(parts.energy_nj[index_decoder] == 0.0);
  // 20 inputs of 3 bits are written once and read once, in words of 256 bits.
  CHECK(equal(parts.energy_nj[input_buffer], 2.0 * 60.0 / 256.0 * 20.7e-3 / 1.2));
}

TEST_CASE("a small layer by hand: time") {
  using enum hardware::Component;
  Small small;
  auto& parts = small.hardware.parts;
  parts[dac].latency_ns = 3.0;
  parts[cell].latency_ns = 5.0;
  parts[adc].latency_ns = 7.0;
  parts[accumulator].latency_ns = 2.0;
  // 4 OUs x 3 digits; an activation drives, reads, and converts 16 bitlines 4 at a time.
  const double activations = 12.0 * (3.0 + 5.0 + 4.0 * 7.0);
  const double sums = 2.0 * 24.0 / 4.0 * 2.0;
  CHECK(equal(small.price().totals.latency_unpipelined_ns, activations + sums));
  CHECK(equal(small.price().totals.latency_ns, activations + sums));

  small.hardware.active_ous = 2;  // share the ADCs
  CHECK(equal(small.price().totals.latency_ns, 6.0 * (3.0 + 5.0 + 8.0 * 7.0) + sums));

  small.hardware.active_ous = 1;
  small.hardware.adcs = 5;  // the fourth turn has one bitline left
  CHECK(equal(small.price().totals.latency_ns,
              12.0 * (3.0 + 5.0 + 4.0 * 7.0) + 2.0 * 24.0 / 5.0 * 2.0));

  small.hardware.adcs = 4;
  small.hardware.dacs = 64;
  small.hardware.dense_read = hardware::DenseRead::crossbars;  // 64 bitlines at once
  CHECK(equal(small.price().totals.latency_ns, 3.0 * (3.0 + 5.0 + 16.0 * 7.0) + 24.0 / 4.0 * 2.0));
}

TEST_CASE(
    "inputs and index entries are fetched meanwhile, and hold a layer up when they take longer") {
  using enum hardware::Component;
  Small small;
  small.hardware.memory = {"sram-90nm", 64};
  OuModel model(small.network, small.hardware);
  std::vector<LayerWork> work = model.dense_work();
  // 60 bits through 64: 0.94 accesses of 20 ns.
  CHECK(equal(model.price(work).totals.latency_ns, 60.0 / 64.0 * 20.0));

  work[0].index_bits = 640;
  work[0].index_reads = 640.0;
  work[0].index_fetches = 50.0;
  CHECK(equal(model.price(work).totals.latency_ns, 10.0 * 20.0));
  small.hardware.parts[index_decoder].latency_ns = 4.0;
  model = OuModel(small.network, small.hardware);
  CHECK(equal(model.price(work).totals.latency_ns, 10.0 * 20.0 + 50.0 * 4.0));
  small.hardware.parts[index_decoder].area_um2 = 3.0;
  model = OuModel(small.network, small.hardware);
  CHECK(model.price(work).components.area_um2[index_decoder] == 3.0);
  work[0].crossbars *= 2;  // two banks, each with a decoder and buffers of its own
  CHECK(model.price(work).components.area_um2[index_decoder] == 2.0 * 3.0);
  CHECK(equal(model.price(work).components.area_um2[index_buffer], 2.0 * 40580.3));
  CHECK(equal(model.price(work).components.area_um2[input_buffer], 2.0 * 40580.3));
  CHECK(equal(model.price(work).totals.latency_ns, 0.5 * (10.0 * 20.0 + 50.0 * 4.0)));
  CHECK(equal(model.price(work).components.energy_nj[index_buffer],
              10.0 * (0.0075695 + 1.006428e-3 * 20.0)));
}

TEST_CASE("a layer without weights left costs nothing") {
  Small small;
  for (const hardware::Component c : all_components())
    small.hardware.parts[c] = {1.0, 1.0, 1.0, "", ""};
  const OuModel model(small.network, small.hardware);
  const std::vector<PruneMask> nothing = {PruneMask(20, 24, 16, false)};
  const OuCost cost = model.price(map(nothing, small.hardware.weights));
  CHECK(cost.totals.area_um2 == 0.0);
  CHECK(cost.totals.energy_nj == 0.0);
  CHECK(cost.totals.latency_ns == 0.0);
  CHECK(cost.totals.power_w == 0.0);
}

TEST_CASE("layers of a convolution overlap in the pipeline") {
  using enum hardware::Component;
  nn::Network network({4, 6, 6});
  network.conv("a", {.out = 4, .kernel = 3, .padding = 1});
  network.conv("b", {.out = 4, .kernel = 3, .padding = 1});
  hardware::Accelerator h;
  h.geometry = Geom{};
  h.memory = {"edram-32nm", 256};
  h.parts[adc].latency_ns = 10.0;
  const OuCost cost = OuModel(network, h).price_dense();
  const double position = cost.layers[0].totals.latency_unpipelined_ns / 36.0;
  CHECK(equal(cost.totals.latency_unpipelined_ns, 72.0 * position));
  // b's window reaches a row and a column ahead: when a is done, 8 of b's 36 positions are left.
  CHECK(equal(cost.totals.latency_ns, (36.0 + 8.0) * position));
}

TEST_CASE("work for another number of layers is refused") {
  const Small small;
  const OuModel model(small.network, small.hardware);
  CHECK(test::error_of([&] { (void)model.price(std::vector<LayerWork>(2)); }).id() ==
        ErrorId::mask_mismatch);
}
