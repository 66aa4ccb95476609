/// @file comparison_report.hpp
/// Rows of Comparison as JSON, tables and pictures, what the slides report beside them.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/table.hpp"
#include "autoprune/study/compare.hpp"
#include "autoprune/study/published.hpp"

namespace autoprune::study {

/// A network with what was measured of it.
struct ComparedNetwork {
  std::string network, data;  ///< e.g. "plain20", "cifar10"
  io::Json dense;             ///< Comparison::dense()
  std::vector<ComparedRow> rows;
  std::vector<std::string> out_of_reach;  ///< methods that reach no compression of the ladder

  [[nodiscard]] std::string name() const { return network + "-" + data; }
  /// Nothing when there is no row of that contender.
  [[nodiscard]] const ComparedRow* row(std::string_view option) const {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const ComparedRow& row) {
      return row.method.option == option;
    });
    return found == rows.end() ? nullptr : &*found;
  }
};

[[nodiscard]] inline io::Json row_json(const ComparedNetwork& of, const ComparedRow& row) {
  io::Json json = io::json_object({{"network", of.network},
                                   {"data", of.data},
                                   {"method", row.method.option},
                                   {"granularity", row.granularity},
                                   {"target_compression", row.target},
                                   {"drop_top1", row.drop1},
                                   {"drop_top5", row.drop5},
                                   {"allowed", row.allowed}});
  json.update(row.figures);
  if (const auto slides = published_row(of.network, of.data, row.method.option)) {
    json["slides"] = io::json_object({{"compression", slides->compression},
                                      {"top5", slides->top5},
                                      {"drop_top5", slides->drop_top5}});
    json["compression_difference"] = row.compression() - slides->compression;
  }
  return json;
}

/// The dense network, and every row.
[[nodiscard]] inline io::Json rows_json(const ComparedNetwork& of) {
  io::Json rows = io::Json::array();
  rows.push_back(
      io::json_object({{"network", of.network}, {"data", of.data}, {"method", "naive"}}));
  rows.front().update(of.dense);
  for (const ComparedRow& row : of.rows) rows.push_back(row_json(of, row));
  return rows;
}

namespace detail {

[[nodiscard]] inline std::string cell(double value, int decimals = 2) {
  return io::format_number(value, decimals);
}
[[nodiscard]] inline std::string cell(const ComparedRow& row, const char* figure) {
  return cell(row[figure]);
}
[[nodiscard]] inline std::string cells(double top1, double top5) {
  return cell(top1) + " / " + cell(top5);
}

}  // namespace detail

/// Every method's row, the dense network's first; rows beyond the loss allowed have an asterisk.
[[nodiscard]] inline io::Table compression_table(const ComparedNetwork& of) {
  using detail::cell, detail::cells;
  io::Table table = {{"method", "CR", "pooled", "Acc1 / Acc5", "drop", "energy eff.", "area eff.",
                      "slides' CR", "Acc5 drop"},
                     {"Naive", "1.00", "1.00",
                      cells(of.dense["top1"].get<double>(), of.dense["top5"].get<double>()), "",
                      "1.00", "1.00", "1.0", ""}};
  for (const ComparedRow& row : of.rows) {
    const auto slides = published_row(of.network, of.data, row.method.option);
    table.push_back({row.method.name + (row.allowed ? "" : " *"),
                     cell(row, "compression_per_layer"), cell(row, "compression_pooled"),
                     cells(row["top1"], row["top5"]), cells(row.drop1, row.drop5),
                     cell(row, "energy_efficiency_gain"), cell(row, "area_efficiency_gain"),
                     slides ? cell(slides->compression, 1) : "–",
                     slides ? cell(slides->drop_top5) : "–"});
  }
  return table;
}

/// Our rows over those of the rivals that the slides compare with.
[[nodiscard]] inline io::Table ratio_table(const ComparedNetwork& of) {
  using detail::cell;
  io::Table table = {{"", "over", "CR", "slides", "energy eff.", "slides", "area eff.", "slides"}};
  for (const Contender& own : contenders())
    for (const PublishedRatios& slides : kPublishedRatios) {
      const ComparedRow *ours = of.row(own.option), *rival = of.row(slides.rival);
      if (!own.ours || !own.searches || ours == nullptr || rival == nullptr) continue;
      const auto ratio = [&](const char* figure) {
        return cell((*ours)[figure] / (*rival)[figure]);
      };
      table.push_back(
          {ours->method.name, rival->method.name, cell(ours->compression() / rival->compression()),
           cell(slides.compression, 1), ratio("energy_efficiency_gain"), cell(slides.energy, 1),
           ratio("area_efficiency_gain"), cell(slides.area, 1)});
    }
  return table;
}

