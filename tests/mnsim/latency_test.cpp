// Time for an output position, worked out by hand.

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;
using cost::test::equal;
using mnsim::test::hardware_of;
using enum Component;

namespace {

double accesses(double bits) { return 20.0 * std::ceil(bits / 64.0); }

/// AlexNet's second convolution at 128x128: 14 channels of 9 rows a PE, 128 columns, 4 PEs a tile.
const cost::GraphLayer kConv = {.kind = cost::LayerKind::conv,
                                .in = {64, 8, 8},
                                .out = {192, 8, 8},
                                .kernel = 3,
                                .stride = 1,
                                .padding = 1};

LayerMap conv_map() {
  LayerMap map;
  map.used_rows = 126;
  map.used_cols = 128;
  map.tile_pes = 4;
  map.hops = {5.0, 2.0};
  return map;
}

Steps steps_of(const cost::GraphLayer& layer, const LayerMap& map, const Hardware& h,
               Fill fill = Fill::window) {
  return position_steps(layer, map, h, parts_of(h), fill);
}

}  // namespace

TEST_CASE("a position of a convolution takes its conversions, buffers and wires", "[mnsim]") {
  const Steps steps = steps_of(kConv, conv_map(), hardware_of(128));
  const PerComponent<Ns>& busy = steps.corner.busy;
  const double turns = 9.0;  // 9 input bits, one turn for 126 rows and 128 columns
  CHECK(equal(busy[crossbar].value, turns * 3.16000081, 1e-11));
  CHECK(equal(busy[dac].value, turns * 3.0));
  CHECK(equal(busy[adc].value, turns * 8.0));
  CHECK(equal(busy[input_register].value, (1.0 + turns) * 2.0));
  CHECK(equal(busy[shift_register].value, turns * 2.0));
  CHECK(equal(busy[input_demux].value, turns * 0.55866));
  CHECK(equal(busy[output_mux].value, turns * 0.065488));
  CHECK(equal(busy[output_register].value, 2.0));
  CHECK(busy[adder].value == 0.0);
  CHECK(equal(busy[joint_module].value, 2.0 * 2.0));
  CHECK(equal(busy[intra_tile].value, (2.0 * (6.0 + 2.0) - 3.0) * 128.0 / 1024.0));
  const double out_write = accesses(8.0 * 128.0 * 4.0), out_read = accesses(9.0 * 128.0 * 4.0);
  const double in_write = accesses(14.0 * 9.0 * 4.0), in_read = accesses(126.0 * 9.0);
  CHECK(equal(busy[buffer_write].value, in_write + out_write));
  CHECK(equal(busy[buffer_read].value, in_read + out_read));
  CHECK(equal(busy[tile_merge].value, out_read + 5.0 * (2.0 + 128.0 * 4.0 * 9.0 / 20.0)));
  CHECK(equal(busy[inter_tile].value, 2.0 * 192.0 * 9.0 / 20.0));
  // The output buffer's read is in two of the parts, but waited for once.
  CHECK(equal(steps.corner.total.value, busy.total().value - out_read));
}

TEST_CASE("rows and columns beyond the converters take turns, groups are added", "[mnsim]") {
  Hardware h = hardware_of(256);
  h.groups = 5;
  h.adcs = 100;
  h.dac = cost::published_dac(2);
  LayerMap map = conv_map();
  map.used_rows = 252;
  map.used_cols = 201;
  const PerComponent<Ns> busy = steps_of(kConv, map, h).inside.busy;
  const double turns = 5.0 * 2.0 * 3.0;  // input digits, rows, columns
  CHECK(equal(busy[dac].value, turns * 4.0));
  CHECK(equal(busy[input_register].value, (6.0 + turns) * 2.0));
  CHECK(equal(busy[output_register].value, 3.0 * 2.0));
  CHECK(equal(busy[adder].value, 3.0 * 3.0 * 2.0));
}

TEST_CASE("positions differ in what input is new", "[mnsim]") {
  cost::GraphLayer layer = kConv;
  layer.kernel = 5;
  layer.stride = 2;
  layer.padding = 1;
  LayerMap map = conv_map();
  map.used_rows = 5 * 25;
  const Hardware h = hardware_of(128);
  const auto expect = [](const Step& step, double written, double read) {
    const double bits = 5.0 * 9.0;  // of the 5 channels of a PE
    CHECK(step.busy[buffer_write].value == accesses(bits * written) + accesses(8.0 * 128.0 * 4.0));
    CHECK(step.busy[buffer_read].value == accesses(bits * read) + accesses(9.0 * 128.0 * 4.0));
  };
  const Steps window = steps_of(layer, map, h);
  expect(window.corner, 16.0, 25.0);
  expect(window.first_col, 8.0, 25.0);
  expect(window.first_row, 10.0, 10.0);
  expect(window.inside, 4.0, 10.0);
  const Steps lines = steps_of(layer, map, h, Fill::lines);
  expect(lines.corner, 8.0 * 3.0 + 4.0, 25.0);
  expect(lines.first_col, 8.0 * 1.0 + 4.0, 25.0);
  expect(lines.first_row, 2.0, 10.0);
  expect(lines.inside, 2.0, 10.0);
}

