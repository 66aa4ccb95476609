/// @file svg_charts.hpp
/// The charts of the reports: bars by category, and points and lines over a number. Each takes an
/// aggregate and returns one self-contained SVG.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/svg.hpp"

namespace autoprune::io {

/// One bar per category for every series, side by side or on one another. Values are not negative.
struct BarChart {
  struct Series {
    std::string name;
    Index style = 0;  ///< place in the palette
    std::vector<double> values;
  };
  std::string title;  ///< for screen readers; the page has a caption
  std::vector<std::string> categories;
  std::vector<Series> series;
  Axis y;
  bool stacked = false;
  int decimals = 0;                      ///< of the values in labels and tooltips
  std::string unit;                      ///< behind those values, e.g. " %"
  double width = 980.0, height = 270.0;  ///< slanted names make it higher
};

/// Points over a numeric axis, joined by a line or not.
struct XyChart {
  struct Point {
    double x = 0.0, y = 0.0;  ///< a point whose y is not finite is left out
    std::string tooltip;
    double reach = 0.0;  ///< of an upright bar through the point, up and down: its uncertainty
  };
  struct Series {
    std::string name;
    Index style = 0;  ///< place in the palette, and the marker's shape
    bool joined = false;
    std::vector<Point> points;
  };
  struct Mark {
    double x = 0.0, y = 0.0;
    std::string label;
  };
  std::string title;
  std::vector<Series> series;
  Axis x, y;
  std::optional<Mark> mark;  ///< one point of the chart, ringed and named
  bool legend = true;        ///< series names, where there are several
  double width = 980.0, height = 260.0;
};

namespace detail {

struct PlotArea {
  double left = 0.0, top = 0.0, right = 0.0, bottom = 0.0;
  AxisRange x, y;

  [[nodiscard]] double at_x(double value) const {
    return left + x.position(value) * (right - left);
  }
  [[nodiscard]] double at_y(double value) const {
    return bottom - y.position(value) * (bottom - top);
  }
};

/// Room for the labels left of the axis.
[[nodiscard]] inline double tick_width(const AxisRange& range) {
  double widest = 0.0;
  for (const double tick : range.ticks)
    widest = std::max(widest, text_width(format_number(tick, range.decimals)));
  return std::max(widest + 12.0, 46.0);  // so that stacked pictures mostly line up
}

inline void draw_y_axis(SvgCanvas& canvas, const PlotArea& area, const Axis& axis) {
  canvas.text(0.0, 14.0, "start", axis.label, "font-weight=\"600\"");
  for (const double tick : area.y.ticks) {
    const double y = area.at_y(tick);
    canvas.line(area.left, y, area.right, y,
                tick == area.y.low ? "stroke-opacity=\"0.45\"" : "stroke-opacity=\"0.12\"");
    canvas.text(area.left - 8.0, y + 4.0, "end", format_number(tick, area.y.decimals),
                "fill-opacity=\"0.7\"");
  }
}

inline void draw_x_axis(SvgCanvas& canvas, const PlotArea& area, const Axis& axis) {
  for (const double tick : area.x.ticks)
    canvas.text(area.at_x(tick), area.bottom + 18.0, "middle", format_number(tick, area.x.decimals),
                "fill-opacity=\"0.7\"");
  canvas.text(0.5 * (area.left + area.right), area.bottom + 36.0, "middle", axis.label,
              "fill-opacity=\"0.85\"");
}

struct LegendEntry {
  std::string name;
  Index style;
};

/// A row of names at the right upper edge, or below it where the y axis' label takes that place.
class Legend {
 public:
  Legend(std::vector<LegendEntry> entries, const Axis& y, double right)
      : entries_(std::move(entries)), left_(right) {
    if (entries_.size() < 2) entries_.clear();
    for (const LegendEntry& entry : entries_) left_ -= width(entry);
    top_ = !entries_.empty() && left_ < text_width(y.label) ? 20.0 : 0.0;
  }
  /// What it pushes the plot down by.
  [[nodiscard]] double height() const noexcept { return top_; }

