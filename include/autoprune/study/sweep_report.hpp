/// @file sweep_report.hpp
/// What run_sweep() found, as JSON, tables and the pictures of the slides.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/table.hpp"
#include "autoprune/study/sweep.hpp"

namespace autoprune::study {

[[nodiscard]] inline io::Json cells_json(const SweepResult& result) {
  io::Json cells = io::Json::array();
  for (const SweepCell& cell : result.cells) {
    cells.push_back(io::json_object({{"geometry", cell.geometry.to_string()},
                                     {"granularity", cell.granularity},
                                     {"target_compression", cell.target}}));
    cells.back().update(cell.figures);
  }
  return cells;
}

/// Comma-separated values: a line a cell, every figure a column.
[[nodiscard]] inline std::string sweep_csv(const SweepResult& result) {
  io::Table table(1);
  for (const io::Json& cell : cells_json(result)) {
    std::vector<std::string>& row = table.emplace_back();
    for (const auto& [name, value] : cell.items()) {
      if (table.size() == 2) table.front().push_back(name);
      row.push_back(value.is_string() ? value.get<std::string>() : io::json_text(value));
    }
  }
  return io::csv_table(table);
}

/// The figures that matter most, and what was skipped.
[[nodiscard]] inline std::string sweep_table(const SweepResult& result) {
  io::Table rows = {
      {"geometry", "G", "CR", "pooled", "crossbars", "index %", "area ×", "energy ×", "Acc1 %"}};
  for (const SweepCell& cell : result.cells) {
    const auto figure = [&](const char* name, int decimals) {
      return cell.figures.contains(name) ? io::format_number(cell[name], decimals) : "–";
    };
    rows.push_back({cell.geometry.to_string(), concat(cell.granularity),
                    figure("compression_per_layer", 2), figure("compression_pooled", 2),
                    figure("crossbars", 0), figure("index_percent_of_weights", 1),
                    figure("area_gain", 2), figure("energy_gain", 2), figure("top1", 2)});
  }
  std::string text = io::text_table(rows) +
                     "CR: crossbars dense / pruned, per layer; area ×, energy ×: gain over the "
                     "dense network\n";
  for (const std::string& why : result.skipped) text += "skipped " + why + "\n";
  return text;
}

namespace detail {

[[nodiscard]] inline io::XyChart::Point sweep_point(const SweepCell& cell, double x,
                                                    const char* figure) {
  std::string tooltip =
      concat(cell.geometry.to_string(), ", G = ", cell.granularity, "\ncompression ",
             io::format_number(cell["compression_per_layer"], 2), " per layer\nindex ",
             io::format_number(cell["index_percent_of_weights"], 1), " % of the kept weights");
  if (cell.has_accuracy()) tooltip += "\nAcc1 " + io::format_number(cell["top1"], 2) + " %";
  return {x, cell[figure], std::move(tooltip)};
}

/// Figures over the granularity, a joined series a key.
template <class Key, class Name>
[[nodiscard]] std::string granularity_chart(std::string title, std::string label,
                                            std::map<Key, std::vector<io::XyChart::Point>>& points,
                                            const Name& name) {
  io::XyChart chart;
  chart.title = std::move(title);
  chart.x = {"granularity G", true, false, true};
  chart.y.label = std::move(label);
  for (auto& [key, list] : points) {
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    chart.series.push_back(
        {name(key), static_cast<Index>(chart.series.size()), true, std::move(list)});
  }
  return io::xy_chart(chart);
}

}  // namespace detail

/// The slides' Fig. 10: the highest `figure` over the granularity, a line a geometry, of the cells
/// whose accuracy is at most `drop` points below the best one's, or of all without accuracies.
[[nodiscard]] inline std::string over_granularity(const SweepResult& result, const char* figure,
                                                  const std::string& label, double drop) {
  double top1 = 0.0;
  for (const SweepCell& cell : result.cells)
    if (cell.has_accuracy()) top1 = std::max(top1, cell["top1"]);
  std::map<std::pair<std::string, Index>, const SweepCell*> best;  // of geometry and granularity
  for (const SweepCell& cell : result.cells) {
    if (cell.has_accuracy() && cell["top1"] < top1 - drop) continue;
    const SweepCell*& now = best[{cell.geometry.to_string(), cell.granularity}];
    if (now == nullptr || cell[figure] > (*now)[figure]) now = &cell;
  }
  std::map<std::string, std::vector<io::XyChart::Point>> points;
  for (const auto& [key, cell] : best)
    points[key.first].push_back(
        detail::sweep_point(*cell, static_cast<double>(key.second), figure));
  return detail::granularity_chart(label + " over the granularity", label, points,
                                   [](const std::string& geometry) { return geometry; });
}

/// The slides' Fig. 12: the index buffer against the weights that are kept, on the first geometry.
[[nodiscard]] inline std::string index_picture(const SweepResult& result) {
  constexpr const char* kShare = "index_percent_of_weights";
  std::map<double, std::vector<io::XyChart::Point>> points;  // of a target
  for (const SweepCell& cell : result.cells)
    if (cell.geometry == result.cells.front().geometry)
      points[cell.target].push_back(
          detail::sweep_point(cell, static_cast<double>(cell.granularity), kShare));
  return detail::granularity_chart("Index buffer over the granularity",
                                   "index buffer, % of the kept weights", points,
                                   [](double target) { return concat("compression ", target); });
}

/// Accuracy over crossbars, and the cells that no other beats in both.
[[nodiscard]] inline std::string pareto_picture(const SweepResult& result) {
  io::XyChart chart;
  chart.title = "Accuracy over crossbars";
  chart.x = {"crossbars", true, false, false};
  chart.y = {"held-out Acc1, %", false, false};
  chart.series = {{"cells", 3, false, {}}, {"Pareto front", 0, true, {}}};
  std::vector<io::XyChart::Point>& points = chart.series[0].points;
  for (const SweepCell& cell : result.cells)
    points.push_back(detail::sweep_point(cell, cell["crossbars"], "top1"));
  std::stable_sort(points.begin(), points.end(),
                   [](const auto& a, const auto& b) { return a.x != b.x ? a.x < b.x : a.y > b.y; });
  double best = -1.0;
  for (const io::XyChart::Point& point : points) {
    if (point.y > best) chart.series[1].points.push_back(point);
    best = std::max(best, point.y);
  }
  return io::xy_chart(chart);
}

/// Names of files and what is in them: the cells, and pictures of them. `drop`: see
/// over_granularity().
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> sweep_files(
    const SweepResult& result, double drop) {
  const auto over = [&](const char* figure, const char* label) {
    return over_granularity(result, figure, label, drop);
  };
  std::vector<std::pair<std::string, std::string>> files = {
      {"sweep.csv", sweep_csv(result)},
      {"compression.svg", over("compression_per_layer", "crossbar compression, per layer")},
      {"area.svg", over("area_gain", "area, times smaller")},
      {"energy.svg", over("energy_gain", "energy, times less")},
      {"index.svg", index_picture(result)}};
  if (std::any_of(result.cells.begin(), result.cells.end(),
                  [](const SweepCell& cell) { return cell.has_accuracy(); }))
    files.emplace_back("pareto.svg", pareto_picture(result));
  return files;
}

}  // namespace autoprune::study
