// The reference model beside what MNSIM-2.0 itself printed.

#include <fstream>
#include <nlohmann/json.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::mnsim;
using cost::test::equal;

namespace {

using Json = nlohmann::json;
using enum Component;

const std::vector<std::pair<std::string, Component>> kModules = {
    {"xbar", crossbar},
    {"DAC", dac},
    {"ADC", adc},
    {"iReg", input_register},
    {"oReg", output_register},
    {"shiftreg", shift_register},
    {"input_demux", input_demux},
    {"output_mux", output_mux},
    {"adder", adder},
    {"jointmodule", joint_module},
    {"pooling", pooling},
    {"buf_r", buffer_read},
    {"buf_w", buffer_write},
};

/// One of MNSIM's sums over modules, or a module of its own.
double module(const PerComponent<double>& table, const std::string& name) {
  if (name == "adder") return table[adder] + table[accumulator];
  if (name == "buf" || name == "buffer")
    return table[buffer] + table[buffer_read] + table[buffer_write];
  if (name == "digital")
    return table[input_register] + table[output_register] + table[shift_register] +
           table[input_demux] + table[output_mux] + table[adder] + table[joint_module] +
           table[accumulator];
  for (const auto& [word, component] : kModules)
    if (word == name) return table[component];
  FAIL("no module " << name);
  return 0.0;
}

double latency(const PerComponent<double>& busy_ns, const std::string& name) {
  if (name == "buffer_r") return busy_ns[buffer_read];
  if (name == "buffer_w") return busy_ns[buffer_write];
  if (name == "intra_tile") return busy_ns[intra_tile];
  if (name == "tile_merge") return busy_ns[tile_merge];
  if (name == "tile_transfer") return busy_ns[inter_tile];
  return module(busy_ns, name);
}

double figure(const LayerCost& cost, const std::string& name) {
  const LayerMap& map = cost.map;
  const std::vector<std::pair<std::string, double>> own = {
      {"startid", map.first_tile},
      {"inLayer_distance", map.hops.merge},
      {"transLayer_distance", map.hops.transfer},
      {"layer_start_ns", cost.start_ns},
      {"layer_finish_ns", cost.finish_ns},
      {"occupancy", cost.occupancy},
      {"area_um2", cost.totals.area_um2},
      {"power_W", cost.totals.power_w},
      {"energy_nJ", cost.totals.energy_nj},
      {"mx", cost.layer.has_matrix() ? map.slices * map.col_blocks : 1},
      {"my", cost.layer.has_matrix() ? map.row_blocks : 1},
      {"PEnum", map.pes},
      {"tilenum", map.tiles},
      {"max_row", map.used_rows},
      {"max_column", map.used_cols},
      {"max_PE", map.tile_pes},
      {"max_group", map.used_groups},
      {"physical_xbars_TCG", map.arrays},
      {"physical_xbars_bit_aware", map.arrays_needed},
  };
  for (const auto& [word, value] : own)
    if (word == name) return value;
  const std::string table = name.substr(0, name.find('.'));
  const std::string part = name.substr(name.find('.') + 1);
  if (table == "latency") return latency(cost.components.busy_ns, part);
  return module(table == "power" ? cost.components.power_w : cost.components.energy_nj, part);
}

double total(const Cost& cost, const std::string& name) {
  const Mapping& m = cost.mapping;
  const std::vector<std::pair<std::string, double>> totals = {
      {"TCG_total_crossbar_number", m.pes},
      {"tiles_used", m.tiles},
      {"max_inbuf_KB", m.input_buffer_kib},
      {"max_outbuf_KB", m.output_buffer_kib},
      {"global_buf_KB", m.accumulator_buffer_kib},
      {"global_adder_num", m.accumulator_adders},
      {"physical_xbars_TCG", m.arrays},
      {"physical_xbars_bit_aware", m.arrays_needed},
      {"area_um2", cost.totals.area_um2},
      {"power_W", cost.totals.power_w},
      {"energy_nJ", cost.totals.energy_nj},
      {"latency_ns", cost.totals.latency_ns},
      {"latency_nopipe_ns", cost.totals.latency_unpipelined_ns},
  };
  for (const auto& [word, value] : totals)
    if (word == name) return value;
  FAIL("no figure " << name);
  return 0.0;
}

void check(const std::string& name, double ours, double recorded) {
  INFO(name << ": " << ours << " beside " << recorded);
  CHECK(equal(ours, recorded));
}

/// What MNSIM prints for a module has the accumulator in it.
void check_modules(const Json& recorded, const PerComponent<double>& billed,
                   const PerComponent<double>& unbilled) {
  PerComponent<double> sum = billed;
  sum += unbilled;
  for (const auto& [name, value] : recorded.items()) check(name, module(sum, name), value);
}

Hardware recorded_hardware(const Json& run) {
  Hardware hardware = mnsim::test::hardware_of(run.at("xbar"));
  hardware.grid_rows = hardware.grid_cols = run.at("grid");
  hardware.cell_bits = run.at("cell_bits");
  hardware.bit_aware = run.at("bit_aware");
  return hardware;
}

void check_run(const Json& run, const std::vector<std::string>& columns) {
  const nn::Network network = nn::make_network(run.at("network"), {3, 32, 32});
  const Cost cost = price(network, recorded_hardware(run));
  for (const auto& [name, value] : run.at("total").items()) check(name, total(cost, name), value);
  check_modules(run.at("area"), cost.components.area_um2, cost.unbilled.area_um2);
  check_modules(run.at("power"), cost.components.power_w, cost.unbilled.power_w);
  check_modules(run.at("energy"), cost.components.energy_nj, cost.unbilled.energy_nj);
  for (const auto& [name, value] : run.at("tile_area").items())
    check(name, name == "total" ? cost.tile_area_um2.total() : module(cost.tile_area_um2, name),
          value);
  REQUIRE(cost.layers.size() == run.at("layers").size());
  for (std::size_t l = 0; l < cost.layers.size(); ++l) {
    INFO("layer " << l);
    for (std::size_t c = 0; c < columns.size(); ++c)
      check(columns[c], figure(cost.layers[l], columns[c]), run.at("layers")[l][c]);
  }
}

}  // namespace

