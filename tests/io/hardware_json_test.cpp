// Hardware files: round trips, defaults, and every kind of mistake.

#include "autoprune/io/hardware_json.hpp"

#include "autoprune/io/mnsim_json.hpp"
#include "helpers.hpp"

using namespace autoprune;
using io::test::check_error;
using io::test::error_of;

namespace {

hardware::Accelerator parse_ou(const std::string& fields) {
  return io::accelerator_from_json(
      io::parse_json(R"({"schema": "autoprune.ou-hardware/1")" + fields + "}", "hw.json"),
      "hw.json");
}
mnsim::Hardware parse_mnsim(const std::string& fields) {
  return io::mnsim_hardware_from_json(
      io::parse_json(R"({"schema": "autoprune.mnsim-hardware/1")" + fields + "}", "hw.json"),
      "hw.json");
}

}  // namespace

TEST_CASE("an accelerator comes back from its JSON", "[hardware_json]") {
  Random random(7);
  for (const std::string& name : cost::ou_preset_names()) {
    hardware::Accelerator hardware = cost::ou_preset(name);
    for (int round = 0; round < 20; ++round) {
      const std::string text = io::json_text(io::hardware_to_json(hardware), 1);
      INFO(text);
      CHECK(io::accelerator_from_json(io::parse_json(text, "hw"), "hw") == hardware);
      hardware.adcs = 1 + random.below(16);
      hardware.adc.bits = 1 + random.below(16);
      hardware.dense_read = hardware::DenseRead::ous;
      hardware.adc.kind = hardware::adc_names()[random.below(5)];
      hardware.priced_adc_bits = 1 + random.below(16);
      hardware.weights = {1 + random.below(16), static_cast<hardware::BitPlanes>(random.below(2)),
                          static_cast<hardware::SignEncoding>(random.below(2))};
      hardware.inputs.bits = 1 + random.below(8);
      hardware.devices.cells = hardware::CellKinds(
          hardware::OnOffRatio{random.below(2) == 0 ? 5.0
                                                    : std::numeric_limits<double>::infinity()},
          hardware::StuckAt{0.25 * random.uniform(), 0.25},
          hardware::Variation{random.uniform(), static_cast<hardware::Spread>(random.below(2))});
      hardware.devices.read_noise = random.uniform();
      hardware.formation = static_cast<hardware::OuFormation>(random.below(3));
      for (Index i = 0; i < hardware::kComponents<hardware::Component>; ++i) {
        const auto c = static_cast<hardware::Component>(i);
        if (!hardware::is_memory(c))
          hardware.parts[c] = {random.uniform(), 1e-9 * random.uniform(), random.uniform(), "1 nm",
                               concat("source ", round)};
      }
    }
  }
}

