// What holds for any network on any hardware, and hardware that can't be.

#include <limits>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;
using cost::test::equal;
using mnsim::test::hardware_of;
using enum Component;

namespace {

/// Checks a table beside its total; counts as conserved what differs in rounding alone.
void check_sum(const PerComponent<double>& table, double total) {
  (void)table.map([](double entry) {
    CHECK(std::isfinite(entry));
    CHECK(entry >= 0.0);
    return entry;
  });
  CHECK(equal(table.total(), total, 1e-12));
}

}  // namespace

TEST_CASE("every total is the sum of its parts, and nothing is negative", "[mnsim]") {
  Random random(4);
  for (int round = 0; round < 150; ++round) {
    const Hardware h = mnsim::test::random_hardware(random);
    const Cost cost = price(cost::test::random_network(random), h);
    cost::Totals sum;
    double last = 0.0;
    for (const LayerCost& layer : cost.layers) {
      INFO(layer.layer.name);
      check_sum(layer.components.area_um2, layer.totals.area_um2);
      check_sum(layer.components.power_w, layer.totals.power_w);
      check_sum(layer.components.energy_nj, layer.totals.energy_nj);
      sum.area_um2 += layer.totals.area_um2;
      sum.power_w += layer.totals.power_w;
      sum.energy_nj += layer.totals.energy_nj;
      CHECK(equal(layer.finish_ns - layer.start_ns, layer.totals.latency_ns, 1e-12));
      CHECK(layer.totals.latency_ns > 0.0);
      CHECK(layer.totals.latency_unpipelined_ns > 0.0);
      CHECK(layer.occupancy > 0.0);
      CHECK(layer.occupancy < 1.0 + 1e-9);
      last = std::max(last, layer.finish_ns);
    }
    check_sum(cost.components.area_um2, cost.totals.area_um2);
    check_sum(cost.components.power_w, cost.totals.power_w);
    check_sum(cost.components.energy_nj, cost.totals.energy_nj);
    check_sum(cost.tile_area_um2, cost.totals.area_um2 / static_cast<double>(cost.mapping.tiles));
    CHECK(cost.totals.area_um2 == sum.area_um2);
    CHECK(cost.totals.power_w == sum.power_w);
    CHECK(cost.totals.energy_nj == sum.energy_nj);
    CHECK(cost.totals.latency_ns == last);
  }
}

TEST_CASE("without a pipeline the layers of a chain follow each other", "[mnsim]") {
  const Cost cost = price(nn::make_network("vgg16", {3, 32, 32}), hardware_of(128));
  double sum = 0.0;
  for (const LayerCost& layer : cost.layers) sum += layer.totals.latency_unpipelined_ns;
  CHECK(equal(cost.totals.latency_unpipelined_ns, sum, 1e-12));
}

TEST_CASE("doubling what a component takes moves its own share alone", "[mnsim]") {
  Random random(5);
  for (int round = 0; round < 30; ++round) {
    Hardware h = mnsim::test::random_hardware(random);
    const nn::Network network = cost::test::random_network(random);
    const Cost before = price(network, h);
    h.adc.power_w *= 2.0;
    h.dac.area_um2 *= 2.0;
    const Cost after = price(network, h);
    const double energy = after.totals.energy_nj - before.totals.energy_nj;
    const double area = after.totals.area_um2 - before.totals.area_um2;
    CHECK(std::abs(energy - before.components.energy_nj[adc]) < 1e-9 * after.totals.energy_nj);
    CHECK(std::abs(area - before.components.area_um2[dac]) < 1e-9 * after.totals.area_um2);
    CHECK(after.components.energy_nj[adc] == 2.0 * before.components.energy_nj[adc]);
    CHECK(after.components.energy_nj[crossbar] == before.components.energy_nj[crossbar]);
    CHECK(after.totals.latency_ns == before.totals.latency_ns);
  }
}

TEST_CASE("the accumulator and adders in PEs stand apart from the totals", "[mnsim]") {
  const nn::Network network = resnet18();
  const Cost cost = price(network, hardware_of(128));
  // Each of 8 sums has as many adders as channels, of 9 bits.
  const double adders = 2.0 * (64.0 + 128.0 + 256.0 + 512.0);
  CHECK(equal(cost.unbilled.area_um2[accumulator], adders * 9.0 * 0.2835));
  CHECK(equal(cost.unbilled.power_w[accumulator], adders * 9.0 * 2.5e-9));
  CHECK(equal(cost.unbilled.energy_nj[accumulator], adders * 9.0 * 2.5e-9 / 500.0));
  // 2 x (256 + 512 + 1024 + 2048) bytes, rounded up a layer at a time: 7.5 KiB.
  CHECK(cost.mapping.accumulator_buffer_kib == 7.5);
  CHECK(equal(cost.unbilled.area_um2[buffer], 156974.886));
  CHECK(equal(cost.unbilled.power_w[buffer_read], 1e-3 * (18.382 / 20.0 + 4.1222)));
  CHECK(cost.unbilled.energy_nj[buffer_read] == 0.0);
  CHECK(cost.unbilled.energy_nj[adder] == 0.0);

  Hardware grouped = hardware_of(128);
  grouped.groups = 8;
  const Cost with_adders = price(network, grouped);
  CHECK(with_adders.components.energy_nj[adder] == 0.0);
  CHECK(with_adders.unbilled.energy_nj[adder] > 0.0);
  CHECK(with_adders.components.power_w[adder] > 0.0);
}

