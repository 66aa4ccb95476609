// The command `cost`: its figures add up, agree with those of other commands, and hardware is a
// file that comes back.
#include <cmath>

#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

Json priced(const Words& words) {
  const Answer answer = run(Words{"cost", "--json", "-"} + words);
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  return answer.json();
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); }

double number(const Json& json, const char* part, const char* key) {
  return json[part][key].get<double>();
}

void check_sums(const Json& json) {
  for (const char* key : {"area_um2", "energy_nj", "power_w"}) {
    INFO(key);
    double layers = 0.0, components = 0.0;
    for (const Json& layer : json["layers"]) {
      double own = 0.0;
      for (const auto& [name, figures] : layer["components"].items())
        own += figures[key].get<double>();
      CHECK(close(own, number(layer, "totals", key)));
      layers += own;
    }
    for (const auto& [name, figures] : json["components"].items())
      components += figures[key].get<double>();
    CHECK(close(layers, number(json, "totals", key)));
    CHECK(close(components, number(json, "totals", key)));
  }
  CHECK(number(json, "totals", "latency_ns") > 0.0);
  CHECK(number(json, "totals", "latency_unpipelined_ns") >= number(json, "totals", "latency_ns"));
}

Answer failed(const Words& words) {
  const Answer answer = run(Words{"cost"} + words);
  CHECK(answer.status != 0);
  CHECK(answer.out.empty());
  return answer;
}

}  // namespace

TEST_CASE("cost prices a network without weights as the dense one") {
  const Json json = priced({"--network", "lenet5"});
  CHECK(json["schema"] == "autoprune.cost/1");
  CHECK(json["model"] == "ou");
  CHECK(json["geometry"] == "128x128/32x32/1");
  CHECK(json["hardware"]["name"] == "paper");
  check_sums(json);
  CHECK(json["totals"] == json["dense"]["totals"]);
  CHECK(json["gains"]["energy"] == 1.0);
  CHECK(json["metrics"]["index_kib"] == 0.0);
}

TEST_CASE("cost prices a pruned network beside the unpruned one") {
  const std::string out = fresh("cost");
  const Json json = priced({"--network", trained(), "--keep", "0.3", "--out", out});
  check_sums(json);
  check_sums(json["dense"]);
  for (const char* gain : {"energy_nj", "area_um2"})
    CHECK(number(json, "totals", gain) < number(json["dense"], "totals", gain));
  CHECK(close(json["gains"]["energy"].get<double>(),
              number(json["dense"], "totals", "energy_nj") / number(json, "totals", "energy_nj")));
  CHECK(json["metrics"]["index_kib"].get<double>() > 0.0);
  CHECK(read_json(out + "/cost.json") == json);
  CHECK(has(read(out + "/energy.svg"), "DACs and ADCs"));
  CHECK(has(read(out + "/area.svg"), "<svg"));

  const Answer map = run({"map", "--network", trained(), "--keep", "0.3", "--json", "-"});
  const Json report = map.json();
  for (std::size_t k = 0; k < report["layers"].size(); ++k) {
    CHECK(json["layers"][k]["work"]["crossbars"] == report["layers"][k]["crossbars"]);
    CHECK(json["layers"][k]["work"]["index_bits"] == report["layers"][k]["index_bits"]);
  }
}

TEST_CASE("cost prints tables") {
  const Answer answer = run({"cost", "--network", trained(), "--keep", "0.3"});
  REQUIRE(answer.status == 0);
  for (const char* part : {"layer", "crossbars", "energy µJ", "adc", "index_buffer", "GOPS/mm²",
                           "of the kept weights'", "hardware paper"})
    CHECK(has(answer.out, part));
}

TEST_CASE("MNSIM-2.0's model has totals, layers and components, too") {
  const Json json =
      priced({"--network", "mnsim-lenet", "--model", "mnsim", "--geometry", "128x128/32x32/1"});
  CHECK(json["model"] == "mnsim");
  CHECK(json["hardware"]["xbar_rows"] == 128);
  check_sums(json);
  CHECK(json["layers"][0].contains("tiles"));
  CHECK(has(run({"cost", "--network", "mnsim-lenet", "--model", "mnsim"}).out, "256x256"));
}