TEST_CASE("an accelerator's file says what simulates and what prices", "[hardware_json]") {
  const auto parse = [](const std::string& fields, const std::optional<Geometry<>>& geometry = {}) {
    return io::accelerator_from_json(
        io::parse_json(R"({"schema": "autoprune.accelerator/1")" + fields + "}", "hw.json"),
        "hw.json", geometry);
  };
  CHECK(parse("") == cost::ou_preset("paper"));
  CHECK(parse("") == parse_ou(""));
  hardware::Accelerator expected = cost::ou_preset("isaac", {64, 64, 16, 16, 2});
  expected.weights = {6, hardware::BitPlanes::adjacent, hardware::SignEncoding::offset};
  expected.inputs.dac_bits = 2;
  expected.adc = {"rounding", 5};
  expected.devices = {hardware::CellKinds(hardware::OnOffRatio{30.0}, hardware::StuckAt{0.01, 0.02},
                                          hardware::Variation{0.1, hardware::Spread::log_normal}),
                      0.5};
  expected.formation = hardware::OuFormation::dynamic;
  const std::string fields = R"(, "base": "isaac", "geometry": "64x64/16x16/2",
      "weights": {"bits": 6, "bit_planes": "adjacent", "signs": "offset"},
      "inputs": {"dac_bits": 2}, "adc": {"kind": "rounding", "bits": 5}, "formation": "dynamic",
      "devices": {"on_off": 30, "stuck_low": 0.01, "stuck_high": 0.02, "variation": 0.1,
                  "spread": "log-normal", "read_noise": 0.5})";
  CHECK(parse(fields) == expected);
  // ISAAC's ADC has 8 bits: one of 5 takes (5 + 2) / (8 + 2) of its samples.
  const auto c = hardware::Component::adc;
  CHECK(parse(fields).part(c).energy_nj == Approx(0.7 * expected.parts[c].energy_nj));
  CHECK(parse(fields).part(c).latency_ns == Approx(0.7 * expected.parts[c].latency_ns));
  CHECK(parse(fields).part(c).area_um2 == expected.parts[c].area_um2);
  // An ADC that the file prices is the one that it names.
  const auto priced = parse(fields + R"(, "components": {"adc": {"energy_nj": 0.5}})");
  CHECK(priced.priced_adc_bits == 5);
  CHECK(priced.part(c).energy_nj == 0.5);
  CHECK(parse(R"(, "devices": {"on_off": null})").devices.ideal());
  // Crossbars that are asked for are made as the base makes them.
  const Geometry<> other{64, 64, 8, 8, 1};
  CHECK(parse(R"(, "base": "isaac")", other) == cost::ou_preset("isaac", other));

  check_error(error_of([&] { (void)parse(R"(, "adc": {"kind": "roundin"})"); }),
              ErrorId::unknown_name, {"did you mean 'rounding'?"});
  check_error(error_of([&] { (void)parse(R"(, "adc_bits": 6)"); }), ErrorId::unknown_name, {});
  check_error(error_of([&] { (void)parse(R"(, "devices": {"variation": 3})"); }),
              ErrorId::out_of_range, {"variation is 3"});
  check_error(error_of([&] { (void)parse(R"(, "weights": {"bits": 0})"); }), ErrorId::out_of_range,
              {"weight_bits = 0"});
}

TEST_CASE("MNSIM hardware comes back from its JSON", "[hardware_json]") {
  for (mnsim::Hardware hardware : {mnsim::Hardware{}, mnsim::hardware_2020()}) {
    hardware.tile_order = mnsim::TileOrder::zigzag;
    hardware.bit_aware = true;
    hardware.adc = cost::published_adc(2);
    hardware.weight_bits = 5;
    hardware.activation_bits = 7;
    const io::Json json = io::hardware_to_json(hardware);
    const mnsim::Hardware back = io::mnsim_hardware_from_json(json, "hw");
    CHECK(io::hardware_to_json(back) == json);
    CHECK(back.tile_order == hardware.tile_order);
    CHECK(back.adc.latency_ns == hardware.adc.latency_ns);
    CHECK(back.high_read_v == hardware.high_read_v);
    CHECK(back.weight_bits == 5);
    CHECK(back.activation_bits == 7);
  }
}

