#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "autoprune/io/report_html.hpp"
#include "helpers.hpp"
#include "report_samples.hpp"

namespace ap = autoprune;
using ap::Index;
using namespace ap::io;

namespace {

/// The paths of every key that a document holds, in the first element of each array.
void collect_keys(const Json& value, const Json::json_pointer& at,
                  std::vector<Json::json_pointer>& keys) {
  if (value.is_array() && !value.empty()) collect_keys(value[0], at / 0, keys);
  if (!value.is_object()) return;
  for (const auto& item : value.items()) {
    keys.push_back(at / item.key());
    collect_keys(item.value(), at / item.key(), keys);
  }
}

/// The message of the bad_json that the page throws, or "" when it is written.
std::string complaint(const Json& report, const Json& mapping) {
  try {
    (void)report_html(report, mapping);
  } catch (const ap::Error& error) {
    CHECK(error.id() == ap::ErrorId::bad_json);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the page is well-formed, stands alone and holds the report's figures", "[report]") {
  const std::string page = report_html(samples::report(), samples::mapping());
  CHECK(samples::markup_fault(page) == "");
  CHECK(samples::occurrences(page, "http") ==
        samples::occurrences(page, "xmlns=\"http://www.w3.org/2000/svg\""));
  for (const char* loaded : {"<script", "<link", "<img", "@import", "url(", "src="})
    CHECK_FALSE(ap::io::test::has(page, loaded));
  for (const char* figure : {"conv1",
                             "5.00×",
                             "2,500 → 500.0 µJ an inference",
                             "2,000 GOPS/W",
                             "conv2",
                             "fc",
                             "1,312",
                             "272",
                             "260",
                             "4.82",
                             "5.05",
                             "93.07 %",
                             "92.34 %",
                             "99.55 %",
                             "99.61 %",
                             "drop 0.73",
                             "10,000 images",
                             "5,499 of 39,328",
                             "8,877",
                             "1,101",
                             "2304 × 512",
                             "12345",
                             "toy.safetensors",
                             "(1 - 1/CR) * top-1",
                             "best: episode 7",
                             "and 3 more",
                             "13 × 16 planes",
                             "6 min 13 s"}) {
    CAPTURE(figure);
    CHECK(ap::io::test::has(page, figure));
  }
}

TEST_CASE("the bars of the page are the layers' figures", "[report]") {
  Json report = samples::report();
  const std::string page = report_html(report, nullptr);
  const std::vector<double> bars = samples::attributes(page, "class=\"bar\"", "height");
  REQUIRE(bars.size() == 9);  // three keep ratios; dense and pruned for three layers
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& layer = report["layers"][i];
    const double ratio =
        layer["keep_ratio"].get<double>() / report["layers"][0]["keep_ratio"].get<double>();
    CHECK(bars[i] == Approx(bars[0] * ratio).margin(0.02));
  }
  CHECK(ap::io::test::has(page, "logarithmic"));  // 16 to 1152 crossbars
  report["layers"][2]["crossbars"] = 64;
  CHECK_FALSE(ap::io::test::has(report_html(report, nullptr), "logarithmic"));
}

TEST_CASE("every episode and every crossbar that fits is drawn", "[report]") {
  const std::string page = report_html(samples::report(), samples::mapping());
  CHECK(samples::occurrences(page, "<title>episode ") == 2 * 8);
  CHECK(samples::occurrences(page, "<title>epoch ") == 3 + 3 * 5);  // 3 of 5 were evaluated
  CHECK(samples::occurrences(page, "4 OUs, 2.3 % of the cells") == 3 + 10 + 1);
}

TEST_CASE("what a report doesn't hold is left out", "[report]") {
  Json report = samples::report();
  report["accuracy"].erase("pruned");
  CHECK(ap::io::test::has(report_html(report, nullptr), "accuracy is <b>93.07 %</b>"));
  for (const char* part : {"accuracy", "search", "cost", "fine_tune"}) report.erase(part);
  const std::string page = report_html(report, nullptr);
  CHECK(samples::markup_fault(page) == "");
  for (const char* part :
       {"Top-1 accuracy", "GOPS", "Reward and", "Fine-tuning</h2>", "Crossbar occupancy"})
    CHECK_FALSE(ap::io::test::has(page, part));
  for (const char* part : {"Keep ratio per layer", "Crossbars per layer", "Layers", "Glossary"})
    CHECK(ap::io::test::has(page, part));
  report["accuracy"] = nullptr;
  CHECK(report_html(report, nullptr) == page);
}

TEST_CASE("a training that has collapsed is told of at the top of the page", "[report]") {
  const std::string well = report_html(samples::report(), nullptr);
  CHECK_FALSE(ap::io::test::has(well, "collapsed in training"));
  for (const char* key : {"fine_tune", "training"}) {
    Json report = samples::report();
    report[key]["best_top1"] = 93.25;
    report[key]["end_top1"] = 9.75;
    report[key]["collapsed"] = false;
    CHECK(report_html(report, nullptr) == well);
    report[key]["collapsed"] = true;
    const std::string page = report_html(report, nullptr);
    CHECK(samples::markup_fault(page) == "");
    for (const char* part : {"Warning:", "collapsed in training", "9.75 %", "93.25 %"})
      CHECK(page.find(part) < page.find("Keep ratio per layer"));
    report[key]["collapsed"] = 1;
    CHECK(ap::io::test::has(complaint(report, nullptr), "collapsed"));
  }
}

TEST_CASE("names and options can't break out into markup", "[report]") {
  Json report = samples::report();
  Json mapping = samples::mapping();
  const std::string nasty = "</title><script>" + samples::kNasty;
  for (const char* key : {"command", "network", "data", "autoprune_version", "geometry"})
    report[key] = nasty;
  report["layers"][0]["name"] = nasty;
  report["accuracy"]["kind"] = nasty;
  report["search"]["objective"] = nasty;
  report["options"] = {{nasty, nasty}, {"list", {nasty}}};
  mapping["layers"][0]["name"] = nasty;
  const std::string page = report_html(report, mapping);
  CHECK(samples::markup_fault(page) == "");
  CHECK_FALSE(ap::io::test::has(page, "<script"));
  CHECK(ap::io::test::has(page, "a&lt;b &amp; &quot;c&quot;"));
}

TEST_CASE("a key that is missing or of another type is named", "[report]") {
  const Json report = samples::report(), mapping = samples::mapping();
  REQUIRE(complaint(report, mapping) == "");
  std::vector<Json::json_pointer> keys;
  collect_keys(report, Json::json_pointer(), keys);
  const auto optional = [](const Json::json_pointer& key) {
    const std::string path = key.to_string();
    return path == "/accuracy" || path == "/accuracy/pruned" || path == "/accuracy/dense" ||
           path == "/search" || path == "/cost" || path == "/fine_tune" || path == "/method" ||
           path == "/row_groups" || path.rfind("/options/", 0) == 0 ||
           key.back() == "held_out_top1";
  };
  for (const Json::json_pointer& key : keys) {
    if (key.back() == "keep_ratios") continue;  // the pictures don't need them
    if (key.back() == "searcher") continue;     // older reports have none, and other kinds
    CAPTURE(key);
    Json broken = report;
    broken[key.parent_pointer()].erase(key.back());
    const std::string missing = complaint(broken, mapping);
    if (optional(key))
      CHECK(missing == "");
    else
      CHECK(ap::io::test::has(missing, "'" + key.back() + "'"));
    broken = report;
    broken[key] = true;
    if (key.back() != "options" && key.back() != "seed" &&
        !(optional(key) && ap::io::test::has(key.to_string(), "/options/")))
      CHECK(ap::io::test::has(complaint(broken, mapping), key.back()));
  }
  keys.clear();
  collect_keys(mapping, Json::json_pointer(), keys);
  for (const Json::json_pointer& key : keys) {
    if (key.back() == "ou" || key.back() == "row_group") continue;  // not drawn
    CAPTURE(key);
    Json broken = mapping;
    broken[key.parent_pointer()].erase(key.back());
    CHECK(ap::io::test::has(complaint(report, broken), "'" + key.back() + "'"));
  }
}

TEST_CASE("a report names its searcher; those of before there were several say agent", "[report]") {
  Json report = samples::report();
  CHECK(ap::io::read_report(report).search->searcher == "guided");
  report["search"].erase("searcher");
  report["search"]["episodes"][6]["kind"] = report["search"]["episodes"][7]["kind"] = "agent";
  CHECK(complaint(report, nullptr).empty());
}

TEST_CASE("documents that contradict themselves are refused", "[report]") {
  Json report = samples::report();
  report["schema"] = "autoprune.report/2";
  CHECK(ap::io::test::has(complaint(report, nullptr), "autoprune.report/1"));
  report = samples::report();
  report["search"]["best"] = 99;
  CHECK(ap::io::test::has(complaint(report, nullptr), "99"));
  report = samples::report();
  report["search"]["episodes"][3]["kind"] = "magic";
  CHECK(ap::io::test::has(complaint(report, nullptr), "magic"));

  Json mapping = samples::mapping();
  mapping["layers"][1]["tiles"][0]["crossbar"] = 13;
  CHECK(ap::io::test::has(complaint(samples::report(), mapping), "conv2"));
  mapping = samples::mapping();
  mapping["layers"][1]["tiles"][0]["row"] = 97;
  CHECK_THROWS_AS(report_html(samples::report(), mapping), ap::Error);
}

TEST_CASE("a large network with small OUs stays a page of moderate size", "[report]") {
  Json report = samples::report(), mapping = samples::mapping();
  report["layers"] = Json::array(), mapping["layers"] = Json::array();
  mapping["geometry"] = "128x128/4x4/1";
  mapping["granularity"] = 4;
  for (int i = 0; i < 40; ++i) {
    Json layer = samples::report()["layers"][1];
    layer["name"] = "stage" + std::to_string(i) + ".conv";
    report["layers"].push_back(layer);
    Json tiles = Json::array();
    for (Index tile = 0; tile < 2048; ++tile)
      tiles.push_back({{"ou", tile},
                       {"row_group", 0},
                       {"crossbar", tile / 1024},
                       {"row", tile % 32 * 4},
                       {"column", tile / 32 % 32 * 4},
                       {"rows", 4},
                       {"columns", {0, 1, 2}}});
    mapping["layers"].push_back(
        {{"name", layer["name"]}, {"crossbars_per_plane", 2}, {"planes", 16}, {"tiles", tiles}});
  }
  const std::string page = report_html(report, mapping);
  CHECK(samples::markup_fault(page) == "");
  CHECK(page.size() < 2'000'000);
  CHECK(samples::occurrences(page, "and 1 more") == 40);
}
