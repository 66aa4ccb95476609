#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "autoprune/io/report_text.hpp"
#include "helpers.hpp"
#include "report_samples.hpp"

namespace ap = autoprune;
using ap::Index;
using namespace ap::io;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the terminal table holds the figures of the report", "[report]") {
  const std::string table = report_table(samples::report());
  CAPTURE(table);
  CHECK(ap::io::test::has(table,
                          "prune: toy on cifar10, 128x128/32x32/1\n"
                          "column-vectors, G = 32, gathered rows\n"));
  auto other = samples::report();
  other.erase("row_groups");
  other["method"] = "sre";
  CHECK(ap::io::test::has(report_table(other), "/1\nsre\n"));
  other.erase("method");  // of an earlier version
  CHECK(ap::io::test::has(report_table(other), "/1\nG = 32\n"));
  for (const char* row : {"conv1   288x256  1,101    47.8   45        96   48  2.00       8,877",
                          "conv2  2304x512  4,321    11.7  199     1,152  208  5.54      33,760",
                          "fc       512x10     77    48.1   16        64   16  4.00         372",
                          "total            5,499    14.0  260     1,312  272  4.82      43,009"})
    CHECK(ap::io::test::has(table, row));
  CHECK(ap::io::test::has(table, "kept 5,499 of 39,328   dead filters 4"));
  CHECK(ap::io::test::has(table, "dense 1,312   per layer 272   pooled 260"));
  CHECK(ap::io::test::has(table, "per layer 4.82   pooled 5.05"));
  CHECK(ap::io::test::has(table, "dense 93.07 / 99.55   pruned 92.34 / 99.61   drop 0.73 / -0.06"));
  CHECK(ap::io::test::has(table, "float, 10,000 images"));
  CHECK(ap::io::test::has(table, "explicit 6.25   bitmap 7.47   delta 5.41   lists 8.70 KiB"));
  CHECK(
      ap::io::test::has(table, "area 500.0 → 100.0 (5.00×) mm²   energy 2,500 → 500.0 (5.00×) µJ"));
  CHECK(ap::io::test::has(table, "latency 700.0 → 350.0 (2.00×) µs   hardware paper"));
  CHECK(ap::io::test::has(table, "search 61.5   fine-tune 300.5   total 372.8"));
  // 8 bits for each kept weight, against 43,009 bits of index.
  const double weights =
      288 * 256 * 1101.0 / 2304 + 2304 * 512 * 4321.0 / 36864 + 5120 * 77.0 / 160;
  CHECK(ap::io::test::has(
      table, format_number(100.0 * 43009 / (8 * weights), 1) + " % of the kept weights'"));
}

TEST_CASE("the table's columns are aligned and at most 100 wide", "[report]") {
  Json report = samples::report();
  Json& layer = report["layers"][1];
  layer["name"] = "модуль.features.denseblock1.layer1.conv1";
  layer["rows"] = 25088, layer["cols"] = 4096, layer["vectors"] = 25690112,
  layer["kept"] = 25690112;
  layer["keep_ratio"] = 1.0, layer["ous"] = 802816;
  layer["crossbars_dense"] = 100352, layer["crossbars"] = 100352, layer["index_bits"] = 308281344;
  report["network"] = std::string(300, 'n');
  report["data"] = std::string(300, 'd');
  const std::vector<std::string> lines = lines_of(report_table(report));
  for (const std::string& line : lines) CHECK(text_length(line) <= 100);
  for (std::size_t i = 3; i < 10; ++i) CHECK(text_length(lines[i]) == text_length(lines[3]));
  CHECK(ap::io::test::has(lines[6], "…k1.layer1.conv1"));
}

TEST_CASE("columns are as wide as their text looks, not as its bytes") {
  const auto wide = align_columns({{"äöü", "1"}, {"a", "22"}});
  const auto plain = align_columns({{"aou", "1"}, {"a", "22"}});
  for (std::size_t i = 0; i < 2; ++i) CHECK(text_length(wide[i]) == text_length(plain[i]));
}

TEST_CASE("a report without accuracy, search or fine-tuning has a table", "[report]") {
  Json report = samples::report();
  report["accuracy"].erase("pruned");
  const std::string dense = report_table(report);
  CHECK(ap::io::test::has(dense, "dense 93.07 / 99.55\n"));
  CHECK_FALSE(ap::io::test::has(dense, "drop"));
  report.erase("accuracy");
  report.erase("search");
  report.erase("fine_tune");
  CHECK_FALSE(ap::io::test::has(report_table(report), "accuracy"));
}

TEST_CASE("what convolutions in groups take of the crossbars is said where there are any",
          "[report]") {
  auto report = samples::report();
  CHECK_FALSE(ap::io::test::has(report_table(report), "groups"));
  report["layers"][0]["groups"] = 64;
  const double filled[] = {0.25, 0.5, 1.0};
  for (std::size_t k = 0; k < 3; ++k) report["layers"][k]["filled"] = filled[k];
  const std::string table = report_table(report);
  CAPTURE(table);
  CHECK(ap::io::test::has(table, "conv1  64 of 288x4"));
  // 48 of 272 crossbars; 208 filled to a half and 16 to the brim.
  CHECK(ap::io::test::has(
      table,
      "groups        convolutions in groups, 1 of 3 layers, take 17.6 % of the crossbars;\n"
      "              weights fill 25.0 % of their cells, and 53.6 % of the others'\n"));
  for (const std::string& line : lines_of(table)) CHECK(text_length(line) <= 100);
  report["layers"][0]["groups"] = 0;
  CHECK_FALSE(ap::io::test::has(report_table(report), "groups"));
}

TEST_CASE("bits of layers stand in the table, and count the kept weights") {
  ap::io::Json report = samples::report();
  const ap::io::ReportData before = ap::io::read_report(report);
  CHECK_FALSE(ap::io::test::has(report_table(report), "w/in/ADC"));
  report["layers"][0]["weight_bits"] = 4;
  report["layers"][0]["adc_bits"] = 5;
  const std::string table = report_table(report);
  CHECK(ap::io::test::has(table, "w/in/ADC bits"));
  CHECK(ap::io::test::has(table, "4/-/5"));
  CHECK(ap::io::test::has(table, "-/-/-"));
  CHECK_FALSE(ap::io::test::has(table, "8 bits each"));
  CHECK(ap::io::read_report(report).kept_weight_bits() ==
        Approx(before.kept_weight_bits() - 4.0 * before.layers[0].kept_weights()));
}

TEST_CASE("the front of a search is a table from the least accurate policy up") {
  ap::io::SearchFigures search;
  for (const ap::Index e : {0, 1, 2, 3}) {
    ap::io::EpisodeFigures figures{e, "searcher", 0.5, 90.0 - static_cast<double>(e), 4.0, 6.0};
    figures.energy_nj = 2500.0;
    figures.on_front = e != 1;
    search.episodes.push_back(figures);
  }
  search.pooled = true;
  const ap::io::Table table = ap::io::front_table(search);
  REQUIRE(table.size() == 4);
  CHECK(table[1][0] == "3");
  CHECK(table[3][0] == "0");
  CHECK(table[1][2] == "6.00");
  CHECK(table[1][3] == "2.500");
  for (const auto axis : {ap::io::FrontAxis::crossbars, ap::io::FrontAxis::energy}) {
    const std::string picture = ap::io::front_picture(search, axis);
    CHECK(ap::io::test::has(picture, "episode 3"));
    CHECK(ap::io::test::has(picture, "</svg>"));
  }
}