TEST_CASE("presets have names", "[mnsim]") {
  CHECK(preset("mnsim-2024").xbar_rows == 256);
  const Hardware old = preset("mnsim-2020");
  CHECK(old.groups == 8);
  CHECK(old.adc.area_um2 == 580.0);
  for (const std::string& name : preset_names())
    CHECK(price(nn::lenet5(), preset(name)).totals.energy_nj > 0.0);
  CHECK_THROWS_WITH(preset("mnsim-2023"), Catch::Contains("did you mean 'mnsim-2020'") ||
                                              Catch::Contains("did you mean 'mnsim-2024'"));
  CHECK(cost::test::error_of([] { (void)preset("isac"); }).id() == ErrorId::unknown_name);
}

TEST_CASE("impossible hardware is refused", "[mnsim]") {
  using Change = void (*)(Hardware&);
  const std::vector<std::pair<std::string, Change>> changes = {
      {"xbar_rows = 0", [](Hardware& h) { h.xbar_rows = 0; }},
      {"xbar_cols = -1", [](Hardware& h) { h.xbar_cols = -1; }},
      {"subarray_rows = 100; needs a divisor", [](Hardware& h) { h.subarray_rows = 100; }},
      {"adc.bits = 0", [](Hardware& h) { h.adc.bits = 0; }},
      {"dac.bits = 0", [](Hardware& h) { h.dac.bits = 0; }},
      {"adc.power_w = -1", [](Hardware& h) { h.adc.power_w = -1.0; }},
      {"adc.latency_ns = 0", [](Hardware& h) { h.adc.latency_ns = 0.0; }},
      {"dac.area_um2 = nan", [](Hardware& h) { h.dac.area_um2 = std::nan(""); }},
      {"adcs = 0", [](Hardware& h) { h.adcs = 0; }},
      {"dacs = 0", [](Hardware& h) { h.dacs = 0; }},
      {"groups = 0", [](Hardware& h) { h.groups = 0; }},
      {"sign_arrays = 3", [](Hardware& h) { h.sign_arrays = 3; }},
      {"cell_bits = 9", [](Hardware& h) { h.cell_bits = 9; }},
      {"cell_area_um2 = 0", [](Hardware& h) { h.cell_area_um2 = 0.0; }},
      {"cell_latency_ns = 0", [](Hardware& h) { h.cell_latency_ns = 0.0; }},
      {"low_resistance_ohm = 0", [](Hardware& h) { h.low_resistance_ohm = 0.0; }},
      {"high_resistance_ohm = 1", [](Hardware& h) { h.high_resistance_ohm = 1.0; }},
      {"high_read_v = -1", [](Hardware& h) { h.high_read_v = -1.0; }},
      {"adder_nm = 7; needs a technology", [](Hardware& h) { h.adder_nm = 7; }},
      {"sram_nm = 22; needs a technology", [](Hardware& h) { h.sram_nm = 22; }},
      {"sram_port_bits = 100", [](Hardware& h) { h.sram_port_bits = 100; }},
      {"transistor_nm = 0", [](Hardware& h) { h.transistor_nm = 0.0; }},
      {"register_nm = -1", [](Hardware& h) { h.register_nm = -1.0; }},
      {"clock_mhz = inf",
       [](Hardware& h) { h.clock_mhz = std::numeric_limits<double>::infinity(); }},
      {"pes_per_tile = 0", [](Hardware& h) { h.pes_per_tile = 0; }},
      {"inter_tile_gbps = 0", [](Hardware& h) { h.inter_tile_gbps = 0.0; }},
      {"grid_cols = 0; needs 0 together", [](Hardware& h) { h.grid_rows = 5; }},
      {"grid_cols = 2000; needs a grid of 2^20",
       [](Hardware& h) { h.grid_rows = h.grid_cols = 2000; }},
      {"grid_cols = 6; needs the 5 of grid_rows",
       [](Hardware& h) {
         h.grid_rows = 5;
         h.grid_cols = 6;
       }},
      {"weight_bits = 1", [](Hardware& h) { h.weight_bits = 1; }},
      {"activation_bits = 0", [](Hardware& h) { h.activation_bits = 0; }},
  };
  const nn::Network network = nn::lenet5();
  CHECK_NOTHROW(price(network));
  for (const auto& [words, change] : changes) {
    Hardware h;
    change(h);
    INFO(words);
    const Error error = cost::test::error_of([&] { (void)price(network, h); });
    CHECK(error.id() == ErrorId::out_of_range);
    CHECK_THAT(error.what(), Catch::Contains(words));
  }
}

TEST_CASE("a network that the hardware can't hold is refused", "[mnsim]") {
  const nn::Network network = nn::lenet5();  // kernels of 5x5
  const Error small = cost::test::error_of([&] { (void)price(network, hardware_of(24)); });
  CHECK(small.id() == ErrorId::out_of_range);
  CHECK_THAT(small.what(), Catch::Contains("features.0") && Catch::Contains("25 rows"));
  CHECK_NOTHROW(price(network, hardware_of(25)));

  Hardware few = hardware_of(128);
  few.grid_rows = few.grid_cols = 3;
  const Error crowded = cost::test::error_of([&] { (void)price(network, few); });
  CHECK(crowded.id() == ErrorId::infeasible_constraint);
  CHECK_THAT(crowded.what(), Catch::Contains("3x3"));

  Hardware wide = hardware_of(128);
  wide.sram_port_bits = 512;  // no buffer below 4 KiB has such a port
  CHECK(cost::test::error_of([&] { (void)price(network, wide); }).id() == ErrorId::out_of_range);

  CHECK(cost::test::error_of([] {
          (void)price(nn::Network({3, 8, 8}));
        }).id() == ErrorId::invalid_graph);
}
