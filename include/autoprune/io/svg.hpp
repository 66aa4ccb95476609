/// @file svg.hpp
/// Axes, ticks, colours and the drawing surface of the charts in svg_charts.hpp.
///
/// A picture takes its text colour from where it stands (`currentColor`), and the series colours
/// have a contrast of at least 3:1 on white and on near-black, so one SVG suits light and dark. The
/// first four stay apart under the three colour blindnesses, and each has a marker shape too.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/io/format.hpp"

namespace autoprune::io {

inline constexpr std::array<std::string_view, 10> kPalette = {
    "#2f7fd6", "#d9691f", "#18a384", "#7f8793", "#b8479c",
    "#c79a00", "#6a55c9", "#b02a3a", "#5c8a1e", "#8c5a2b"};
/// Their meaning in reports: grey is the dense network or chance, blue what pruning or a searcher
/// made of it.
inline constexpr Index kBlue = 0, kOrange = 1, kTeal = 2, kGrey = 3;

/// The attribute that paints a shape's `property`, fill or stroke, in colour `i` of the palette.
[[nodiscard]] inline std::string paint(std::string_view property, Index i) {
  return std::string(property) + "=\"" +
         std::string(kPalette[static_cast<std::size_t>(i) % kPalette.size()]) + "\" ";
}

/// A coordinate in steps of a hundredth, or of 1 / `steps`: "12.5".
[[nodiscard]] inline std::string pixels(double value, double steps = 100.0) {
  const double rounded = std::round(value * steps) / steps;
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 rounded == 0.0 ? 0.0 : rounded, std::chars_format::general, 12)
                       .ptr;
  return {digits.data(), end};
}

/// An estimate of a text's width in the 12-pixel sans-serif type of the pictures.
[[nodiscard]] inline double text_width(std::string_view utf8) {
  return 7.2 * static_cast<double>(text_length(utf8));
}

/// The path of a circle.
[[nodiscard]] inline std::string circle(double x, double y, double r) {
  const std::string half = "a" + pixels(r) + " " + pixels(r) + " 0 1 0 ";
  return "M" + pixels(x - r) + " " + pixels(y) + half + pixels(2.0 * r) + " 0" + half +
         pixels(-2.0 * r) + " 0z";
}

/// What an axis is called, and how its numbers are laid out.
struct Axis {
  std::string label;
  bool log = false;
  bool from_zero = true;  ///< a linear axis starts at 0 rather than near the smallest value
  bool whole = false;     ///< no ticks between whole numbers
};

/// The part of an axis that is shown, and where its labelled ticks stand.
struct AxisRange {
  double low = 0.0, high = 1.0;
  bool log = false;
  int decimals = 0;  ///< what the tick labels need
  std::vector<double> ticks;

  /// Where `value` stands between the ends: 0 at `low`, 1 at `high`.
  [[nodiscard]] double position(double value) const {
    if (!log) return (value - low) / (high - low);
    return std::log10(std::max(value, low) / low) / std::log10(high / low);
  }
};

/// The largest of 1, 2, 5 times a power of ten that is not above `value` > 0, and the next one up.
[[nodiscard]] inline double nice_below(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value) + 1e-9));
  const double lead = value / power * (1.0 + 1e-9);
  return power * (lead >= 5.0 ? 5.0 : lead >= 2.0 ? 2.0 : 1.0);
}
[[nodiscard]] inline double nice_above(double value) {
  const double below = nice_below(value);
  if (below >= value * (1.0 - 1e-9)) return below;
  const double power = std::pow(10.0, std::floor(std::log10(below) + 1e-9));
  const double lead = below / power;
  return power * (lead > 4.0 ? 10.0 : lead > 1.5 ? 5.0 : 2.0);
}

/// Decimals that tell multiples of `step` apart, rounding errors of `slack` aside; at most 15.
[[nodiscard]] inline int decimals_for(double step, double slack) {
  return step < 0.999 ? static_cast<int>(std::min(15.0, std::ceil(-std::log10(step) - slack))) : 0;
}

