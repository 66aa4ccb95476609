#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/svg_occupancy.hpp"
#include "report_samples.hpp"

namespace ap = autoprune;
using ap::Index;
using namespace ap::io;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

BarChart random_bars(ap::Random& random, bool log) {
  BarChart chart;
  chart.title = samples::kNasty;
  chart.y = {samples::kNasty, log};
  const auto categories = Index{1} + random.below(60);
  for (Index i = 0; i < categories; ++i)
    chart.categories.push_back(samples::kNasty +
                               std::string(static_cast<std::size_t>(random.below(30)), 'x'));
  for (Index s = 0; s < 2; ++s) {
    chart.series.push_back({samples::kNasty, s, {}});
    for (Index i = 0; i < categories; ++i)
      chart.series.back().values.push_back(std::pow(10.0, 6.0 * random.uniform() - 1.0));
  }
  return chart;
}

}  // namespace

TEST_CASE("linear axes hold every value, with few ticks at 1, 2 or 5 times a power of ten",
          "[svg]") {
  ap::Random random(1, 1);
  for (int round = 0; round < 2000; ++round) {
    const double scale = std::pow(10.0, 12.0 * random.uniform() - 6.0);
    std::vector<double> values;
    for (Index i = random.below(5); i >= 0; --i) values.push_back(scale * (random.uniform() - 0.3));
    values.push_back(kNone);
    const AxisRange range = axis_range(values, {"", false, round % 2 == 0});
    CAPTURE(values, range.ticks);
    for (const double v : values) CHECK_FALSE((v < range.low || v > range.high));
    REQUIRE(range.ticks.size() >= 2);
    CHECK(range.ticks.size() <= 9);
    CHECK(range.ticks.front() == range.low);
    CHECK(range.ticks.back() == range.high);
    const double step = range.ticks[1] - range.ticks[0];
    const double lead = step / std::pow(10.0, std::floor(std::log10(step) + 1e-6));
    CHECK((std::abs(lead - 1) < 1e-3 || std::abs(lead - 2) < 1e-3 || std::abs(lead - 5) < 1e-3));
    if (round % 2 == 0) CHECK((range.low <= 0.0 && range.high >= 0.0));
    // The labels tell the ticks apart.
    for (std::size_t i = 1; i < range.ticks.size(); ++i)
      CHECK(format_number(range.ticks[i], range.decimals) !=
            format_number(range.ticks[i - 1], range.decimals));
  }
}

TEST_CASE("logarithmic axes hold every value and rise with it", "[svg]") {
  ap::Random random(2, 1);
  for (int round = 0; round < 1000; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 4; ++i) values.push_back(std::pow(10.0, 5.0 * random.uniform() - 1.0));
    const AxisRange range = axis_range(values, {"", true});
    CAPTURE(values, range.low, range.high);
    REQUIRE(range.ticks.size() >= 2);
    CHECK(range.ticks.size() <= 12);
    CHECK(range.position(0.0) == 0.0);  // below every logarithm
    for (const double v : values) {
      CHECK(range.position(v) > 0.0);  // the smallest bar can be seen
      CHECK(range.position(v) <= 1.0 + 1e-9);
      CHECK(range.position(2.0 * v) - range.position(v) ==
            Approx(std::log(2.0) / std::log(range.high / range.low)));
    }
  }
}

TEST_CASE("axes of nothing, of one value and of whole numbers are drawn", "[svg]") {
  for (const bool log : {false, true})
    for (const std::vector<double>& values :
         {std::vector<double>{}, {0.0}, {7.0}, {7.0, 7.0}, {kNone}}) {
      const AxisRange range = axis_range(values, {"", log, false});
      CHECK(range.low < range.high);
      CHECK(range.ticks.size() >= 2);
    }
  for (const double last : {0.0, 1.0, 2.0, 3.0})
    for (const double tick : axis_range({0.0, last}, {"", false, false, true}).ticks)
      CHECK(tick == std::round(tick));
}

TEST_CASE("axes of numbers at the ends of their range have few ticks", "[svg]") {
  for (const bool log : {false, true})
    for (const bool whole : {false, true})
      for (const bool from_zero : {false, true})
        for (const std::vector<double>& values : {std::vector<double>{1e16, 1e16 + 2.0},
                                                  {-1e308, 1e308},
                                                  {5e-324, 1e-320},
                                                  {1e-299, 1e299},
                                                  {0.0, 5e-324},
                                                  {1e308, 1e308},
                                                  {9007199254740993.0}}) {
          const AxisRange range = axis_range(values, {"", log, from_zero, whole});
          CHECK(range.ticks.size() < 2000);
          CHECK((range.decimals >= 0 && range.decimals <= 15));
          CHECK(range.low < range.high);
        }
}