  void draw(SvgCanvas& canvas, bool as_bars) const {
    double x = left_;
    for (const LegendEntry& entry : entries_) {
      canvas.marker(x + 16.0, top_ + 10.0, as_bars ? 2 : entry.style, as_bars ? 6.0 : 4.5,
                    paint("fill", entry.style));
      canvas.text(x + 27.0, top_ + 14.0, "start", entry.name);
      x += width(entry);
    }
  }

 private:
  static double width(const LegendEntry& entry) { return text_width(entry.name) + 34.0; }

  std::vector<LegendEntry> entries_;
  double left_, top_ = 0.0;
};

/// Names below the plot: level where they fit, else slanted; every k-th where there are too many.
inline void draw_categories(SvgCanvas& canvas, const PlotArea& area,
                            const std::vector<std::string>& names, bool slanted) {
  const double slot = (area.right - area.left) / static_cast<double>(names.size());
  const auto every = static_cast<std::size_t>(std::ceil(20.0 / slot));
  for (std::size_t i = 0; i < names.size(); i += slanted ? every : 1) {
    const double x = area.left + (static_cast<double>(i) + 0.5) * slot;
    const double y = area.bottom + (slanted ? 14.0 : 18.0);
    canvas.text(x + (slanted ? 4.0 : 0.0), y, slanted ? "end" : "middle", shorten(names[i], 24),
                slanted ? concat("transform=\"rotate(-40 ", pixels(x + 4.0), ' ', pixels(y), ")\"")
                        : std::string());
  }
}

inline void draw_bars(SvgCanvas& canvas, const PlotArea& area, const BarChart& chart) {
  const double slot = (area.right - area.left) / static_cast<double>(chart.categories.size());
  const auto count = static_cast<double>(chart.stacked ? 1 : chart.series.size());
  const double bar = std::min(0.74 * slot / count, 34.0);
  for (std::size_t i = 0; i < chart.categories.size(); ++i) {
    const double middle = area.left + (static_cast<double>(i) + 0.5) * slot;
    std::string tooltip = chart.categories[i];
    for (const auto& series : chart.series)
      tooltip += concat('\n', series.name, ": ", format_number(series.values[i], chart.decimals),
                        chart.unit);
    canvas.open(tooltip);
    canvas.rect(middle - 0.5 * slot, area.top, slot, area.bottom - area.top,
                "fill-opacity=\"0\" class=\"hover\"");
    double x = middle - 0.5 * bar * count, below = 0.0;
    for (const auto& series : chart.series) {
      const double value = series.values[i];
      if (std::isfinite(value)) {
        const double y = area.at_y(below + value);
        const double foot = below > 0.0 ? area.at_y(below) : area.bottom;
        canvas.rect(x, y, std::max(bar - 1.0, 1.0), foot - y,
                    paint("fill", series.style) + "class=\"bar\"");
        const std::string label = format_number(value, chart.decimals);
        if (chart.series.size() == 1 && text_width(label) < slot)
          canvas.text(middle, y - 5.0, "middle", label, "font-size=\"11\" fill-opacity=\"0.85\"");
      }
      if (chart.stacked)
        below += std::isfinite(value) ? value : 0.0;
      else
        x += bar;
    }
    canvas.close();
  }
}

inline void draw_points(SvgCanvas& canvas, const PlotArea& area, const XyChart::Series& series) {
  std::string line;
  for (const auto& point : series.points)
    if (std::isfinite(point.y))
      line += (line.empty() ? "M" : "L") + pixels(area.at_x(point.x)) + " " +
              pixels(area.at_y(point.y));
  if (series.joined)
    canvas.path(line, paint("stroke", series.style) +
                          "fill=\"none\" stroke-width=\"2\" stroke-linejoin=\"round\"");
  for (const auto& point : series.points) {
    if (!std::isfinite(point.y)) continue;
    canvas.open(point.tooltip);
    if (point.reach > 0.0)
      canvas.path("M" + pixels(area.at_x(point.x)) + " " +
                      pixels(area.at_y(point.y - point.reach)) + "V" +
                      pixels(area.at_y(point.y + point.reach)),
                  paint("stroke", series.style) + "stroke-width=\"5\" stroke-opacity=\"0.35\"");
    canvas.marker(area.at_x(point.x), area.at_y(point.y), series.joined ? 0 : series.style, 3.5,
                  paint("fill", series.style) + (series.joined ? "" : "fill-opacity=\"0.75\""));
    canvas.close();
  }
}

inline void draw_mark(SvgCanvas& canvas, const PlotArea& area, const XyChart::Mark& mark) {
  const double x = area.at_x(mark.x), y = area.at_y(mark.y);
  const double half = 0.5 * text_width(mark.label);
  canvas.line(x, area.top - 4.0, x, area.bottom, "stroke-opacity=\"0.5\" stroke-dasharray=\"2 3\"");
  canvas.path(circle(x, y, 8.0), "fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\"");
  canvas.text(std::max(area.left + half, std::min(x, area.right - half)), area.top - 9.0, "middle",
              mark.label, "font-size=\"11\" font-weight=\"600\"");
}

}  // namespace detail

/// Throws shape_mismatch when a series hasn't one value per category.
[[nodiscard]] inline std::string bar_chart(const BarChart& chart) {
  std::vector<double> values;
  std::vector<detail::LegendEntry> legend;
  for (const auto& series : chart.series) {
    if (series.values.size() != chart.categories.size())
      fail(ErrorId::shape_mismatch, "bar chart: series '", series.name, "' has ",
           series.values.size(), " values for ", chart.categories.size(), " categories");
    values.insert(values.end(), series.values.begin(), series.values.end());
    legend.push_back({series.name, series.style});
  }
  for (std::size_t i = 0; chart.stacked && i < chart.categories.size(); ++i) {
    double sum = 0.0;
    for (const auto& series : chart.series) sum += series.values[i];
    values.push_back(sum);
  }
  detail::PlotArea area;
  area.y = axis_range(values, chart.y);
  double longest = 0.0;
  for (const auto& name : chart.categories)
    longest = std::max(longest, text_width(shorten(name, 24)));
  area.left = detail::tick_width(area.y);
  area.right = chart.width - 4.0;
  const auto count = static_cast<double>(std::max<std::size_t>(1, chart.categories.size()));
  const bool slanted = longest + 8.0 > (area.right - area.left) / count;
  if (slanted) area.left = std::max(area.left, 0.77 * longest - 0.5 * area.right / count);
  const detail::Legend drawn(std::move(legend), chart.y, area.right);
  area.top = 42.0 + drawn.height();
  area.bottom = chart.height - 28.0;

  SvgCanvas canvas(chart.width, chart.height + (slanted ? 0.65 * longest - 8.0 : 0.0), chart.title);
  detail::draw_y_axis(canvas, area, chart.y);
  if (!chart.categories.empty()) {
    detail::draw_bars(canvas, area, chart);
    detail::draw_categories(canvas, area, chart.categories, slanted);
  }
  drawn.draw(canvas, true);
  return std::move(canvas).finish();
}

/// A series without points takes no room in the legend.
[[nodiscard]] inline std::string xy_chart(const XyChart& chart) {
  std::vector<double> xs, ys;
  std::vector<detail::LegendEntry> legend;
  for (const auto& series : chart.series) {
    for (const auto& point : series.points) {
      xs.push_back(point.x);
      ys.push_back(point.y - point.reach);
      ys.push_back(point.y + point.reach);
    }
    if (!series.points.empty()) legend.push_back({series.name, series.style});
  }
  detail::PlotArea area;
  area.x = axis_range(xs, chart.x, static_cast<int>(chart.width / 110.0));
  area.y = axis_range(ys, chart.y);
  area.left = detail::tick_width(area.y);
  const double last =
      text_width(format_number(area.x.ticks.empty() ? 0.0 : area.x.ticks.back(), area.x.decimals));
  area.right = chart.width - std::max(14.0, 0.5 * last);
  const detail::Legend drawn(chart.legend ? std::move(legend) : std::vector<detail::LegendEntry>{},
                             chart.y, area.right);
  area.top = 42.0 + drawn.height();
  area.bottom = chart.height - 44.0;

  SvgCanvas canvas(chart.width, chart.height, chart.title);
  detail::draw_y_axis(canvas, area, chart.y);
  detail::draw_x_axis(canvas, area, chart.x);
  for (const auto& series : chart.series) detail::draw_points(canvas, area, series);
  if (chart.mark) detail::draw_mark(canvas, area, *chart.mark);
  drawn.draw(canvas, false);
  return std::move(canvas).finish();
}

}  // namespace autoprune::io