TEST_CASE("hardware that is saved comes back") {
  for (const std::string name : {"paper", "mnsim-2020", "isaac"}) {
    const std::string file = fresh("hardware") + ".json";
    const Json saved = priced({"--network", "lenet5", "--hardware", name, "--save-hardware", file});
    const Json again = priced({"--network", "lenet5", "--hardware", file});
    CHECK(again["totals"] == saved["totals"]);
    CHECK(again["geometry"] == saved["geometry"]);
  }
  const std::string file = fresh("hardware") + ".json";
  const Words mnsim = {"--network", "mnsim-lenet", "--model", "mnsim"};
  const Json saved = priced(mnsim + Words{"--hardware", "mnsim-2020", "--save-hardware", file});
  CHECK(priced(mnsim + Words{"--hardware", file})["totals"] == saved["totals"]);
}

TEST_CASE("a hardware file changes what it names alone") {
  const std::string file = fresh("hardware") + ".json";
  write(file, R"({"schema": "autoprune.ou-hardware/1", "name": "ours",
                  "components": {"adc": {"energy_nj": 0.02016}}})");
  const Json paper = priced({"--network", "lenet5"});
  const Json twice = priced({"--network", "lenet5", "--hardware", file});
  const double adc = paper["components"]["adc"]["energy_nj"].get<double>();
  CHECK(close(number(twice, "totals", "energy_nj"), number(paper, "totals", "energy_nj") + adc));
}

TEST_CASE("a simulation's activity is billed in the place of all activations") {
  const std::string report = fresh("activity") + ".json";
  REQUIRE(run(Words{"simulate"} + inputs() +
              Words{"--images", "16", "--calibration-images", "32", "--json", report})
              .status == 0);
  const Json all = priced({"--network", trained()});
  const Json done = priced({"--network", trained(), "--activity", report});
  check_sums(done);
  CHECK(number(done, "totals", "energy_nj") < number(all, "totals", "energy_nj"));
  const Json activity = read_json(report)["activity"];
  for (std::size_t k = 0; k < done["layers"].size(); ++k)
    CHECK(close(16.0 * number(done["layers"][k], "work", "bitlines"),
                activity["layers"][k]["adc_conversions"].get<double>()));
  // Of another mapping it says nothing.
  const Words cost = {"cost", "--network", trained(), "--activity", report};
  CHECK(run(cost + Words{"--geometry", "64x64/16x16/1"}).err.find("config.103") !=
        std::string::npos);
  CHECK(run(cost + Words{"--keep", "0.3"}).err.find("mapping.401") != std::string::npos);
}

TEST_CASE("searches can be rewarded for energy, and reports carry the cost") {
  const std::string out = fresh("reward");
  const Answer answer =
      run(Words{"search"} + inputs() + short_search() + Words{"--reward", "energy", "--out", out});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  const Json report = read_json(out + "/report.json");
  CHECK(has(report["search"]["objective"].get<std::string>(), "energy"));
  CHECK(report["cost"]["hardware"] == "paper");
  const Json policy = priced({"--network", trained(), "--policy", out + "/policy.json"});
  CHECK(policy["totals"]["energy_nj"] == report["cost"]["pruned"]["totals"]["energy_nj"]);
  const Json& best = report["search"]["episodes"][report["search"]["best"].get<std::size_t>()];
  const double gain = report["cost"]["gains"]["energy"].get<double>();
  CHECK(close(best["reward"].get<double>(),
              std::max(0.0, 1.0 - 1.0 / gain) * best["accuracy"].get<double>() / 100.0));
  CHECK(has(answer.out, "cost          area"));
  CHECK(has(read(out + "/report.html"), "GOPS/W"));
}

