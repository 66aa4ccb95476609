// The command `sweep`: cells over granularities and hardware, kept from run to run.
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

Words small_sweep(const std::string& out) {
  return Words{"sweep"} + inputs() +
         Words{"--held-out", "80",     "--calibration-images", "64",  "--granularity", "16,32",
               "--crossbar", "128,64", "--compression",        "1,3", "--out",         out};
}

Json swept(const Words& words) {
  const Answer answer = run(words + Words{"--json", "-"});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  return answer.json();
}

Index lines(const std::string& text) {
  return static_cast<Index>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a sweep measures every cell, once") {
  const std::string out = fresh("sweep");
  const Json first = swept(small_sweep(out));
  REQUIRE(first["cells"].size() == 8);
  CHECK(first["measured"] == 8);
  for (const Json& cell : first["cells"]) {
    INFO(cell.dump());
    const double target = cell["target_compression"].get<double>();
    CHECK(cell["compression_per_layer"].get<double>() >= target);
    CHECK(cell["energy_gain"].get<double>() > 0.0);
    CHECK(cell["top1"].get<double>() <= cell["top5"].get<double>());
    CHECK(cell["index_percent_of_weights"].get<double>() > 0.0);
  }
  CHECK(lines(read(out + "/sweep.csv")) == 9);
  for (const char* file : {"compression", "area", "energy", "index", "pareto"})
    CHECK(has(read(out + "/" + file + ".svg"), "<svg"));

  const Json again = swept(small_sweep(out));
  CHECK(again["measured"] == 0);
  CHECK(again["cells"] == first["cells"]);

  const fs::path cell = *fs::directory_iterator(out + "/cells");
  std::string damaged = read(cell);
  const std::size_t digit = damaged.find_first_of("0123456789", damaged.find("energy_nj"));
  damaged[digit] = damaged[digit] == '1' ? '2' : '1';
  write(cell, damaged);
  const Json mended = swept(small_sweep(out));
  CHECK(mended["measured"] == 1);
  CHECK(mended["cells"] == first["cells"]);

  const Json other = swept(small_sweep(out) + Words{"--weight-bits", "4"});
  CHECK(other["measured"] == 8);
  CHECK(other["cells"] != first["cells"]);
}

TEST_CASE("a cell is what map and cost say") {
  const Json cells = swept(small_sweep(fresh("sweep")))["cells"];
  const Json& dense = cells[0];  // 128x128, G = 16
  CHECK(dense["keep_ratio"] == 1.0);
  const Words hardware = {"--network", trained(), "--granularity", "16", "--json", "-"};
  const Json map = run(Words{"map"} + hardware).json();
  CHECK(dense["crossbars"] == map["crossbars"]["per_layer"]);
  const Json cost = run(Words{"cost", "--keep", "1"} + hardware).json();
  CHECK(dense["area_um2"].get<double>() > 0.0);
  CHECK(cost["dense"]["totals"]["area_um2"].get<double>() > 0.0);
}

TEST_CASE("a sweep without images has costs alone, and says what it can't do") {
  const std::string out = fresh("sweep");
  const Json json = swept({"sweep", "--network", trained(), "--quiet", "--granularity", "32,5",
                           "--crossbar", "128,96", "--compression", "2,100000", "--out", out});
  CHECK(json["cells"].size() == 2);
  CHECK_FALSE(json["cells"][0].contains("top1"));
  CHECK(json["skipped"].size() == 4);  // G = 5 and one target, on both sizes
  CHECK_FALSE(fs::exists(out + "/pareto.svg"));

  const Answer none = run(
      {"sweep", "--network", trained(), "--quiet", "--crossbar", "100", "--out", fresh("sweep")});
  CHECK(none.status == 1);
  CHECK(has(none.err, "no cell of the sweep can be measured"));
  const Answer bad = run({"sweep", "--network", trained(), "--granularity", "4;8", "--out", out});
  CHECK(bad.status == 2);
  CHECK(has(bad.err, "config.104"));
}

TEST_CASE("fine-tuning a cell recovers accuracy") {
  const Words one = {"--crossbar",    "128", "--granularity", "32",
                     "--compression", "3",   "--batch",       "32"};
  const Json before = swept(small_sweep(fresh("sweep")) + one);
  const Json after = swept(small_sweep(fresh("sweep")) + one + Words{"--epochs", "4"});
  REQUIRE(before["cells"].size() == 1);
  CHECK(after["cells"][0]["top1"].get<double>() >= before["cells"][0]["top1"].get<double>());
}
