#include <algorithm>
#include <autoprune/io/file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/svg_charts.hpp>

#include "reproduce_plan.hpp"
#include "reproduce_results.hpp"

namespace autoprune::cli {

namespace {

/// One figure of every method, side by side for every network.
std::string method_picture(const Options& o, const Results& results, const std::string& title,
                           const std::function<double(const Row&)>& figure) {
  io::BarChart chart;
  chart.title = title;
  chart.y.label = title;
  chart.decimals = 1;
  for (const SubjectRows& s : results.subjects) chart.categories.push_back(s.subject.name());
  Index style = 0;
  for (const study::Contender& method : o.reproduce.contenders()) {
    io::BarChart::Series series{method.name, style++, {}};
    for (const SubjectRows& s : results.subjects) {
      const auto row = std::find_if(s.rows.begin(), s.rows.end(),
                                    [&](const Row& r) { return r.method.option == method.option; });
      series.values.push_back(row == s.rows.end() ? 0.0 : figure(*row));
    }
    chart.series.push_back(std::move(series));
  }
  return io::bar_chart(chart);
}

std::string granularity_picture(const Results& results) {
  io::XyChart chart;
  chart.title = "Compression and efficiency over the granularity";
  chart.x.label = "granularity G, rows of a column-vector";
  chart.x.log = true;
  chart.y.label = "times the dense network";
  chart.series = {{"crossbar compression", 0, true, {}},
                  {"energy efficiency", 1, true, {}},
                  {"area efficiency", 2, true, {}}};
  for (const Row& row : results.granularities) {
    const auto x = static_cast<double>(row.granularity);
    const double values[] = {row.compression(), row["energy_efficiency_gain"],
                             row["area_efficiency_gain"]};
    for (std::size_t i = 0; i < 3; ++i)
      chart.series[i].points.push_back({x, values[i],
                                        concat("G = ", row.granularity, "\n", chart.series[i].name,
                                               ' ', io::format_number(values[i], 2))});
  }
  return io::xy_chart(chart);
}

std::string index_picture(const Results& results) {
  io::BarChart chart;
  chart.title = "Index buffer in per cent of the kept weights";
  chart.y.label = "% of the kept weights";
  chart.decimals = 1;
  chart.unit = " %";
  chart.series = {{"autoprune", 0, {}}};
  for (const SubjectRows& s : results.subjects)
    for (const Row& row : s.rows)
      if (row.method.option == "autoprune") {
        chart.categories.push_back(s.subject.name());
        chart.series.front().values.push_back(row["index_percent_of_weights"]);
      }
  return io::bar_chart(chart);
}

}  // namespace

void write_pictures(const Options& o, const OutputDirectory& out, const Results& results) {
  const auto write = [&](const char* name, const std::string& picture) {
    io::write_file(out.file(name), picture);
  };
  if (asked(o, "table"))
    write("compression.svg", method_picture(o, results, "crossbar compression",
                                            [](const Row& row) { return row.compression(); }));
  if (asked(o, "energy"))
    write("energy.svg",
          method_picture(o, results, "energy efficiency over the dense network",
                         [](const Row& row) { return row["energy_efficiency_gain"]; }));
  if (asked(o, "area"))
    write("area.svg", method_picture(o, results, "area efficiency over the dense network",
                                     [](const Row& row) { return row["area_efficiency_gain"]; }));
  if (asked(o, "fig10") && !results.granularities.empty())
    write("fig10.svg", granularity_picture(results));
  if (asked(o, "fig12")) write("fig12.svg", index_picture(results));
}

}  // namespace autoprune::cli
