// The component table: each formula beside numbers that were worked out apart from it.

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::cost;
using cost::test::equal;
using cost::test::hardware_of;
using enum MnsimComponent;

namespace {

void check_part(const MnsimParts& parts, MnsimComponent c, double area_um2, double power_w,
                double latency_ns) {
  INFO(hardware::component_name(c));
  CHECK(equal(parts.area[c].value, area_um2, 1e-6));
  CHECK(equal(parts.power[c].value, power_w, 1e-6));
  CHECK(equal(parts.latency[c].value, latency_ns, 1e-9));
}

}  // namespace

TEST_CASE("converters are MNSIM's choices", "[mnsim]") {
  for (Index choice = 1; choice <= 7; ++choice) {
    const MnsimConverter dac = mnsim_dac(choice);
    CHECK(dac.latency_ns == static_cast<double>(dac.bits + 2));
  }
  CHECK(mnsim_dac(3).bits == 3);
  CHECK(mnsim_dac(5).area_um2 == 5.312);
  CHECK(mnsim_dac(6).power_w == 0.4992);
  CHECK(mnsim_adc(1).latency_ns == Approx(8.0));
  CHECK(mnsim_adc(2).latency_ns == Approx(7.8125));
  CHECK(mnsim_adc(3).latency_ns == Approx(9.0909091));
  CHECK(mnsim_adc(4).area_um2 == 580.0);
  CHECK(mnsim_adc(6).area_um2 == 1650.0);
  CHECK(mnsim_adc(8).latency_ns == 1.0);
  CHECK(mnsim_adc(9).latency_ns == Approx(42.6666667));
}

TEST_CASE("a cell's power is its mean over inputs and states", "[mnsim]") {
  CHECK(equal(mnsim_cell_power({}).value, 7.57575e-8));
  // 0.1 x 0.5 V x 0.5 V x (0.67 / 150 kOhm + 0.33 / 30 kOhm)
  CHECK(equal(mnsim_cell_power(mnsim_2020()).value, 0.025 * (0.67 / 1.5e5 + 0.33 / 3e4)));
  CHECK(equal(mnsim_sneak_power({}).value, 0.25 * 0.00225e-6));
}

TEST_CASE("a crossbar has its cells' area and a driver a row", "[mnsim]") {
  CHECK(equal(mnsim_crossbar_area(hardware_of(128)).value, 23592.96 + 147200.0));
  MnsimHardware wide = hardware_of(64);
  wide.xbar_cols = 256;
  CHECK(equal(mnsim_crossbar_area(wide).value, 64.0 * 256.0 * 1.44 + 64.0 * 1150.0));
}

TEST_CASE("a crossbar's latency grows with its size", "[mnsim]") {
  CHECK(equal(mnsim_crossbar_latency(hardware_of(64)).value, 3.16000005250, 1e-11));
  CHECK(equal(mnsim_crossbar_latency(hardware_of(128)).value, 3.16000081, 1e-11));
  CHECK(equal(mnsim_crossbar_latency(hardware_of(256)).value, 3.160012840, 1e-11));
}

TEST_CASE("demultiplexers and multiplexers are trees of switches", "[mnsim]") {
  const std::vector<std::pair<Index, Index>> transistors = {
      {1, 8},   {2, 8},    {3, 24},   {4, 24},   {5, 72},    {8, 72},
      {9, 216}, {16, 216}, {17, 648}, {32, 648}, {33, 1944}, {1000, 1944}};
  for (const auto& [ways, count] : transistors) CHECK(mnsim_switch_transistors(ways) == count);
  for (Index ways = 1; ways < 8; ++ways) CHECK(mnsim_switch_stages(ways) == 2);
  CHECK(mnsim_switch_stages(8) == 3);
  CHECK(mnsim_switch_stages(63) == 3);
  CHECK(mnsim_switch_stages(64) == 4);

  CHECK(hardware_of(256).demux_ways() == 2);
  CHECK(hardware_of(128).mux_ways() == 1);
  MnsimHardware h = hardware_of(256);
  h.subtract_after_adc = true;
  h.subarray_rows = 64;
  CHECK(h.mux_ways() == 4);
  CHECK(h.demux_ways() == 1);
  CHECK(h.subarrays() == 4);
}

TEST_CASE("the digital circuits are those of their technologies", "[mnsim]") {
  const MnsimParts parts = mnsim_parts({});
  check_part(parts, dac, 0.166, 3.9e-6, 3.0);
  check_part(parts, adc, 1650.0, 1.26e-3, 8.0);
  check_part(parts, input_register, 0.6832757, 9.010651e-9, 2.0);
  check_part(parts, output_register, 0.6832757, 9.010651e-9, 2.0);
  check_part(parts, shift_register, 1.42, 8.1e-7, 2.0);
  check_part(parts, joint_module, 169.5536095, 1.2653254e-4, 2.0);
  check_part(parts, adder, 8.0 * 0.2835, 8.0 * 2.5e-9, 2.0);
  check_part(parts, input_demux, 1.352, 9.6e-8, 2.0 * 0.27933);
  check_part(parts, output_mux, 1.352, 9.6e-8, 2.0 * 0.032744);
  check_part(parts, pooling, 91917.1562, 3.082e-3, 100.0);
}

