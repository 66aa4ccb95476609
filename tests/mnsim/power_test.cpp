// Power of a layer's tiles, worked out by hand.

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;
using cost::test::equal;
using mnsim::test::hardware_of;
using enum Component;

namespace {

/// A layer on three tiles, the fullest with two PEs of 100 x 90 cells in three groups.
LayerMap some_map() {
  LayerMap map;
  map.tiles = 3;
  map.tile_pes = 2;
  map.used_groups = 3;
  map.used_rows = 100;
  map.used_cols = 90;
  return map;
}

PerComponent<Watt> power_of(cost::LayerKind kind, const Hardware& h) {
  Mapping mapping;
  mapping.input_buffer_kib = mapping.output_buffer_kib = 1.0;
  return layer_power({.kind = kind}, some_map(), mapping, h, parts_of(h));
}

Hardware some_hardware() {
  Hardware h = hardware_of(128);
  h.groups = 4;
  h.dacs = 40;  // a demultiplexer of 4: 25 rows at a time
  h.adcs = 50;  // a multiplexer of 3: 30 columns at a time
  return h;
}

}  // namespace

TEST_CASE("a layer draws what its rows, columns and groups draw at a time", "[mnsim]") {
  const Hardware h = some_hardware();
  const Parts parts = parts_of(h);
  const PerComponent<Watt> power = power_of(cost::LayerKind::conv, h);
  const double groups = 3.0 * 2.0 * 3.0;  // in the tiles' PEs
  CHECK(equal(power[crossbar].value, groups * 2.0 * 100.0 * 90.0 * 7.57575e-8 / (4.0 * 3.0)));
  CHECK(equal(power[dac].value, groups * 25.0 * 3.9e-6));
  CHECK(equal(power[adc].value, groups * 30.0 * 1.26e-3));
  CHECK(equal(power[input_register].value, groups * 25.0 * parts.power[input_register].value));
  CHECK(equal(power[output_register].value, groups * 30.0 * parts.power[output_register].value));
  CHECK(equal(power[shift_register].value, groups * 30.0 * 8.1e-7));
  CHECK(equal(power[input_demux].value, groups * 25.0 * 24.0 * 1.2e-8));
  CHECK(equal(power[output_mux].value, groups * 30.0 * 24.0 * 1.2e-8));
  CHECK(equal(power[adder].value, 3.0 * 2.0 * 2.0 * 30.0 * 2e-8));
  CHECK(equal(power[joint_module].value, 3.0 * 1.0 * 30.0 * parts.power[joint_module].value));
  CHECK(equal(power[buffer_read].value, 3.0 * 3.0 * 1.384903e-3));
  CHECK(equal(power[buffer_write].value, 3.0 * 3.0 * 1.663233e-3));
  CHECK(power[pooling].value == 0.0);
}

TEST_CASE("without access transistors unread columns draw power", "[mnsim]") {
  Hardware h = some_hardware();
  h.xbar_rows = 150;  // the demultiplexer stays one of 4
  const double with = power_of(cost::LayerKind::conv, h)[crossbar].value;
  h.access_transistors = false;
  const double sneak = 18.0 * 2.0 * 100.0 * 38.0 / 12.0 * 0.25 * 0.00225 / 1e6;
  CHECK(equal(power_of(cost::LayerKind::conv, h)[crossbar].value, with + sneak));
}

TEST_CASE("a pool draws its unit and its output buffer, a sum nothing", "[mnsim]") {
  const PerComponent<Watt> pool = power_of(cost::LayerKind::pool, some_hardware());
  CHECK(equal(pool[pooling].value, 3.0 * 3.082e-3));
  CHECK(equal(pool[buffer_read].value, 3.0 * 1.384903e-3));
  CHECK(equal(pool.total().value, 3.0 * (3.082e-3 + 1.384903e-3 + 1.663233e-3)));
  CHECK(power_of(cost::LayerKind::sum, some_hardware()).total().value == 0.0);
}

TEST_CASE("energy is power for as long as it is drawn", "[mnsim]") {
  PerComponent<Watt> power;
  PerComponent<Ns> busy;
  power[adc] = Watt{2.0};
  power[dac] = Watt{3.0};
  busy[adc] = Ns{5.0};
  busy[crossbar] = Ns{7.0};
  const PerComponent<Nj> energy = energy_of(power, busy);
  CHECK(energy[adc].value == 10.0);
  CHECK(energy.total().value == 10.0);
}
