#include "commands.hpp"

#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/report_text.hpp>
#include <autoprune/io/svg_charts.hpp>
#include <autoprune/study/sweep.hpp>
#include <cmath>
#include <map>

#include "hardware.hpp"
#include "job.hpp"
#include "progress.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

// ---- tables -------------------------------------------------------------------------------------

std::string csv(const study::SweepResult& result) {
  std::string text = "geometry,granularity,target_compression";
  for (const auto& [name, value] : result.cells.front().figures.items()) text += "," + name;
  text += "\n";
  for (const study::SweepCell& cell : result.cells) {
    text += concat(cell.geometry.to_string(), ',', cell.granularity, ',', cell.target);
    for (const auto& [name, value] : cell.figures.items()) text += "," + io::json_text(value);
    text += "\n";
  }
  return text;
}

io::Json json_of(const Job& job, const study::SweepResult& result) {
  io::Json cells = io::Json::array();
  for (const study::SweepCell& cell : result.cells) {
    cells.push_back({{"geometry", cell.geometry.to_string()},
                     {"granularity", cell.granularity},
                     {"target_compression", cell.target}});
    cells.back().update(cell.figures);
  }
  return {{"schema", "autoprune.sweep/1"},
          {"autoprune_version", AUTOPRUNE_VERSION},
          {"command", "sweep"},
          {"network", job.options.network},
          {"options", job.options.all},
          {"cells", std::move(cells)},
          {"skipped", result.skipped},
          {"measured", result.measured}};
}

std::string table(const Job& job, const study::SweepResult& result) {
  const auto number = [](double value, int decimals) { return io::format_number(value, decimals); };
  std::vector<std::vector<std::string>> rows = {
      {"geometry", "G", "CR", "pooled", "crossbars", "index %", "area ×", "energy ×", "Acc1 %"}};
  for (const study::SweepCell& cell : result.cells)
    rows.push_back({cell.geometry.to_string(), number(static_cast<double>(cell.granularity), 0),
                    number(cell["compression_per_layer"], 2), number(cell["compression_pooled"], 2),
                    number(cell["crossbars"], 0), number(cell["index_percent_of_weights"], 1),
                    number(cell["area_gain"], 2), number(cell["energy_gain"], 2),
                    cell.has_accuracy() ? number(cell["top1"], 2) : std::string("–")});
  std::string text = concat(job.options.network, ", ", result.cells.size(), " cells, ",
                            result.measured, " measured now\n\n") +
                     join(io::align_columns(rows), "\n") +
                     "\nCR: crossbars dense / pruned, per layer; area ×, energy ×: gain over the "
                     "dense network\n";
  for (const std::string& why : result.skipped) text += "skipped " + why + "\n";
  return text;
}

// ---- pictures -----------------------------------------------------------------------------------

std::string tooltip(const study::SweepCell& cell) {
  std::string text =
      concat(cell.geometry.to_string(), ", G = ", cell.granularity, "\ncompression ",
             io::format_number(cell["compression_per_layer"], 2), " per layer\nindex ",
             io::format_number(cell["index_percent_of_weights"], 1), " % of the kept weights");
  if (cell.has_accuracy()) text += "\nAcc1 " + io::format_number(cell["top1"], 2) + " %";
  return text;
}

/// One joined series a key, in the order of the keys.
template <class Key, class Name>
void add_series(io::XyChart& chart, std::map<Key, std::vector<io::XyChart::Point>>& points,
                const Name& name) {
  for (auto& [key, list] : points) {
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    chart.series.push_back(
        {name(key), static_cast<Index>(chart.series.size()), true, std::move(list)});
  }
}

/// Cells whose accuracy is within the allowed loss of the best one's, or all without accuracies.
std::vector<const study::SweepCell*> accurate(const Job& job, const study::SweepResult& result) {
  double best = 0.0;
  for (const study::SweepCell& cell : result.cells)
    if (cell.has_accuracy()) best = std::max(best, cell["top1"]);
  const double drop = job.options.constraints.max_accuracy_drop.value_or(1.0);
  std::vector<const study::SweepCell*> cells;
  for (const study::SweepCell& cell : result.cells)
    if (!cell.has_accuracy() || cell["top1"] >= best - drop) cells.push_back(&cell);
  return cells;
}

