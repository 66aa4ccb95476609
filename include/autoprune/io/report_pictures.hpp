/// @file report_pictures.hpp
/// The pictures of the report page.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/hardware/geometry.hpp"
#include "autoprune/io/format.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/svg_occupancy.hpp"

namespace autoprune::io::detail {

[[nodiscard]] inline std::vector<std::string> layer_names(const ReportData& data) {
  std::vector<std::string> names;
  for (const LayerFigures& layer : data.layers) names.push_back(layer.name);
  return names;
}

[[nodiscard]] inline std::string keep_ratio_picture(const ReportData& data) {
  BarChart chart;
  chart.title = "Keep ratio of every layer";
  chart.categories = layer_names(data);
  chart.y.label = "keep ratio, %";
  chart.decimals = 1;
  chart.unit = " %";
  chart.series = {{"keep ratio", kBlue, {}}};
  for (const LayerFigures& layer : data.layers)
    chart.series[0].values.push_back(100.0 * layer.keep_ratio);
  return bar_chart(chart);
}

/// Whether a linear axis would hide the small layers.
[[nodiscard]] inline bool crossbars_need_log(const ReportData& data) {
  if (data.layers.empty()) return false;
  Index least = data.layers.front().crossbars, most = 0;
  for (const LayerFigures& layer : data.layers) {
    least = std::min(least, layer.crossbars);
    most = std::max({most, layer.crossbars_dense, layer.crossbars});
  }
  return least > 0 && most > 40 * least;
}

[[nodiscard]] inline std::string crossbars_picture(const ReportData& data) {
  BarChart chart;
  chart.title = "Crossbars of every layer, dense and pruned";
  chart.categories = layer_names(data);
  chart.y.label = "crossbars";
  chart.y.log = crossbars_need_log(data);
  chart.series = {{"dense", kGrey, {}}, {"pruned", kBlue, {}}};
  for (const LayerFigures& layer : data.layers) {
    chart.series[0].values.push_back(static_cast<double>(layer.crossbars_dense));
    chart.series[1].values.push_back(static_cast<double>(layer.crossbars));
  }
  return bar_chart(chart);
}

/// The episodes over their number: `value` of each on the y axis.
[[nodiscard]] inline XyChart episode_chart(const SearchFigures& search,
                                           double EpisodeFigures::*value) {
  struct Kind {
    std::string_view kind, name;
    Index style;
  };
  const std::array<Kind, 5> kinds = {{{"explore", "random exploration", kGrey},
                                      {"uniform", "uniform policy", kTeal},
                                      {"lamp", "LAMP ranking", kOrange},
                                      {"probe", "one layer pruned", kGrey},
                                      {search.searcher, search.searcher, kBlue}}};
  XyChart chart;
  chart.x = {"episode", false, false, true};
  for (const Kind& kind : kinds)
    chart.series.push_back({std::string(kind.name), kind.style, false, {}});
  for (const EpisodeFigures& e : search.episodes) {
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const Kind& known) { return known.kind == e.kind; });
    if (kind == kinds.end())
      fail(ErrorId::bad_json, "report.search.episodes: kind '", e.kind, "' of episode ", e.episode,
           " is none of uniform, lamp, explore, probe, ", search.searcher);
    chart.series[static_cast<std::size_t>(kind - kinds.begin())].points.push_back(
        {static_cast<double>(e.episode), e.*value,
         concat("episode ", e.episode, ", ", kind->name, "\nreward ", format_number(e.reward, 4),
                "\nheld-out top-1 ", format_number(e.accuracy, 2), " %\ncompression per layer ",
                format_number(e.compression_per_layer, 2), ", pooled ",
                format_number(e.compression_pooled, 2))});
  }
  chart.mark = {static_cast<double>(search.best.episode), search.best.*value,
                concat("best: episode ", search.best.episode)};
  return chart;
}

[[nodiscard]] inline std::string reward_picture(const SearchFigures& search) {
  XyChart chart = episode_chart(search, &EpisodeFigures::reward);
  chart.title = "Reward by episode";
  chart.y = {"reward", false, false};
  return xy_chart(chart);
}

[[nodiscard]] inline std::string compression_picture(const SearchFigures& search) {
  XyChart chart = episode_chart(search, &EpisodeFigures::compression_per_layer);
  chart.title = "Crossbar compression by episode";
  chart.y.label = "crossbar compression, per layer";
  chart.legend = false;  // it stands above, in the picture of the reward
  return xy_chart(chart);
}

/// One small chart of the fine-tuning.
[[nodiscard]] inline std::string epoch_picture(const ReportData& data, const std::string& label,
                                               double EpochFigures::*value, Index style) {
  XyChart chart;
  chart.title = label + " by epoch of the fine-tuning";
  chart.width = 470.0;
  chart.height = 220.0;
  chart.x = {"epoch", false, false, true};
  chart.y = {label, false, false};
  chart.series = {{label, style, true, {}}};
  for (const EpochFigures& e : data.fine_tune)
    chart.series[0].points.push_back(
        {static_cast<double>(e.epoch), e.*value,
         concat("epoch ", e.epoch, "\nloss ", format_number(e.loss, 4), "\nlearning rate ",
                format_number(e.learning_rate, 5), "\nkeep ratio ",
                format_number(100.0 * e.keep_ratio, 2), " %\ncompression, pooled ",
                format_number(e.compression_pooled, 2), "\nheld-out top-1 ",
                format_number(e.held_out_top1, 2), " %")});
  return xy_chart(chart);
}

