// Presets, memories, and hardware that can't exist.

#include "autoprune/hardware/accelerator.hpp"

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "helpers.hpp"

using namespace autoprune;        // NOLINT: a test's own names
using namespace autoprune::cost;  // NOLINT
using autoprune::cost::test::equal;

TEST_CASE("the preset of the paper has MNSIM-2.0's numbers of 2020") {
  using enum hardware::Component;
  const hardware::Accelerator h = ou_preset("paper");
  CHECK(h.geometry == PaperGeometry{});
  CHECK(h.adc.bits == 6);
  CHECK(h.lossless());
  CHECK(h.dacs == 32);
  CHECK(h.adcs == 8);
  CHECK(h.parts[cell].area_um2 == 1.44);
  // 0.1 x 0.25 V^2 over the mean of the resistances, for 3.16 ns.
  CHECK(equal(h.parts[cell].energy_nj, 0.025 * (0.67 / 1.5e5 + 0.33 / 3e4) * 3.16, 1e-6));
  CHECK(h.parts[adc].area_um2 == 580.0);
  CHECK(equal(h.parts[adc].energy_nj, 1.26e-3 * 8.0));
  CHECK(h.parts[dac].area_um2 == 0.166);
  CHECK(equal(h.parts[dac].energy_nj, 3.9e-6 * 3.0));
  CHECK(equal(h.parts[shift_add].energy_nj, 8.1e-7 * 2.0));
  CHECK(equal(h.parts[accumulator].area_um2, 24.0 * (0.2835 + 1.4256 * 45.0 * 45.0 / 65.0 / 65.0)));
  CHECK(h.memory == hardware::MemoryKind{"sram-90nm", 64});
}

TEST_CASE("other presets") {
  using enum hardware::Component;
  CHECK(ou_preset("mnsim-2024").adcs == 64);
  CHECK(ou_preset("mnsim-2024").parts[wordline_driver].area_um2 == 1150.0);
  CHECK_FALSE(ou_preset("mnsim-2024").lossless());  // 64 rows and 6 bits
  const hardware::Accelerator isaac = ou_preset("isaac");
  CHECK(isaac.dense_read == hardware::DenseRead::crossbars);
  CHECK(equal(isaac.parts[adc].energy_nj, 2e-3 / 1.28));
  CHECK(equal(isaac.parts[adc].area_um2, 1200.0));
  CHECK(equal(isaac.parts[cell].energy_nj * 128 * 128, 0.3e-3 * 100.0));
  CHECK(isaac.memory.technology == "edram-32nm");

  // Together they are the unit of 8 crossbars that Table I has 12 of: 0.157 mm^2 and 289 mW.
  double area_um2 = 0.0, power_w = 0.0;
  const auto add = [&](hardware::Component c, double count, double ns) {
    area_um2 += count * isaac.parts[c].area_um2;
    power_w += count * isaac.parts[c].energy_nj / ns;
  };
  for (const hardware::Component c : {dac, input_register, sample_hold}) add(c, 8 * 128, 100.0);
  for (const hardware::Component c : {adc, output_register, shift_add}) add(c, 8, 1.0 / 1.28);
  add(cell, 8 * 128 * 128, 100.0);
  CHECK(12 * area_um2 == Approx(0.157e6).epsilon(0.005));
  CHECK(12 * power_w == Approx(0.289).epsilon(0.001));
}

TEST_CASE("a preset's converters and wires are those of its rows and columns") {
  using enum hardware::Component;
  const hardware::Accelerator h = ou_preset("mnsim-2020", {64, 256, 8, 4, 1});
  CHECK(h.dacs == 8);
  CHECK(h.adcs == 4);
  CHECK(ou_preset("isaac", {64, 256, 8, 4, 1}).dacs == 64);
  const Circuits circuits = circuits_2020();  // 64 rows by 8 DACs, 256 columns by 4 ADCs
  CHECK(h.parts[input_demux].area_um2 == demultiplexer(8, circuits).area.value);
  CHECK(h.parts[output_mux].area_um2 == multiplexer(64, circuits).area.value);
  const hardware::Accelerator narrow = ou_preset("mnsim-2020", {64, 128, 8, 8, 1});  // by 8 ADCs
  CHECK(narrow.parts[output_mux].area_um2 == multiplexer(16, circuits).area.value);
  CHECK(h.parts[cell].latency_ns == crossbar_latency(64, 256, circuits).value);
  CHECK(h.parts[cell].latency_ns == Approx(3.16));
}

TEST_CASE("an ADC tells sums of cells' and inputs' levels apart") {
  hardware::Accelerator h = ou_preset("paper");
  h.inputs.dac_bits = 2;  // 32 rows of levels up to 3: sums of 0 to 96
  CHECK_FALSE(h.lossless());
  h.adc.bits = 7;
  CHECK(h.lossless());
  h.geometry.cell_bits = 2;
  CHECK_FALSE(h.lossless());
}

namespace {

struct NamedRouter {
  static constexpr std::string_view kName = "router";
};

}  // namespace

TEST_CASE("components that are added are named behind the library's") {
  constexpr auto none = hardware::detail::all_names(std::type_identity<std::tuple<>>{});
  REQUIRE(none == hardware::detail::kBuiltIn);
  constexpr auto names = hardware::detail::all_names(std::type_identity<std::tuple<NamedRouter>>{});
  REQUIRE(names.size() == none.size() + 1);
  REQUIRE(std::equal(none.begin(), none.end(), names.begin()));
  REQUIRE(names.back() == "router");
  const auto last = static_cast<std::size_t>(hardware::Component::accumulator);
  REQUIRE(none.size() == last + 1);
}