/// The slides' Fig. 10: the highest `figure` of an accurate cell over the granularity.
std::string over_granularity(const std::vector<const study::SweepCell*>& cells, const char* figure,
                             const std::string& label) {
  std::map<std::string, std::map<Index, const study::SweepCell*>>
      best;  // of geometry and granularity
  for (const study::SweepCell* cell : cells) {
    const study::SweepCell*& now = best[cell->geometry.to_string()][cell->granularity];
    if (now == nullptr || (*cell)[figure] > (*now)[figure]) now = cell;
  }
  io::XyChart chart;
  chart.title = label + " over the granularity";
  chart.x = {"granularity G", true, false, true};
  chart.y.label = label;
  std::map<std::string, std::vector<io::XyChart::Point>> points;
  for (const auto& [geometry, of] : best)
    for (const auto& [granularity, cell] : of)
      points[geometry].push_back(
          {static_cast<double>(granularity), (*cell)[figure], tooltip(*cell)});
  add_series(chart, points, [](const std::string& name) { return name; });
  return io::xy_chart(chart);
}

/// The slides' Fig. 12: the index buffer against the weights that are kept.
std::string index_picture(const study::SweepResult& result) {
  io::XyChart chart;
  chart.title = "Index buffer over the granularity";
  chart.x = {"granularity G", true, false, true};
  chart.y.label = "index buffer, % of the kept weights";
  std::map<double, std::vector<io::XyChart::Point>> points;  // of a target
  for (const study::SweepCell& cell : result.cells)
    if (cell.geometry == result.cells.front().geometry)
      points[cell.target].push_back(
          {static_cast<double>(cell.granularity), cell["index_percent_of_weights"], tooltip(cell)});
  add_series(chart, points, [](double target) { return concat("compression ", target); });
  return io::xy_chart(chart);
}

/// Accuracy over crossbars, and the cells that no other beats in both.
std::string pareto_picture(const study::SweepResult& result) {
  io::XyChart chart;
  chart.title = "Accuracy over crossbars";
  chart.x = {"crossbars", true, false, false};
  chart.y = {"held-out Acc1, %", false, false};
  chart.series = {{"cells", 3, false, {}}, {"Pareto front", 0, true, {}}};
  std::vector<const study::SweepCell*> cells;
  for (const study::SweepCell& cell : result.cells) cells.push_back(&cell);
  std::sort(cells.begin(), cells.end(), [](const study::SweepCell* a, const study::SweepCell* b) {
    const double x = (*a)["crossbars"], y = (*b)["crossbars"];
    return x != y ? x < y : (*a)["top1"] > (*b)["top1"];
  });
  double best = -1.0;
  for (const study::SweepCell* cell : cells) {
    const io::XyChart::Point point{(*cell)["crossbars"], (*cell)["top1"], tooltip(*cell)};
    chart.series[0].points.push_back(point);
    if (point.y > best) chart.series[1].points.push_back(point);
    best = std::max(best, point.y);
  }
  return io::xy_chart(chart);
}

study::SweepResult measure(Job& job) {
  const Options& o = job.options;
  study::StudySpec spec = o;
  spec.method = job.compressor.name();
  spec.options.rows = job.compressor.rows();
  study::SweepSpec over{o.sweep.geometries(), o.sweep.granularities, o.sweep.compressions,
                        o.heuristic, o.sweep.epochs};
  if (!job.compressor.row_groups()) over.granularities = {1};
  const study::AcceleratorFor accelerator = [&](const Geometry<>& geometry) {
    Options on = o;
    on.geometry = geometry;
    return accelerator_of(on);
  };
  Progress progress("sweep", o.quiet);
  return study::run_sweep(
      {job.network, job.data ? &*job.data : nullptr, accelerator, job.constraints, spec, over,
       job.pool},
      [&](double share, const std::string& cell) { progress.show(share, cell, true); });
}

}  // namespace

void sweep(const Options& options) {
  Job job(options, Weights::needed);
  const study::SweepResult result = measure(job);
  io::write_file(job.file("sweep.csv"), csv(result));
  const std::vector<const study::SweepCell*> cells = accurate(job, result);
  const auto picture = [&](const char* file, const std::string& svg) {
    io::write_file(job.file(file), svg);
  };
  picture("compression.svg",
          over_granularity(cells, "compression_per_layer", "crossbar compression, per layer"));
  picture("area.svg", over_granularity(cells, "area_gain", "area, times smaller"));
  picture("energy.svg", over_granularity(cells, "energy_gain", "energy, times less"));
  picture("index.svg", index_picture(result));
  if (job.data) picture("pareto.svg", pareto_picture(result));
  write_result(job, "sweep.json", json_of(job, result), table(job, result));
}

}  // namespace autoprune::cli