TEST_CASE("recorded runs come out to nine digits, layer by layer and module by module", "[mnsim]") {
  register_networks();
  std::ifstream file(std::string(AUTOPRUNE_SOURCE_DIR) + "/tests/mnsim/data/golden.json");
  const Json golden = Json::parse(file);
  REQUIRE(golden.at("runs").size() >= 4);
  for (const Json& run : golden.at("runs")) {
    INFO(run.at("network") << " at " << run.at("xbar"));
    check_run(run, golden.at("columns"));
  }
}

TEST_CASE("other networks, sizes and cells come out as far as they were written down", "[mnsim]") {
  struct Figures {
    std::string network;
    Index xbar, pes, tiles;
    double area_mm2, power_w, energy_uj, latency_us, unpipelined_us;
  };
  const std::vector<Figures> stock = {
      {"lenet", 64, 216, 56, 103.2421, 15.7196, 18.7999, 330.3804, 477.5152},
      {"lenet", 128, 72, 20, 51.4793, 7.0490, 10.7815, 340.4728, 491.7098},
      {"lenet", 256, 48, 14, 60.4492, 2.1631, 6.8795, 341.4725, 508.2127},
      {"alexnet", 64, 5624, 1409, 2597.6455, 509.5997, 754.0938, 680.2177, 1420.5092},
      {"alexnet", 128, 1464, 369, 949.7939, 258.0874, 413.3732, 700.6857, 1464.5390},
      {"alexnet", 256, 416, 107, 462.0044, 70.2018, 365.3331, 778.4653, 1718.3838},
      {"vgg8", 64, 18816, 4708, 8679.7127, 1711.2188, 11013.4430, 4178.0328, 14419.1268},
      {"vgg8", 128, 4776, 1198, 3083.6126, 850.7490, 5746.8346, 4935.0639, 15141.3436},
      {"vgg8", 256, 1272, 322, 1390.3310, 219.7222, 4448.8435, 5151.8514, 16339.7425},
      {"vgg16", 64, 29832, 7462, 13757.0127, 2709.1499, 5576.1519, 3415.7660, 9810.2984},
      {"vgg16", 128, 7592, 1902, 4895.6854, 1343.8828, 2884.6631, 3182.0165, 9699.6815},
      {"vgg16", 256, 2040, 514, 2219.3482, 347.1561, 2225.9070, 3575.9881, 10896.2261},
      {"resnet18", 64, 27384, 6847, 12623.1930, 2499.4560, 2807.2990, 3263.0922, 9062.9118},
      {"resnet18", 128, 7032, 1759, 4527.6081, 1247.9334, 1475.5785, 2845.4298, 7901.7269},
      {"resnet18", 256, 1968, 493, 2128.6745, 323.6241, 1057.5244, 2912.1776, 8164.2548}};
  const std::vector<Figures> bit_aware = {
      {"alexnet", 64, 2812, 706, 1301.5882, 254.8091, 377.2422, 610.0959, 0},
      {"alexnet", 128, 732, 186, 478.7579, 129.0529, 206.8819, 627.4661, 0},
      {"alexnet", 256, 208, 55, 237.4789, 35.1101, 182.8619, 705.7081, 0},
      {"vgg16", 64, 14916, 3733, 6882.1936, 1354.5872, 2788.8083, 2975.2545, 0},
      {"vgg16", 128, 3796, 953, 2452.9906, 671.9536, 1443.0639, 2889.5796, 0},
      {"vgg16", 256, 1020, 259, 1118.3097, 173.5903, 1113.6859, 3329.7917, 0},
      {"resnet18", 64, 13692, 3424, 6312.5183, 1249.7310, 1404.0401, 2887.7002, 0},
      {"resnet18", 128, 3516, 880, 2265.0910, 623.9698, 738.1799, 2570.4086, 0},
      {"resnet18", 256, 984, 247, 1066.4961, 161.8151, 529.1528, 2663.0770, 0}};
  register_networks();
  const auto compare = [](const Figures& f, const Hardware& hardware) {
    INFO(f.network << " at " << f.xbar << ", " << hardware.cell_bits << " bits a cell");
    const nn::Network network = nn::make_network("mnsim-" + f.network, {3, 32, 32});
    const Cost cost = price(network, hardware);
    CHECK(cost.mapping.pes == f.pes);
    CHECK(cost.mapping.tiles == f.tiles);
    const double rounding = 0.5001e-4;
    CHECK(std::abs(1e-6 * cost.totals.area_um2 - f.area_mm2) < rounding);
    CHECK(std::abs(cost.totals.power_w - f.power_w) < rounding);
    CHECK(std::abs(1e-3 * cost.totals.energy_nj - f.energy_uj) < rounding);
    CHECK(std::abs(1e-3 * cost.totals.latency_ns - f.latency_us) < rounding);
    if (f.unpipelined_us > 0.0)
      CHECK(std::abs(1e-3 * cost.totals.latency_unpipelined_ns - f.unpipelined_us) < rounding);
    return cost.mapping;
  };
  for (const Figures& f : stock) {
    Hardware hardware = mnsim::test::hardware_of(f.xbar);
    const Mapping one = compare(f, hardware);
    CHECK(one.arrays == 2 * f.pes);
    CHECK(one.arrays_needed == 2 * f.pes);
    hardware.cell_bits = 2;  // changes nothing else
    const Mapping two = compare(f, hardware);
    CHECK(two.arrays == 2 * f.pes);
    CHECK(two.arrays_needed == f.pes);
  }
  for (const Figures& f : bit_aware) {
    Hardware hardware = mnsim::test::hardware_of(f.xbar);
    hardware.cell_bits = 2;
    hardware.bit_aware = true;
    compare(f, hardware);
  }
}

TEST_CASE("AlexNet's second convolution, worked out", "[mnsim]") {
  const Cost cost = price(mnsim::alexnet(), mnsim::test::hardware_of(128));
  const LayerCost& layer = cost.layers.at(2);
  CHECK(layer.layer.in == nn::Shape3{64, 8, 8});
  CHECK(layer.map.row_blocks == 5);  // 14 channels of 9 rows in 128 rows, 64 channels in all
  CHECK(layer.map.slices * layer.map.col_blocks == 16);
  CHECK(layer.map.pes == 80);
  CHECK(layer.map.tiles == 20);
  CHECK(layer.map.used_rows == 126);
  CHECK(layer.map.used_cols == 128);
  CHECK(layer.map.hops.merge == 5.0);
  CHECK(layer.map.hops.transfer == 2.0);
  CHECK(std::abs(layer.totals.energy_nj - 88440.3) < 0.05);
  CHECK(std::abs(layer.finish_ns - 508992.8) < 0.05);
}
