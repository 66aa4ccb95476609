/// @file svg_occupancy.hpp
/// Which cells of which crossbar hold weights, as a picture.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/svg.hpp"

namespace autoprune::io {

/// Crossbars side by side, each drawn as its cells with the used blocks filled.
struct OccupancyChart {
  struct Block {
    Index row = 0, column = 0, rows = 0, columns = 0;  ///< in cells
  };
  struct Crossbar {
    std::string tooltip;
    std::vector<Block> blocks;
  };
  std::string title;                      ///< for screen readers
  Index rows = 0, columns = 0;            ///< cells of a crossbar
  Index tile_rows = 0, tile_columns = 0;  ///< cells between the lines of the drawn grid
  std::vector<Crossbar> crossbars;
  Index more = 0;  ///< crossbars that are counted but not drawn
};

/// One SVG as wide as its crossbars need. Throws out_of_range for a block outside of its crossbar.
[[nodiscard]] inline std::string occupancy_chart(const OccupancyChart& chart) {
  constexpr double kSide = 72.0, kGap = 8.0;
  const double cell = kSide / static_cast<double>(std::max(chart.rows, chart.columns));
  const double width = cell * static_cast<double>(chart.columns);
  const double height = cell * static_cast<double>(chart.rows);
  const std::string note =
      chart.more > 0 ? "and " + format_number(chart.more) + " more" : std::string();

  // Coordinates inside a crossbar are cells.
  const auto move = [](Index column, Index row) {
    return "M" + std::to_string(column) + " " + std::to_string(row);
  };
  std::string grid;
  for (Index r = chart.tile_rows; r < chart.rows; r += chart.tile_rows)
    grid += move(0, r) + "h" + std::to_string(chart.columns);
  for (Index c = chart.tile_columns; c < chart.columns; c += chart.tile_columns)
    grid += move(c, 0) + "v" + std::to_string(chart.rows);
  const std::string line =
      "stroke=\"currentColor\" stroke-width=\"" + pixels(1.0 / cell, 1e3) + "\" ";

  const auto count = static_cast<double>(chart.crossbars.size());
  SvgCanvas canvas(count * (width + kGap) + text_width(note) + 2.0, height + 2.0, chart.title);
  double x = 1.0;
  for (const auto& crossbar : chart.crossbars) {
    std::string filled;
    for (const auto& b : crossbar.blocks) {
      if (b.row < 0 || b.column < 0 || b.rows < 1 || b.columns < 1 || b.row + b.rows > chart.rows ||
          b.column + b.columns > chart.columns)
        fail(ErrorId::out_of_range, "block of ", b.rows, 'x', b.columns, " cells at ", b.row, ", ",
             b.column, " lies outside of a crossbar of ", chart.rows, 'x', chart.columns);
      filled += move(b.column, b.row) + "h" + std::to_string(b.columns) + "v" +
                std::to_string(b.rows) + "h-" + std::to_string(b.columns) + "z";
    }
    canvas.open(crossbar.tooltip,
                "transform=\"translate(" + pixels(x) + " 1) scale(" + pixels(cell, 1e6) + ")\"");
    canvas.rect(0.0, 0.0, static_cast<double>(chart.columns), static_cast<double>(chart.rows),
                line + "stroke-opacity=\"0.45\" fill=\"currentColor\" fill-opacity=\"0.05\"");
    canvas.path(filled, paint("fill", 0));
    canvas.path(grid, line + "stroke-opacity=\"0.22\"");
    canvas.close();
    x += width + kGap;
  }
  if (!note.empty()) canvas.text(x, 0.5 * height + 5.0, "start", note, "fill-opacity=\"0.7\"");
  return std::move(canvas).finish();
}

}  // namespace autoprune::io