/// Ends and ticks for the finite ones of `values`, at about `count` ticks.
[[nodiscard]] inline AxisRange axis_range(const std::vector<double>& values, const Axis& axis,
                                          int count = 5) {
  constexpr double kHuge = 1e300;  // beyond, differences and tenths aren't numbers
  std::vector<double> finite;
  for (const double v : values)
    if (std::abs(v) < kHuge && (!axis.log || v > 1.0 / kHuge)) finite.push_back(v);
  if (finite.empty()) finite.push_back(1.0);
  const auto [smallest, largest] = std::minmax_element(finite.begin(), finite.end());

  AxisRange range;
  range.log = axis.log;
  if (axis.log) {
    range.low = nice_below(*smallest / 1.5);
    range.high = nice_above(*largest);
    const bool few = range.high / range.low < 2000.0;
    for (double power = std::pow(10.0, std::floor(std::log10(range.low) + 1e-9));
         power <= range.high; power *= 10.0)
      for (const double tick : {power, 2.0 * power, 5.0 * power})
        if ((few || tick == power) && tick > range.low * 0.999 && tick < range.high * 1.001)
          range.ticks.push_back(tick);
    range.decimals = decimals_for(range.low, 0.0);
    return range;
  }
  double low = axis.from_zero ? std::min(0.0, *smallest) : *smallest;
  double high = axis.from_zero ? std::max(0.0, *largest) : *largest;
  const double size = std::max(std::abs(high), std::abs(low));
  if (const bool none = size < 1.0 / kHuge; none || high - low <= 1e-12 * size)
    high += none || (axis.whole && size < 1e12) ? 1.0 : 0.1 * std::abs(high);
  const double step = std::max(nice_above((high - low) / count), axis.whole ? 1.0 : 0.0);
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  for (double i = 0.0; i <= std::min(last - first, 100.0); i += 1.0)
    range.ticks.push_back((first + i) * step);
  range.low = first * step;
  range.high = last * step;
  range.decimals = decimals_for(step, 1e-9);
  return range;
}

/// An SVG under construction; sizes are in pixels, y grows downwards.
class SvgCanvas {
 public:
  /// `label` is what a screen reader says of the picture.
  SvgCanvas(double width, double height, std::string_view label) {
    const std::string w = pixels(width), h = pixels(height);
    body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + w + " " + h +
            "\" width=\"" + w + "\" height=\"" + h + "\" role=\"img\" aria-label=\"" +
            escape_xml(label) +
            "\" font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\" "
            "font-size=\"12\">\n"
            // Only when the file stands alone; inside a page the picture takes the page's colours.
            "<style>svg:root{color:#1c2430}@media(prefers-color-scheme:dark)"
            "{svg:root{color:#e3e7ee}}</style>\n";
  }

  /// `anchor`: start, middle or end. `attributes` go into the tag as they are.
  void text(double x, double y, std::string_view anchor, std::string_view content,
            std::string_view attributes = {}) {
    add("<text x=\"", pixels(x), "\" y=\"", pixels(y), "\" text-anchor=\"", anchor,
        "\" fill=\"currentColor\" ", attributes, ">", escape_xml(content), "</text>\n");
  }
  void line(double x1, double y1, double x2, double y2, std::string_view attributes) {
    add("<line x1=\"", pixels(x1), "\" y1=\"", pixels(y1), "\" x2=\"", pixels(x2), "\" y2=\"",
        pixels(y2), "\" stroke=\"currentColor\" ", attributes, "/>\n");
  }
  void rect(double x, double y, double width, double height, std::string_view attributes) {
    add("<rect x=\"", pixels(x), "\" y=\"", pixels(y), "\" width=\"", pixels(width), "\" height=\"",
        pixels(height), "\" ", attributes, "/>\n");
  }
  void path(std::string_view data, std::string_view attributes) {
    add("<path d=\"", data, "\" ", attributes, "/>\n");
  }
  /// Circle, diamond, square or triangle (`shape` 0 to 3), all of about one area.
  void marker(double x, double y, Index shape, double r, std::string_view attributes) {
    const auto data = [&]() -> std::string {
      switch (shape % 4) {
        case 0:
          return circle(x, y, r);
        case 1:
          return moves({x, y - 1.3 * r},
                       {{1.3 * r, 1.3 * r}, {-1.3 * r, 1.3 * r}, {-1.3 * r, -1.3 * r}});
        case 2:
          return moves({x - 0.9 * r, y - 0.9 * r},
                       {{1.8 * r, 0.0}, {0.0, 1.8 * r}, {-1.8 * r, 0.0}});
        default:
          return moves({x, y - 1.3 * r}, {{1.2 * r, 2.1 * r}, {-2.4 * r, 0.0}});
      }
    };
    path(data(), attributes);
  }
  /// Opens a group that shows `tooltip` under the pointer; close() ends it.
  void open(std::string_view tooltip, std::string_view attributes = {}) {
    add("<g ", attributes, "><title>", escape_xml(tooltip), "</title>\n");
  }
  void close() { body_ += "</g>\n"; }

  [[nodiscard]] std::string finish() && { return std::move(body_) + "</svg>\n"; }

 private:
  using Step = std::array<double, 2>;

  /// A closed outline from `start` by relative steps.
  [[nodiscard]] static std::string moves(Step start, const std::vector<Step>& steps) {
    std::string data = "M" + pixels(start[0]) + " " + pixels(start[1]);
    for (const Step& step : steps) data += "l" + pixels(step[0]) + " " + pixels(step[1]);
    return data + "z";
  }

  template <class... Parts>
  void add(const Parts&... parts) {
    (body_.append(parts), ...);
  }

  std::string body_;
};

}  // namespace autoprune::io