TEST_CASE("every number of a preset has a source, and every preset fits other geometries") {
  for (const std::string& name : ou_preset_names()) {
    INFO(name);
    for (const Geometry<>& g : {ou_preset_geometry(name), Geometry<>{64, 64, 8, 8, 4},
                                Geometry<>{512, 256, 32, 128, 1}}) {
      const hardware::Accelerator h = ou_preset(name, g);
      for (Index i = 0; i < hardware::kComponents<hardware::Component>; ++i) {
        const auto c = static_cast<hardware::Component>(i);
        if (hardware::is_memory(c)) continue;
        CHECK_FALSE(h.parts[c].source.empty());
        if (h.parts[c].area_um2 > 0.0) CHECK_FALSE(h.parts[c].technology.empty());
      }
      CHECK(OuModel(nn::lenet5(), h).price_dense().totals.energy_nj > 0.0);
    }
  }
  CHECK_THROWS_WITH(ou_preset("ppaer"), Catch::Contains("did you mean 'paper'?"));
}

TEST_CASE("memories grow with what they hold") {
  for (const std::string& technology : hardware::memory_technologies()) {
    INFO(technology);
    const hardware::MemoryKind kind{technology, 256};
    CHECK(memory(0.0, kind).area.value == 0.0);
    double last = 0.0;
    for (const double kib : {0.5, 2.0, 3.0, 100.0, 256.0, 300.0, 2000.0}) {
      CHECK(memory(kib, kind).area.value >= last);
      last = memory(kib, kind).area.value;
    }
  }
  const Memory small = memory(2.0, {"sram-90nm", 64});
  CHECK(equal(small.area.value, 40580.3));
  CHECK(equal(small.read.value, 0.0075695 + 20.0 * 1.006428e-3));
  CHECK(equal(small.write.value, 0.0131361 + 20.0 * 1.006428e-3));
  CHECK(small.access.value == 20.0);
  CHECK(equal(memory(2.0, {"sram-90nm", 128}).area.value, 94438.7));
  // Beyond the table's largest there are several, of one size; an access is one's.
  const Memory banks = memory(300.0, {"sram-90nm", 64});
  CHECK(equal(banks.area.value, 2.0 * 6974574.682));
  CHECK(equal(banks.read.value, 0.27502 + 20.0 * 121.8756e-3));
  const Memory edram = memory(64.0, {"edram-32nm", 256});
  CHECK(equal(edram.area.value, 83000.0));
  CHECK(equal(edram.read.value, 20.7e-3 / 1.2));
}

TEST_CASE("impossible OU hardware is refused") {
  using enum hardware::Component;
  using Change = void (*)(hardware::Accelerator&);
  struct Case {
    const char* message;
    ErrorId id;
    Change change;
  };
  const std::vector<Case> cases = {
      {"size 0 must be at least 1", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.geometry.xbar_rows = 0; }},
      {"256 OU rows don't divide 128 crossbar rows", ErrorId::geometry_mismatch,
       [](hardware::Accelerator& h) { h.geometry.ou_rows = 256; }},
      {"9 bits per cell", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.geometry.cell_bits = 9; }},
      {"adc.bits = 0; needs 1 to 16", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.adc.bits = 0; }},
      {"inputs.dac_bits = 9; needs 1 to 8", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.inputs.dac_bits = 9; }},
      {"inputs.bits = 0", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.inputs.bits = 0; }},
      {"accumulator_bits = 0", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.accumulator_bits = 0; }},
      {"adcs = 0", ErrorId::out_of_range, [](hardware::Accelerator& h) { h.adcs = 0; }},
      {"dacs = 31; needs 32 to 128", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.dacs = 31; }},
      {"dacs = 32; needs 128 to 128", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.dense_read = hardware::DenseRead::crossbars; }},
      {"dacs = 64; needs 128 to 128", ErrorId::out_of_range,
       [](hardware::Accelerator& h) {
         h.geometry.xbar_cols = h.dacs = 64;
         h.dense_read = hardware::DenseRead::crossbars;
       }},
      {"adcs = 65; needs 1 to 64", ErrorId::out_of_range,
       [](hardware::Accelerator& h) {
         h.geometry.xbar_cols = 64;
         h.adcs = 65;
       }},
      {"active_ous = 33; needs 1 to 32", ErrorId::out_of_range,
       [](hardware::Accelerator& h) {
         h.geometry.ou_cols = 16;
         h.active_ous = 33;
       }},
      {"active_ous = 17; needs 1 to 16", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.active_ous = 17; }},
      {"'sram-91nm'; did you mean 'sram-90nm'?", ErrorId::unknown_name,
       [](hardware::Accelerator& h) { h.memory.technology = "sram-91nm"; }},
      {"port_bits = 65", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.memory.port_bits = 65; }},
      {"edram-32nm has 256", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.memory.technology = "edram-32nm"; }},
      {"adc.energy_nj = -1", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.parts[adc].energy_nj = -1.0; }},
      {"cell.area_um2 = nan", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.parts[cell].area_um2 = std::nan(""); }},
      {"shift_add.latency_ns = inf", ErrorId::out_of_range,
       [](hardware::Accelerator& h) { h.parts[shift_add].latency_ns = INFINITY; }},
  };
  for (const Case& c : cases) {
    INFO(c.message);
    hardware::Accelerator h = ou_preset("paper");
    c.change(h);
    const Error error = test::error_of([&] { h.validate(); });
    CHECK_THAT(error.what(), Catch::Contains(c.message));
    CHECK(error.id() == c.id);
    CHECK(test::error_of([&] { (void)OuModel(nn::lenet5(), h); }).id() == c.id);
  }
}