TEST_CASE("bars are as high as their values", "[svg]") {
  ap::Random random(3, 1);
  for (int round = 0; round < 50; ++round) {
    const bool log = round % 2 == 1;
    const BarChart chart = random_bars(random, log);
    const std::string svg = bar_chart(chart);
    CHECK(samples::markup_fault(svg) == "");
    const std::vector<double> heights = samples::attributes(svg, "class=\"bar\"", "height");
    REQUIRE(heights.size() == 2 * chart.categories.size());

    std::vector<double> values;
    for (std::size_t i = 0; i < chart.categories.size(); ++i)
      for (const auto& series : chart.series) values.push_back(series.values[i]);
    const AxisRange range = axis_range(values, chart.y);
    const std::size_t tallest =
        static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
    const auto length = [&](std::size_t i) {
      return log ? std::log(values[i] / range.low) : values[i];
    };
    for (std::size_t i = 0; i < values.size(); ++i)
      CHECK(heights[i] == Approx(heights[tallest] * length(i) / length(tallest)).margin(0.02));
  }
}

TEST_CASE("a bar chart says every name, and none of it as markup", "[svg]") {
  BarChart chart;
  chart.categories = {"conv1", samples::kNasty};
  chart.series = {{"dense", 3, {4.0, 1234.5}}};
  chart.decimals = 1;
  chart.unit = " %";
  const std::string svg = bar_chart(chart);
  CHECK(samples::markup_fault(svg) == "");
  CHECK(svg.find("<title>conv1\ndense: 4.0 %</title>") != std::string::npos);
  CHECK(svg.find("a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;\ndense: 1,234.5 %") !=
        std::string::npos);
  chart.series[0].values.pop_back();
  CHECK_THROWS_AS(bar_chart(chart), ap::Error);
}

TEST_CASE("stacked bars stand on one another") {
  BarChart chart;
  chart.title = "sums";
  chart.categories = {"a"};
  chart.stacked = true;
  chart.series = {{"one", 0, {1.0}}, {"two", 1, {2.0}}, {"three", 2, {3.0}}};
  const std::string svg = bar_chart(chart);
  CHECK(samples::markup_fault(svg) == "");
  const std::vector<double> heights = samples::attributes(svg, "class=\"bar\"", "height");
  const std::vector<double> tops = samples::attributes(svg, "class=\"bar\"", "y");
  REQUIRE(heights.size() == 3);
  for (std::size_t i = 1; i < 3; ++i) {
    CHECK(heights[i] == Approx(static_cast<double>(i + 1) * heights[0]).epsilon(0.01));
    CHECK(tops[i] + heights[i] == Approx(tops[i - 1]).epsilon(0.01));
  }
}

TEST_CASE("names too long for their place are slanted, and thinned out when there are too many",
          "[svg]") {
  BarChart chart;
  chart.series = {{"x", 0, {}}};
  for (Index i = 0; i < 10; ++i) {
    chart.categories.push_back("conv" + std::to_string(i));
    chart.series[0].values.push_back(1.0);
  }
  CHECK(bar_chart(chart).find("rotate") == std::string::npos);
  for (Index i = 10; i < 200; ++i) {
    chart.categories.push_back("stage" + std::to_string(i));
    chart.series[0].values.push_back(1.0);
  }
  const Index labels = samples::occurrences(bar_chart(chart), "rotate");
  CHECK(labels >= 40);
  CHECK(labels <= 70);
}

