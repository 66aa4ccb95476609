// Circuits: each formula beside numbers that were worked out apart from it.

#include "autoprune/cost/circuits.hpp"

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::cost;
using cost::test::equal;

TEST_CASE("converters are those of MNSIM-2.0's choices") {
  for (Index choice = 1; choice <= 7; ++choice) {
    const Converter dac = published_dac(choice);
    CHECK(dac.latency_ns == static_cast<double>(dac.bits + 2));
  }
  CHECK(published_dac(3).bits == 3);
  CHECK(published_dac(5).area_um2 == 5.312);
  CHECK(published_dac(6).power_w == 0.4992);
  CHECK(published_adc(1).latency_ns == Approx(8.0));
  CHECK(published_adc(2).latency_ns == Approx(7.8125));
  CHECK(published_adc(3).latency_ns == Approx(9.0909091));
  CHECK(published_adc(4).area_um2 == 580.0);
  CHECK(published_adc(6).area_um2 == 1650.0);
  CHECK(published_adc(8).latency_ns == 1.0);
  CHECK(published_adc(9).latency_ns == Approx(42.6666667));
  for (const Index choice : {0, 8})
    CHECK(cost::test::error_of([&] { (void)published_dac(choice); }).id() == ErrorId::out_of_range);
  for (const Index choice : {0, 10})
    CHECK(cost::test::error_of([&] { (void)published_adc(choice); }).id() == ErrorId::out_of_range);
}

TEST_CASE("a cell's power is its mean over inputs and states") {
  CHECK(equal(cell_power({}).value, 7.57575e-8));
  // 0.1 x 0.5 V x 0.5 V x (0.67 / 150 kOhm + 0.33 / 30 kOhm)
  CHECK(equal(cell_power(circuits_2020()).value, 0.025 * (0.67 / 1.5e5 + 0.33 / 3e4)));
}

TEST_CASE("a crossbar's latency grows with its size") {
  CHECK(equal(crossbar_latency(64, 64, {}).value, 3.16000005250, 1e-11));
  CHECK(equal(crossbar_latency(128, 128, {}).value, 3.16000081, 1e-11));
  CHECK(equal(crossbar_latency(256, 256, {}).value, 3.160012840, 1e-11));
  CHECK(crossbar_latency(64, 256, {}).value == crossbar_latency(128, 128, {}).value);
}

TEST_CASE("demultiplexers and multiplexers are trees of switches") {
  const std::vector<std::pair<Index, Index>> transistors = {
      {1, 8},   {2, 8},    {3, 24},   {4, 24},   {5, 72},    {8, 72},
      {9, 216}, {16, 216}, {17, 648}, {32, 648}, {33, 1944}, {1000, 1944}};
  for (const auto& [ways, count] : transistors) CHECK(switch_transistors(ways) == count);
  for (Index ways = 1; ways < 8; ++ways) CHECK(switch_stages(ways) == 2);
  CHECK(switch_stages(8) == 3);
  CHECK(switch_stages(63) == 3);
  CHECK(switch_stages(64) == 4);

  CHECK(equal(demultiplexer(4, {}).area.value, 24.0 * 1e-5 * 130.0 * 130.0));
  CHECK(equal(demultiplexer(4, {}).power.value, 24.0 * 1.2e-8));
  CHECK(equal(demultiplexer(8, {}).latency.value, 3.0 * 0.27933));
  CHECK(equal(multiplexer(8, {}).latency.value, 3.0 * 0.032744));
  CHECK(multiplexer(8, {}).power.value == demultiplexer(8, {}).power.value);
}

TEST_CASE("registers are those of their technologies") {
  const Circuit bit = register_bit({}), shift = shift_register({});
  CHECK(equal(bit.area.value, 0.6832757, 1e-6));
  CHECK(equal(bit.power.value, 9.010651e-9, 1e-6));
  CHECK(bit.latency.value == 2.0);
  CHECK(equal(shift.area.value, 1.42));
  CHECK(equal(shift.power.value, 8.1e-7));
  Circuits fast;
  fast.clock_mhz = 1000.0;
  fast.shift_register_nm = 130.0;
  CHECK(shift_register(fast).latency.value == 1.0);
  CHECK(equal(shift_register(fast).area.value, 4.0 * 1.42));
}

TEST_CASE("adders cost by bit and technology") {
  const std::vector<std::pair<Index, double>> areas = {
      {28, 0.10976}, {45, 0.2835}, {55, 0.4235}, {65, 1.42}, {130, 2.366}};
  for (const auto& [nm, area] : areas) {
    Circuits c;
    c.adder_nm = nm;
    CHECK(equal(adder(9, c).area.value, 9.0 * area));
    CHECK(equal(adder(9, c).power.value, 9.0 * (nm == 65 ? 3e-7 : 2.5e-9)));
  }
}