/// Index buffers of our own rows.
[[nodiscard]] inline io::Table index_table(std::span<const ComparedNetwork> networks) {
  using detail::cell;
  io::Table table = {{"network", "CR per layer", "index KiB", "% of kept weights"}};
  for (const ComparedNetwork& of : networks)
    if (const ComparedRow* row = of.row("autoprune"))
      table.push_back({of.name(), cell(*row, "compression_per_layer"), cell(*row, "index_kib"),
                       cell(*row, "index_percent_of_weights")});
  return table;
}

/// Rows of several granularities.
[[nodiscard]] inline io::Table granularity_table(std::span<const ComparedRow> rows) {
  using detail::cell;
  io::Table table = {{"G", "CR per layer", "CR pooled", "Acc1 drop", "Acc5 drop", "energy eff.",
                      "area eff.", "index % of kept weights"}};
  for (const ComparedRow& row : rows)
    table.push_back({concat(row.granularity), cell(row, "compression_per_layer"),
                     cell(row, "compression_pooled"), cell(row.drop1), cell(row.drop5),
                     cell(row, "energy_efficiency_gain"), cell(row, "area_efficiency_gain"),
                     cell(row, "index_percent_of_weights")});
  return table;
}

/// One figure of every method, side by side for every network; an SVG, as the others.
[[nodiscard]] inline std::string method_picture(
    std::span<const ComparedNetwork> networks, std::span<const Contender> methods,
    const std::string& title, const std::function<double(const ComparedRow&)>& figure) {
  io::BarChart chart;
  chart.title = chart.y.label = title;
  chart.decimals = 1;
  for (const ComparedNetwork& of : networks) chart.categories.push_back(of.name());
  for (const Contender& method : methods) {
    chart.series.push_back({method.name, static_cast<Index>(chart.series.size()), {}});
    for (const ComparedNetwork& of : networks) {
      const ComparedRow* row = of.row(method.option);
      chart.series.back().values.push_back(row == nullptr ? 0.0 : figure(*row));
    }
  }
  return io::bar_chart(chart);
}

/// The slides' Fig. 10.
[[nodiscard]] inline std::string granularity_picture(std::span<const ComparedRow> rows) {
  io::XyChart chart;
  chart.title = "Compression and efficiency over the granularity";
  chart.x.label = "granularity G, rows of a column-vector";
  chart.x.log = true;
  chart.y.label = "times the dense network";
  const auto add = [&](const char* name, const auto& figure) {
    io::XyChart::Series series{name, static_cast<Index>(chart.series.size()), true, {}};
    for (const ComparedRow& row : rows)
      series.points.push_back(
          {static_cast<double>(row.granularity), figure(row),
           concat("G = ", row.granularity, "\n", name, ' ', detail::cell(figure(row)))});
    chart.series.push_back(std::move(series));
  };
  add("crossbar compression", [](const ComparedRow& row) { return row.compression(); });
  add("energy efficiency", [](const ComparedRow& row) { return row["energy_efficiency_gain"]; });
  add("area efficiency", [](const ComparedRow& row) { return row["area_efficiency_gain"]; });
  return io::xy_chart(chart);
}

/// The slides' Fig. 12.
[[nodiscard]] inline std::string index_picture(std::span<const ComparedNetwork> networks) {
  io::BarChart chart;
  chart.title = "Index buffer in per cent of the kept weights";
  chart.y.label = "% of the kept weights";
  chart.decimals = 1;
  chart.unit = " %";
  chart.series = {{"autoprune", 0, {}}};
  for (const ComparedNetwork& of : networks)
    if (const ComparedRow* row = of.row("autoprune")) {
      chart.categories.push_back(of.name());
      chart.series.front().values.push_back((*row)["index_percent_of_weights"]);
    }
  return io::bar_chart(chart);
}

}  // namespace autoprune::study