TEST_CASE("what is new counts height and width apart", "[mnsim]") {
  cost::GraphLayer layer = kConv;
  layer.in = {64, 8, 10};
  layer.kernel = {5, 3};
  layer.stride = {2, 1};
  layer.padding = {1, 0};
  LayerMap map = conv_map();
  map.used_rows = 5 * 15;
  Hardware h = hardware_of(128);
  const auto expect = [](const Step& step, double written, double read) {
    const double bits = 5.0 * 9.0;  // of the 5 channels of a PE
    CHECK(step.busy[buffer_write].value == accesses(bits * written) + accesses(8.0 * 128.0 * 4.0));
    CHECK(step.busy[buffer_read].value == accesses(bits * read) + accesses(9.0 * 128.0 * 4.0));
  };
  const Steps window = steps_of(layer, map, h);
  expect(window.corner, 4.0 * 3.0, 15.0);
  expect(window.first_col, 2.0 * 3.0, 15.0);
  expect(window.first_row, 5.0, 5.0);
  expect(window.inside, 2.0, 5.0);
  const Steps lines = steps_of(layer, map, h, Fill::lines);
  expect(lines.corner, 10.0 * 3.0 + 3.0, 15.0);
  expect(lines.first_col, 10.0 * 1.0 + 3.0, 15.0);
  expect(lines.first_row, 1.0, 5.0);
  expect(lines.inside, 1.0, 5.0);

  // 75 rows by 30 DACs, 128 columns by 100 ADCs.
  h.dacs = 30;
  h.adcs = 100;
  const PerComponent<Ns> busy = steps_of(layer, map, h).inside.busy;
  CHECK(equal(busy[dac].value, 9.0 * 3.0 * 2.0 * 3.0));
  CHECK(equal(busy[output_register].value, 2.0 * 2.0));
}

TEST_CASE("a linear layer is one position of a 1x1 convolution", "[mnsim]") {
  const cost::GraphLayer layer = {
      .kind = cost::LayerKind::linear, .in = {1024, 1, 1}, .out = {512, 1, 1}};
  LayerMap map = conv_map();
  map.used_rows = 128;
  const Steps steps = steps_of(layer, map, hardware_of(128));
  const PerComponent<Ns>& busy = steps.corner.busy;
  CHECK(busy[buffer_write].value == accesses(128.0 * 9.0) + accesses(8.0 * 128.0 * 4.0));
  CHECK(busy[buffer_read].value == accesses(128.0 * 9.0) + accesses(9.0 * 128.0 * 4.0));
  CHECK(equal(busy[inter_tile].value, 2.0 * 512.0 * 9.0 / 20.0));
  CHECK(all_steps(steps, layer).total.value == steps.corner.total.value);
}

TEST_CASE("a pool passes its windows through its buffers", "[mnsim]") {
  cost::GraphLayer layer = kConv;
  layer.kind = cost::LayerKind::pool;
  layer.in = {100, 9, 9};
  layer.out = {100, 4, 4};
  layer.kernel = 4;
  layer.stride = 2;
  layer.padding = 1;
  LayerMap map;
  map.hops = {0.0, 3.0};
  const Steps steps = steps_of(layer, map, hardware_of(128));
  const double out = accesses(900.0);
  const auto expect = [&](const Step& step, double written, double read) {
    CHECK(step.busy[buffer_write].value == accesses(900.0 * written) + out);
    CHECK(step.busy[buffer_read].value == accesses(900.0 * read) + out);
    CHECK(step.busy[pooling].value == 2.0 * 2.0 * 100.0);  // 100 channels of 64, 16 cells of 9
    CHECK(step.busy[tile_merge].value == out);
    CHECK(equal(step.busy[inter_tile].value, 3.0 * 900.0 / 20.0));
    CHECK(step.total.value == step.busy.total().value);
  };
  expect(steps.corner, 9.0, 16.0);
  expect(steps.first_col, 6.0, 16.0);
  expect(steps.first_row, 4.0, 8.0);
  expect(steps.inside, 4.0, 8.0);

  layer.kernel = {4, 2};
  layer.stride = {2, 1};
  layer.padding = {1, 0};
  const Step inside = steps_of(layer, map, hardware_of(128)).inside;
  CHECK(inside.busy[buffer_write].value == accesses(900.0 * 2.0) + out);
  CHECK(inside.busy[buffer_read].value == accesses(900.0 * 4.0) + out);
  CHECK(inside.busy[pooling].value == 2.0 * 100.0);  // 8 cells of 9
}

TEST_CASE("a residual sum passes its inputs through the accumulator's buffer", "[mnsim]") {
  const cost::GraphLayer layer = {
      .kind = cost::LayerKind::sum, .in = {64, 8, 8}, .out = {64, 8, 8}, .inputs = {0, 1, 2}};
  LayerMap map;
  map.hops = {0.0, 36.0};
  const Step step = steps_of(layer, map, hardware_of(128)).first_row;
  const double access = accesses(3.0 * 64.0 * 9.0);
  CHECK(equal(step.total.value, 10.0 + 2.0 * access + 36.0 * 64.0 * 9.0 / 20.0));
}

TEST_CASE("all steps are counted by their kind", "[mnsim]") {
  cost::GraphLayer layer = kConv;
  layer.out = {192, 5, 7};
  const Steps steps = steps_of(layer, conv_map(), hardware_of(128));
  Step sum;
  for (Index row = 0; row < 5; ++row)
    for (Index col = 0; col < 7; ++col) {
      sum.busy += steps.at(row, col).busy;
      sum.total += steps.at(row, col).total;
    }
  const Step all = all_steps(steps, layer);
  CHECK(equal(all.total.value, sum.total.value, 1e-12));
  CHECK(equal(all.busy[buffer_write].value, sum.busy[buffer_write].value, 1e-12));
}