TEST_CASE("points stand where their values say, in the shape of their series", "[svg]") {
  XyChart chart;
  chart.x = {"episode", false, true};
  chart.y = {"reward", false, true};
  chart.series = {{"agent", 0, true, {}}, {"lamp", 1, false, {}}, {"nothing", 2, false, {}}};
  for (int i = 0; i <= 10; ++i)
    chart.series[0].points.push_back({static_cast<double>(i), i == 4 ? kNone : 1.0 * i, "point"});
  chart.series[1].points = {{3.0, 3.0, samples::kNasty}};
  chart.mark = {10.0, 10.0, "best"};
  const std::string svg = xy_chart(chart);
  CHECK(samples::markup_fault(svg) == "");
  CHECK(samples::occurrences(svg, "<title>point</title>") == 10);  // the missing one is left out
  CHECK(samples::occurrences(svg, ">nothing<") == 0);
  CHECK(samples::occurrences(svg, ">best<") == 1);

  const std::size_t begin = svg.find("d=\"M", svg.find("stroke-linejoin") - 400) + 4;
  std::istringstream line(svg.substr(begin, svg.find('"', begin) - begin));
  std::vector<double> xs, ys;
  for (char pen = 'L'; pen == 'L'; pen = line.peek() == 'L' ? static_cast<char>(line.get()) : ' ') {
    xs.push_back(0.0), ys.push_back(0.0);
    line >> xs.back() >> ys.back();
  }
  REQUIRE(xs.size() == 10);
  const double slope = (ys.back() - ys.front()) / (xs.back() - xs.front());
  CHECK(slope < 0.0);  // y grows downwards
  for (std::size_t i = 1; i < xs.size(); ++i)
    CHECK(ys[i] - ys[0] == Approx(slope * (xs[i] - xs[0])).margin(0.03));
  chart.legend = false;
  CHECK(xy_chart(chart).find(">agent<") == std::string::npos);
}

TEST_CASE("an uncertain point has an upright bar within the picture", "[svg]") {
  XyChart chart;
  chart.y = {"accuracy", false, false};
  chart.series = {{"Acc1", 0, true, {{0.0, 50.0, "sure"}, {1.0, 60.0, "unsure", 20.0}}}};
  const std::string svg = xy_chart(chart);
  CHECK(samples::markup_fault(svg) == "");
  const std::size_t begin = svg.find("d=\"M", svg.find(">unsure<")) + 4;
  std::istringstream bar(svg.substr(begin, svg.find('"', begin) - begin));
  double x = 0.0, low = 0.0, high = 0.0;
  char pen = ' ';
  bar >> x >> low >> pen >> high;
  CHECK(pen == 'V');
  CHECK(low <= chart.height);
  CHECK(high >= 0.0);
  // The axis covers 40 to 80, all of the bar.
  CHECK(low - high == Approx(chart.height - 44.0 - 42.0).margin(0.03));
}

TEST_CASE("empty charts are pictures too", "[svg]") {
  CHECK(samples::markup_fault(bar_chart({})) == "");
  CHECK(samples::markup_fault(xy_chart({})) == "");
}

TEST_CASE("occupancy fills exactly the cells of the blocks", "[svg]") {
  ap::Random random(4, 1);
  OccupancyChart chart;
  chart.rows = 128, chart.columns = 64, chart.tile_rows = 32, chart.tile_columns = 16;
  chart.more = 1234;
  Index cells = 0;
  for (Index i = 0; i < 5; ++i) {
    chart.crossbars.push_back({samples::kNasty, {}});
    for (Index row = 0; row < 128; row += 32) {
      const OccupancyChart::Block block{row, 16 * (i % 4), 1 + random.below(32),
                                        1 + random.below(16)};
      chart.crossbars.back().blocks.push_back(block);
      cells += block.rows * block.columns;
    }
  }
  const std::string svg = occupancy_chart(chart);
  CHECK(samples::markup_fault(svg) == "");
  CHECK(svg.find(">and 1,234 more<") != std::string::npos);
  Index drawn = 0;
  for (std::size_t at = svg.find('h'); at != std::string::npos; at = svg.find('h', at + 1)) {
    int columns = 0, rows = 0;
    if (std::sscanf(svg.c_str() + at, "h%dv%dh-", &columns, &rows) == 2) drawn += columns * rows;
  }
  CHECK(drawn == cells);

  // The longer side of a crossbar is 72 wide.
  CHECK(svg.find("scale(0.5625)") != std::string::npos);
  OccupancyChart wide;
  wide.rows = 24, wide.columns = 48, wide.tile_rows = 8, wide.tile_columns = 8;
  wide.crossbars.push_back({"wide", {}});
  CHECK(occupancy_chart(wide).find("scale(1.5)") != std::string::npos);

  chart.crossbars[2].blocks.push_back({100, 0, 29, 1});
  CHECK_THROWS_AS(occupancy_chart(chart), ap::Error);
}