TEST_CASE("the directory that prune wrote is priced as its report") {
  const std::string out = fresh("pruned");
  const Answer answer =
      run(Words{"prune"} + inputs() + short_search() + short_training() +
          Words{"--target-compression", "4", "--count", "pooled", "--out", out, "--json", "-"});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  const Json cost = priced({"--pruned", out});
  check_sums(cost);
  CHECK(cost["gains"]["area"].get<double>() > 1.0);
  CHECK(cost["gains"] == answer.json()["cost"]["gains"]);
}

TEST_CASE("hardware that can't be is refused") {
  const std::string file = fresh("hardware") + ".json";
  const auto with = [&](const std::string& fields) {
    write(file, R"({"schema": "autoprune.ou-hardware/1", )" + fields + "}");
    return failed({"--network", "lenet5", "--hardware", file}).err;
  };
  CHECK(has(with(R"("adc_bits": 0)"), "config.102"));
  CHECK(has(with(R"("adc_bit": 6)"), "did you mean 'adc_bits'?"));
  CHECK(has(with(R"("geometry": "64x64/128x128/1")"), "config.103"));
  CHECK(has(with(R"("geometry": "0x64/1x1/1")"), "config.102"));
  CHECK(has(with(R"("memory": {"technology": "sram-7nm"})"), "config.101"));
  CHECK(has(failed({"--network", "lenet5", "--hardware", "papr"}).err, "did you mean 'paper'?"));
  CHECK(has(failed({"--network", "lenet5", "--hardware", "no/such.json"}).err, "io.701"));
  CHECK(has(failed({"--network", "lenet5", "--model", "mnsym"}).err, "did you mean 'mnsim'?"));
  CHECK(has(failed({"--network", "lenet5", "--keep", "0.5"}).err, "config.105"));
}

TEST_CASE("one hardware file is what map, simulate and cost work on, an option over it") {
  const std::string file = fresh("hardware") + ".json";
  write(file, R"({"schema": "autoprune.accelerator/1", "name": "chip", "geometry": "64x64/16x16/2",
                  "dacs": 16, "adc": {"kind": "rounding", "bits": 1}, "inputs": {"dac_bits": 2}})");
  const auto told = [&](Words words) {
    const Answer answer = run(words + Words{"--hardware", file, "--json", "-", "--quiet"});
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return answer.json();
  };
  const Words network = {"--network", trained()};
  CHECK(told(Words{"map"} + network)["geometry"] == "64x64/16x16/2");
  CHECK(told(Words{"map"} + network + Words{"--geometry", "32x32/16x16/1"})["geometry"] ==
        "32x32/16x16/1");

  const Words simulate =
      Words{"simulate"} + network + Words{"--data", bench().data(), "--calibration-images", "64"};
  const auto lost = [](const Json& report) {
    return report["accuracy"]["quantised"]["top1"].get<double>() -
           report["accuracy"]["on_crossbar"]["top1"].get<double>();
  };
  CHECK(told(simulate)["geometry"] == "64x64/16x16/2");
  CHECK(lost(told(simulate)) > 0.0);
  CHECK(lost(told(simulate + Words{"--adc", "ideal"})) == 0.0);

  const Json one = told(Words{"cost"} + network);
  const Json four = told(Words{"cost"} + network + Words{"--adc-bits", "4"});
  CHECK(one["hardware"]["name"] == "chip");
  CHECK(one["hardware"]["inputs"]["dac_bits"] == 2);
  CHECK(four["hardware"]["adc"]["bits"] == 4);
  // The paper's ADC of 6 bits takes 8 samples; these take 3 and 6.
  const auto adc = [](const Json& cost) {
    return cost["components"]["adc"]["energy_nj"].get<double>();
  };
  CHECK(close(adc(four), 2.0 * adc(one)));

  // A network that was pruned for other crossbars is no network of this chip.
  const std::string out = fresh("pruned");
  REQUIRE(run(Words{"prune"} + inputs() + short_search() + short_training() +
              Words{"--target-compression", "2", "--count", "pooled", "--out", out})
              .status == 0);
  CHECK(has(failed({"--pruned", out, "--hardware", file}).err, "config.103"));
}