TEST_CASE("a second crossbar's columns widen a multiplexer, but make it no slower", "[mnsim]") {
  MnsimHardware h = hardware_of(128);
  h.subtract_after_adc = true;
  h.adcs = 32;
  REQUIRE(h.mux_ways() == 8);
  CHECK(equal(mnsim_parts(h).latency[output_mux].value, 2.0 * 0.032744));
  CHECK(equal(mnsim_parts(h).power[output_mux].value, 72.0 * 1.2e-8));
}

TEST_CASE("adders cost by bit and technology", "[mnsim]") {
  const std::vector<std::pair<Index, double>> areas = {
      {28, 0.10976}, {45, 0.2835}, {55, 0.4235}, {65, 1.42}, {130, 2.366}};
  for (const auto& [nm, area] : areas) {
    MnsimHardware h;
    h.adder_nm = nm;
    CHECK(equal(mnsim_adder(9, h).area.value, 9.0 * area));
    CHECK(equal(mnsim_adder(9, h).power.value, 9.0 * (nm == 65 ? 3e-7 : 2.5e-9)));
  }
}

TEST_CASE("a buffer is the smallest that holds enough", "[mnsim]") {
  const MnsimHardware h;
  const MnsimSram small = mnsim_sram(2.0, h);
  CHECK(equal(small.area.value, 40580.3));
  CHECK(equal(small.read.value, 1.384903e-3));
  CHECK(equal(small.write.value, 1.663233e-3));
  const std::vector<std::pair<double, double>> areas_mm2 = {
      {0.001, 0.0405803}, {2.1, 0.0686947},   {4, 0.0686947},     {8, 0.156974886},
      {9, 0.616313686},   {32, 1.060004216},  {33, 1.974404875},  {65, 3.583918894},
      {129, 6.974574682}, {256, 6.974574682}, {257, 14.22112082}, {5000, 14.22112082}};
  for (const auto& [kib, mm2] : areas_mm2) CHECK(equal(mnsim_sram(kib, h).area.value, 1e6 * mm2));
  MnsimHardware other;
  other.sram_nm = 45;
  other.sram_port_bits = 512;
  const MnsimSram large = mnsim_sram(1000.0, other);
  CHECK(equal(large.area.value, 3665484.947));
  CHECK(equal(large.read.value, 0.330414 / 20.0 + 0.544616));
  CHECK(equal(large.write.value, 0.374836 / 20.0 + 0.544616));
  other.sram_nm = 65;
  other.sram_port_bits = 128;
  CHECK(equal(mnsim_sram(16.0, other).area.value, 407856.0));
  CHECK(mnsim_sram(0.0, h).area.value == 0.0);
}

TEST_CASE("a buffer takes 20 ns for each access of its port", "[mnsim]") {
  MnsimHardware h;
  CHECK(mnsim_sram_access(0, h).value == 0.0);
  CHECK(mnsim_sram_access(1, h).value == 20.0);
  CHECK(mnsim_sram_access(64, h).value == 20.0);
  CHECK(mnsim_sram_access(65, h).value == 40.0);
  h.sram_port_bits = 256;
  CHECK(mnsim_sram_access(257, h).value == 40.0);
}

TEST_CASE("a tile's area is the sum of its parts", "[mnsim]") {
  const auto tile = [](const MnsimHardware& h) {
    MnsimMapping mapping;
    mapping.input_buffer_kib = mapping.output_buffer_kib = 1.0;
    return mnsim_tile_area(h, mnsim_parts(h), mapping);
  };
  CHECK(equal(tile(hardware_of(64)).total().value, 1843609.33, 1e-8));
  CHECK(equal(tile(hardware_of(128)).total().value, 2573967.08, 1e-8));
  CHECK(equal(tile(hardware_of(256)).total().value, 4317798.12, 1e-8));

  MnsimHardware h = hardware_of(128);
  h.groups = 5;
  h.subarray_rows = 64;
  h.pes_per_tile = 6;
  h.dacs = 30;
  h.adcs = 20;
  const PerComponent<Um2> area = tile(h);
  const MnsimParts parts = mnsim_parts(h);
  CHECK(equal(area[crossbar].value, 6.0 * 5.0 * 2.0 * 170792.96));
  CHECK(equal(area[dac].value, 6.0 * 5.0 * 2.0 * 30.0 * 0.166));
  CHECK(equal(area[adc].value, 6.0 * 5.0 * 2.0 * 20.0 * 1650.0));
  CHECK(equal(area[output_mux].value, 6.0 * 5.0 * 2.0 * 20.0 * parts.area[output_mux].value));
  CHECK(equal(area[adder].value, 6.0 * 2.0 * 20.0 * 4.0 * parts.area[adder].value));
  CHECK(equal(area[joint_module].value, 5.0 * 5.0 * 2.0 * 20.0 * parts.area[joint_module].value));
  CHECK(equal(area[buffer].value, 7.0 * 40580.3));
}
