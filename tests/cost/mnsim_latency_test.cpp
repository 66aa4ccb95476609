// Time for an output position, worked out by hand; the schedule beside one that looks at every
// position of every window.

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::cost;
using cost::test::equal;
using cost::test::hardware_of;
using enum MnsimComponent;

namespace {

double accesses(double bits) { return 20.0 * std::ceil(bits / 64.0); }

/// AlexNet's second convolution at 128x128: 14 channels of 9 rows a PE, 128 columns, 4 PEs a tile.
const MnsimLayer kConv = {.kind = MnsimKind::conv,
                          .in = {64, 8, 8},
                          .out = {192, 8, 8},
                          .kernel = 3,
                          .stride = 1,
                          .padding = 1};

MnsimLayerMap conv_map() {
  MnsimLayerMap map;
  map.used_rows = 126;
  map.used_cols = 128;
  map.tile_pes = 4;
  map.hops = {5.0, 2.0};
  return map;
}

MnsimSteps steps_of(const MnsimLayer& layer, const MnsimLayerMap& map, const MnsimHardware& h,
                    MnsimFill fill = MnsimFill::window) {
  return mnsim_steps(layer, map, h, mnsim_parts(h), fill);
}

}  // namespace

TEST_CASE("a position of a convolution takes its conversions, buffers and wires", "[mnsim]") {
  const MnsimSteps steps = steps_of(kConv, conv_map(), hardware_of(128));
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
  MnsimHardware h = hardware_of(256);
  h.groups = 5;
  h.adcs = 100;
  h.dac = mnsim_dac(2);
  MnsimLayerMap map = conv_map();
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
  MnsimLayer layer = kConv;
  layer.kernel = 5;
  layer.stride = 2;
  layer.padding = 1;
  MnsimLayerMap map = conv_map();
  map.used_rows = 5 * 25;
  const MnsimHardware h = hardware_of(128);
  const auto expect = [](const MnsimStep& step, double written, double read) {
    const double bits = 5.0 * 9.0;  // of the 5 channels of a PE
    CHECK(step.busy[buffer_write].value == accesses(bits * written) + accesses(8.0 * 128.0 * 4.0));
    CHECK(step.busy[buffer_read].value == accesses(bits * read) + accesses(9.0 * 128.0 * 4.0));
  };
  const MnsimSteps window = steps_of(layer, map, h);
  expect(window.corner, 16.0, 25.0);
  expect(window.first_col, 8.0, 25.0);
  expect(window.first_row, 10.0, 10.0);
  expect(window.inside, 4.0, 10.0);
  const MnsimSteps lines = steps_of(layer, map, h, MnsimFill::lines);
  expect(lines.corner, 8.0 * 3.0 + 4.0, 25.0);
  expect(lines.first_col, 8.0 * 1.0 + 4.0, 25.0);
  expect(lines.first_row, 2.0, 10.0);
  expect(lines.inside, 2.0, 10.0);
}

TEST_CASE("what is new counts height and width apart", "[mnsim]") {
  MnsimLayer layer = kConv;
  layer.in = {64, 8, 10};
  layer.kernel = {5, 3};
  layer.stride = {2, 1};
  layer.padding = {1, 0};
  MnsimLayerMap map = conv_map();
  map.used_rows = 5 * 15;
  MnsimHardware h = hardware_of(128);
  const auto expect = [](const MnsimStep& step, double written, double read) {
    const double bits = 5.0 * 9.0;  // of the 5 channels of a PE
    CHECK(step.busy[buffer_write].value == accesses(bits * written) + accesses(8.0 * 128.0 * 4.0));
    CHECK(step.busy[buffer_read].value == accesses(bits * read) + accesses(9.0 * 128.0 * 4.0));
  };
  const MnsimSteps window = steps_of(layer, map, h);
  expect(window.corner, 4.0 * 3.0, 15.0);
  expect(window.first_col, 2.0 * 3.0, 15.0);
  expect(window.first_row, 5.0, 5.0);
  expect(window.inside, 2.0, 5.0);
  const MnsimSteps lines = steps_of(layer, map, h, MnsimFill::lines);
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
  const MnsimLayer layer = {.kind = MnsimKind::linear, .in = {1024, 1, 1}, .out = {512, 1, 1}};
  MnsimLayerMap map = conv_map();
  map.used_rows = 128;
  const MnsimSteps steps = steps_of(layer, map, hardware_of(128));
  const PerComponent<Ns>& busy = steps.corner.busy;
  CHECK(busy[buffer_write].value == accesses(128.0 * 9.0) + accesses(8.0 * 128.0 * 4.0));
  CHECK(busy[buffer_read].value == accesses(128.0 * 9.0) + accesses(9.0 * 128.0 * 4.0));
  CHECK(equal(busy[inter_tile].value, 2.0 * 512.0 * 9.0 / 20.0));
  CHECK(mnsim_all_steps(steps, layer).total.value == steps.corner.total.value);
}