TEST_CASE("what a file doesn't say is its base's", "[hardware_json]") {
  CHECK(parse_ou("") == cost::ou_preset("paper"));
  hardware::Accelerator expected = cost::ou_preset("isaac", {64, 64, 16, 16, 2});
  expected.parts[hardware::Component::adc].energy_nj = 0.5;
  expected.active_ous = 2;
  CHECK(parse_ou(R"(, "base": "isaac", "geometry": "64x64/16x16/2", "active_ous": 2,
                    "components": {"adc": {"energy_nj": 0.5}})") == expected);
  CHECK(parse_mnsim(R"(, "base": "mnsim-2020", "groups": 3)").groups == 3);
  CHECK(parse_mnsim(R"(, "base": "mnsim-2020")").adc.area_um2 == 580.0);
  CHECK(parse_mnsim("").xbar_rows == 256);
}

TEST_CASE("a misspelled key or word is answered with the nearest", "[hardware_json]") {
  struct Case {
    const char *fields, *message;
  };
  for (const Case& c : {
           Case{R"(, "adc_bit": 6)", "unknown key in hw.json: 'adc_bit'; did you mean 'adc_bits'?"},
           {R"(, "components": {"adcs": {}})", "did you mean 'adc'?"},
           {R"(, "components": {"adc": {"energy": 1}})", "did you mean 'energy_nj'?"},
           {R"(, "memory": {"technolgy": "sram-90nm"})", "did you mean 'technology'?"},
           {R"(, "memory": {"technology": "sram-90"})", "did you mean 'sram-90nm'?"},
           {R"(, "dense_read": "crossbar")", "did you mean 'crossbars'?"},
           {R"(, "base": "papr")", "did you mean 'paper'?"},
       }) {
    INFO(c.fields);
    check_error(error_of([&] { (void)parse_ou(c.fields); }), ErrorId::unknown_name, {c.message});
  }
  check_error(error_of([] { (void)parse_mnsim(R"(, "adc": {"bit": 4})"); }), ErrorId::unknown_name,
              {"did you mean 'bits'?"});
  check_error(error_of([] { (void)parse_mnsim(R"(, "tile_order": "shell")"); }),
              ErrorId::unknown_name, {"did you mean 'shells'?"});
}

TEST_CASE("impossible hardware is refused", "[hardware_json]") {
  struct Case {
    const char *fields, *message;
    ErrorId id;
  };
  for (const Case& c : {
           Case{R"(, "geometry": "0x128/32x32/1")", "at least 1", ErrorId::out_of_range},
           {R"(, "geometry": "64x64/128x32/1")", "don't divide", ErrorId::geometry_mismatch},
           {R"(, "geometry": "64x64")", "is not of the form", ErrorId::bad_syntax},
           {R"(, "adc_bits": 0)", "adc.bits = 0", ErrorId::out_of_range},
           {R"(, "adc_bits": 6.5)", "must be an integer", ErrorId::bad_json},
           {R"(, "adc_bits": "six")", "must be an integer", ErrorId::bad_json},
           {R"(, "components": {"adc": {"energy_nj": -1}})", "adc.energy_nj = -1",
            ErrorId::out_of_range},
           {R"(, "components": {"adc": {"energy_nj": 1e300}})", "adc.energy_nj = 1e+300",
            ErrorId::out_of_range},
           {R"(, "geometry": "65537x128/1x32/1")", "at most 65536", ErrorId::out_of_range},
           {R"(, "adcs": 9223372036854775807)", "adcs = 9223372036854775807",
            ErrorId::out_of_range},
           {R"(, "adcs": 18446744073709551615)", "must be an integer", ErrorId::bad_json},
           {R"(, "components": [])", "must be an object", ErrorId::bad_json},
           {R"(, "memory": {"port_bits": 1})", "port_bits = 1", ErrorId::out_of_range},
           {R"(, "active_ous": 100)", "active_ous = 100", ErrorId::out_of_range},
       }) {
    INFO(c.fields);
    check_error(error_of([&] { (void)parse_ou(c.fields); }), c.id, {c.message});
  }
  check_error(error_of([] { (void)parse_mnsim(R"(, "xbar_rows": 0)"); }), ErrorId::out_of_range,
              {"xbar_rows = 0"});
  for (const std::string field :
       {"cell_area_um2", "high_resistance_ohm", "high_read_v", "transistor_nm", "clock_mhz",
        "register_nm", "inter_tile_gbps", "grid_rows", "groups", "dacs", "weight_bits"})
    for (const std::string value : {"9e15", "-9e15", "9000000000000000", "9223372036854775807"}) {
      INFO(field << ' ' << value);
      const ErrorId id = error_of([&] { (void)parse_mnsim(", \"" + field + "\": " + value); }).id();
      CHECK((id == ErrorId::out_of_range || id == ErrorId::bad_json));
    }
  check_error(error_of([] { (void)parse_mnsim(R"(, "clock_mhz": 1e-320)"); }),
              ErrorId::out_of_range, {"clock_mhz", "1e-15"});
  check_error(error_of([] { (void)parse_mnsim(R"(, "sram_nm": 91)"); }), ErrorId::out_of_range,
              {"a technology with known buffers"});
  check_error(error_of([] {
                (void)io::accelerator_from_json(io::hardware_to_json(mnsim::Hardware{}), "hw");
              }),
              ErrorId::bad_json, {"autoprune.accelerator/1"});
  check_error(error_of([] { (void)io::accelerator_from_json(io::Json::array(), "hw"); }),
              ErrorId::bad_json, {"an object"});
}
