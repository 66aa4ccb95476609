// The component table: each formula beside numbers that were worked out apart from it.

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;
using cost::test::equal;
using mnsim::test::hardware_of;
using enum Component;

namespace {

void check_part(const Parts& parts, Component c, double area_um2, double power_w,
                double latency_ns) {
  INFO(hardware::component_name(c));
  CHECK(equal(parts.area[c].value, area_um2, 1e-6));
  CHECK(equal(parts.power[c].value, power_w, 1e-6));
  CHECK(equal(parts.latency[c].value, latency_ns, 1e-9));
}

}  // namespace

TEST_CASE("an unread cell of a 0T1R crossbar draws a quarter of a high one's power", "[mnsim]") {
  CHECK(equal(sneak_power({}).value, 0.25 * 0.00225e-6));
}

TEST_CASE("a crossbar has its cells' area and a driver a row", "[mnsim]") {
  CHECK(equal(crossbar_area(hardware_of(128)).value, 23592.96 + 147200.0));
  Hardware wide = hardware_of(64);
  wide.xbar_cols = 256;
  CHECK(equal(crossbar_area(wide).value, 64.0 * 256.0 * 1.44 + 64.0 * 1150.0));
}

TEST_CASE("rows and columns take turns at their converters", "[mnsim]") {
  CHECK(hardware_of(256).demux_ways() == 2);
  CHECK(hardware_of(128).mux_ways() == 1);
  Hardware h = hardware_of(256);
  h.subtract_after_adc = true;
  h.subarray_rows = 64;
  CHECK(h.mux_ways() == 4);
  CHECK(h.demux_ways() == 1);
  CHECK(h.subarrays() == 4);
}

TEST_CASE("the digital circuits are those of their technologies", "[mnsim]") {
  const Parts parts = parts_of({});
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
  Hardware h = hardware_of(128);
  h.subtract_after_adc = true;
  h.adcs = 32;
  REQUIRE(h.mux_ways() == 8);
  CHECK(equal(parts_of(h).latency[output_mux].value, 2.0 * 0.032744));
  CHECK(equal(parts_of(h).power[output_mux].value, 72.0 * 1.2e-8));
}

TEST_CASE("a tile's area is the sum of its parts", "[mnsim]") {
  const auto tile = [](const Hardware& h) {
    Mapping mapping;
    mapping.input_buffer_kib = mapping.output_buffer_kib = 1.0;
    return tile_area(h, parts_of(h), mapping);
  };
  CHECK(equal(tile(hardware_of(64)).total().value, 1843609.33, 1e-8));
  CHECK(equal(tile(hardware_of(128)).total().value, 2573967.08, 1e-8));
  CHECK(equal(tile(hardware_of(256)).total().value, 4317798.12, 1e-8));

  Hardware h = hardware_of(128);
  h.groups = 5;
  h.subarray_rows = 64;
  h.pes_per_tile = 6;
  h.dacs = 30;
  h.adcs = 20;
  const PerComponent<Um2> area = tile(h);
  const Parts parts = parts_of(h);
  CHECK(equal(area[crossbar].value, 6.0 * 5.0 * 2.0 * 170792.96));
  CHECK(equal(area[dac].value, 6.0 * 5.0 * 2.0 * 30.0 * 0.166));
  CHECK(equal(area[adc].value, 6.0 * 5.0 * 2.0 * 20.0 * 1650.0));
  CHECK(equal(area[output_mux].value, 6.0 * 5.0 * 2.0 * 20.0 * parts.area[output_mux].value));
  CHECK(equal(area[adder].value, 6.0 * 2.0 * 20.0 * 4.0 * parts.area[adder].value));
  CHECK(equal(area[joint_module].value, 5.0 * 5.0 * 2.0 * 20.0 * parts.area[joint_module].value));
  CHECK(equal(area[buffer].value, 7.0 * 40580.3));
}