/// The crossbars of one layer in one bit plane.
struct LayerOccupancy {
  std::string name;
  Index crossbars = 0, planes = 0;
  double filled = 0.0;  ///< share of all cells, drawn or not, that hold weights
  std::string svg;
};

/// At most this many crossbars of a layer are drawn, and fewer where OUs are so small that the page
/// would grow past a megabyte or so.
[[nodiscard]] inline Index drawn_crossbars(const Geometry<>& geometry, Index granularity,
                                           std::size_t layers) {
  constexpr Index kMost = 10, kTiles = 40'000;
  const Index tiles = std::max<Index>(1, geometry.xbar_rows / granularity) *
                      (geometry.xbar_cols / geometry.ou_cols);
  return std::clamp(kTiles / (tiles * static_cast<Index>(layers)), Index{1}, kMost);
}

[[nodiscard]] inline LayerOccupancy layer_occupancy(const JsonField& layer,
                                                    const Geometry<>& geometry, Index granularity,
                                                    Index bitlines_per_weight, Index most) {
  LayerOccupancy out;
  out.name = layer["name"].text();
  out.crossbars = layer["crossbars_per_plane"].count();
  out.planes = layer["planes"].count();
  OccupancyChart chart;
  chart.title = "Cells in use of layer " + out.name;
  chart.rows = geometry.xbar_rows;
  chart.columns = geometry.xbar_cols;
  chart.tile_rows = granularity > 1 ? std::min(granularity, geometry.xbar_rows) : geometry.ou_rows;
  chart.tile_columns = geometry.ou_cols;
  const Index drawn = std::clamp<Index>(out.crossbars, 0, most);
  chart.crossbars.resize(static_cast<std::size_t>(drawn));
  chart.more = out.crossbars - drawn;

  Index cells_used = 0;
  for (const JsonField& tile : layer["tiles"].items()) {
    const Index crossbar = tile["crossbar"].integer();
    const Index columns = bitlines_per_weight * static_cast<Index>(tile["columns"].items().size());
    const OccupancyChart::Block block{tile["row"].count(geometry.xbar_rows),
                                      tile["column"].count(geometry.xbar_cols),
                                      tile["rows"].count(geometry.xbar_rows), columns};
    cells_used += block.rows * block.columns;
    if (crossbar < 0 || crossbar >= out.crossbars)
      fail(ErrorId::bad_json, "mapping: layer '", out.name, "' has a tile in crossbar ", crossbar,
           " of ", out.crossbars);
    if (crossbar < drawn)
      chart.crossbars[static_cast<std::size_t>(crossbar)].blocks.push_back(block);
  }
  const auto cells = static_cast<double>(geometry.xbar_rows * geometry.xbar_cols);
  out.filled = static_cast<double>(cells_used) / (cells * static_cast<double>(out.crossbars));
  for (std::size_t i = 0; i < chart.crossbars.size(); ++i) {
    Index used = 0;
    for (const auto& b : chart.crossbars[i].blocks) used += b.rows * b.columns;
    chart.crossbars[i].tooltip = concat(
        out.name, ", crossbar ", i, "\n", format_count(std::ssize(chart.crossbars[i].blocks), "OU"),
        ", ", format_number(100.0 * static_cast<double>(used) / cells, 1),
        " % of the cells hold weights");
  }
  out.svg = occupancy_chart(chart);
  return out;
}

/// One strip of crossbars per layer of mapping.json (schema "autoprune.mapping/2").
[[nodiscard]] inline std::vector<LayerOccupancy> occupancy_pictures(const Json& document) {
  const JsonField mapping(document, "mapping");
  mapping.check_schema("autoprune.mapping/2");
  const Geometry<> geometry = Geometry<>::parse(mapping["geometry"].text());
  const Index granularity = mapping["granularity"].integer();
  if (granularity < 1)
    fail(ErrorId::bad_json, "mapping.granularity is ", granularity, "; needs at least 1");
  const Index bitlines = mapping["bitlines_per_weight"].count(geometry.xbar_cols);
  const JsonItems layers = mapping["layers"].items();
  std::vector<LayerOccupancy> strips;
  for (const JsonField& layer : layers) {
    const Geometry<> own =
        layer.has("geometry") ? Geometry<>::parse(layer["geometry"].text()) : geometry;
    const Index rows = layer.has("granularity") ? layer["granularity"].count() : granularity;
    const Index lines = layer.has("bitlines_per_weight")
                            ? layer["bitlines_per_weight"].count(own.xbar_cols)
                            : bitlines;
    if (rows < 1)
      fail(ErrorId::bad_json, layer.place(), ".granularity is ", rows, "; needs at least 1");
    strips.push_back(
        layer_occupancy(layer, own, rows, lines, drawn_crossbars(own, rows, layers.size())));
  }
  return strips;
}

}  // namespace autoprune::io::detail