TEST_CASE("a pool passes its windows through its buffers", "[mnsim]") {
  MnsimLayer layer = kConv;
  layer.kind = MnsimKind::pool;
  layer.in = {100, 9, 9};
  layer.out = {100, 4, 4};
  layer.kernel = 4;
  layer.stride = 2;
  layer.padding = 1;
  MnsimLayerMap map;
  map.hops = {0.0, 3.0};
  const MnsimSteps steps = steps_of(layer, map, hardware_of(128));
  const double out = accesses(900.0);
  const auto expect = [&](const MnsimStep& step, double written, double read) {
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
  const MnsimStep inside = steps_of(layer, map, hardware_of(128)).inside;
  CHECK(inside.busy[buffer_write].value == accesses(900.0 * 2.0) + out);
  CHECK(inside.busy[buffer_read].value == accesses(900.0 * 4.0) + out);
  CHECK(inside.busy[pooling].value == 2.0 * 100.0);  // 8 cells of 9
}

TEST_CASE("a residual sum passes its inputs through the accumulator's buffer", "[mnsim]") {
  const MnsimLayer layer = {
      .kind = MnsimKind::sum, .in = {64, 8, 8}, .out = {64, 8, 8}, .inputs = {0, 1, 2}};
  MnsimLayerMap map;
  map.hops = {0.0, 36.0};
  const MnsimStep step = steps_of(layer, map, hardware_of(128)).first_row;
  const double access = accesses(3.0 * 64.0 * 9.0);
  CHECK(equal(step.total.value, 10.0 + 2.0 * access + 36.0 * 64.0 * 9.0 / 20.0));
}

TEST_CASE("all steps are counted by their kind", "[mnsim]") {
  MnsimLayer layer = kConv;
  layer.out = {192, 5, 7};
  const MnsimSteps steps = steps_of(layer, conv_map(), hardware_of(128));
  MnsimStep sum;
  for (Index row = 0; row < 5; ++row)
    for (Index col = 0; col < 7; ++col) {
      sum.busy += steps.at(row, col).busy;
      sum.total += steps.at(row, col).total;
    }
  const MnsimStep all = mnsim_all_steps(steps, layer);
  CHECK(equal(all.total.value, sum.total.value, 1e-12));
  CHECK(equal(all.busy[buffer_write].value, sum.busy[buffer_write].value, 1e-12));
}

namespace {

/// Finish times of each layer, waiting for every position that a window covers.
std::vector<std::vector<double>> finish_times(const std::vector<MnsimLayer>& layers,
                                              const std::vector<MnsimSteps>& steps,
                                              bool pipelined) {
  std::vector<std::vector<double>> done;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const MnsimLayer& layer = layers[l];
    std::vector<double> times;
    double now = 0.0;
    for (Index row = 0; row < layer.out.height; ++row)
      for (Index col = 0; col < layer.out.width; ++col) {
        for (const Index input : layer.inputs) {
          if (input == kMnsimImage) continue;
          const auto from = static_cast<std::size_t>(input);
          const nn::Shape3& made = layers[from].out;
          const bool all =
              (!pipelined && layer.kind != MnsimKind::sum) || layer.kind == MnsimKind::linear;
          for (Index y = 0; y < made.height; ++y)
            for (Index x = 0; x < made.width; ++x) {
              const Index dy = y - row * layer.stride.h + layer.padding.h;
              const Index dx = x - col * layer.stride.w + layer.padding.w;
              const bool inside = dy >= 0 && dy < layer.kernel.h && dx >= 0 && dx < layer.kernel.w;
              if (all || inside)
                now = std::max(now, done[from][static_cast<std::size_t>(y * made.width + x)]);
            }
        }
        now += steps[l].at(row, col).total.value;
        times.push_back(now);
      }
    done.push_back(times);
  }
  return done;
}

}  // namespace

TEST_CASE("the schedule waits for every position of every window", "[mnsim]") {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const MnsimHardware h = hardware_of(128);
    const std::vector<MnsimLayer> layers = mnsim_layers(cost::test::random_network(random));
    const MnsimMapping mapping = mnsim_map(layers, h);
    std::vector<MnsimSteps> steps;
    for (std::size_t l = 0; l < layers.size(); ++l)
      steps.push_back(steps_of(layers[l], mapping.layers[l], h));
    for (const bool pipelined : {true, false}) {
      const std::vector<MnsimTimes> times = mnsim_schedule(layers, steps, pipelined);
      const auto expected = finish_times(layers, steps, pipelined);
      for (std::size_t l = 0; l < layers.size(); ++l) {
        INFO(layers[l].name);
        CHECK(times[l].finish.value == expected[l].back());
        const double first = times[l].start.value + steps[l].corner.total.value;
        CHECK(equal(first, expected[l].front(), 1e-12));
      }
    }
  }
}
