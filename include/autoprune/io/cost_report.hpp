/// @file cost_report.hpp
/// Costs for people: tables for the terminal, and bars of what each layer is made of.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/cost/metrics.hpp"
#include "autoprune/cost/ou_model.hpp"
#include "autoprune/io/report_text.hpp"
#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/table.hpp"
#include "autoprune/mnsim/model.hpp"

namespace autoprune::io {

namespace detail {

/// Rows under a rule, the last one under another.
[[nodiscard]] inline std::string ruled_table(const Table& rows) {
  std::vector<std::string> lines = align_columns(rows);
  const std::string rule(static_cast<std::size_t>(text_length(lines.front())), '-');
  lines.insert(lines.begin() + 1, rule);
  lines.insert(lines.end() - 1, rule);
  return join(lines, "\n") + "\n";
}

[[nodiscard]] inline std::string share(double part, double whole) {
  return whole > 0.0 ? format_number(100.0 * part / whole, 1) : "–";
}

/// Components that cost anything, and their shares.
template <class Component>
[[nodiscard]] std::string component_table(const cost::Breakdown<Component>& parts,
                                          const cost::Totals& totals) {
  Table rows = {{"component", "area mm²", "%", "energy µJ", "%", "busy µs"}};
  for (Index i = 0; i < hardware::kComponents<Component>; ++i) {
    const auto c = static_cast<Component>(i);
    const double area = parts.area_um2[c], energy = parts.energy_nj[c], busy = parts.busy_ns[c];
    if (area == 0.0 && energy == 0.0 && busy == 0.0) continue;
    rows.push_back({std::string(hardware::component_name(c)), format_significant(1e-6 * area),
                    share(area, totals.area_um2), format_significant(1e-3 * energy),
                    share(energy, totals.energy_nj), format_significant(1e-3 * busy)});
  }
  rows.push_back({"total", format_significant(1e-6 * totals.area_um2), "",
                  format_significant(1e-3 * totals.energy_nj), "", ""});
  return ruled_table(rows);
}

[[nodiscard]] inline std::vector<std::string> totals_cells(const cost::Totals& totals) {
  return {format_significant(1e-6 * totals.area_um2), format_significant(1e-3 * totals.energy_nj),
          format_significant(totals.power_w), format_significant(1e-3 * totals.latency_ns),
          format_significant(1e-3 * totals.latency_unpipelined_ns)};
}

[[nodiscard]] inline std::string layer_name(const cost::OuLayerCost& layer) { return layer.name; }
[[nodiscard]] inline std::string layer_name(const mnsim::LayerCost& layer) {
  return layer.layer.name;
}
/// Crossbars of an OU accelerator, PEs of MNSIM-2.0's.
[[nodiscard]] inline Index layer_size(const cost::OuLayerCost& layer) {
  return layer.work.crossbars;
}
[[nodiscard]] inline Index layer_size(const mnsim::LayerCost& layer) { return layer.map.pes; }

}  // namespace detail

/// One line a layer; `size` says what is counted: crossbars or PEs.
template <class Cost>
[[nodiscard]] std::string cost_layer_table(const Cost& cost, const std::string& size) {
  Table rows = {{"layer", size, "area mm²", "energy µJ", "power W", "latency µs", "alone µs"}};
  Index all = 0;
  const auto add = [&](const std::string& name, Index count, const cost::Totals& totals) {
    rows.push_back({shorten(name, 16), format_number(count)});
    const std::vector<std::string> cells = detail::totals_cells(totals);
    rows.back().insert(rows.back().end(), cells.begin(), cells.end());
    all += count;
  };
  for (const auto& layer : cost.layers)
    add(detail::layer_name(layer), detail::layer_size(layer), layer.totals);
  add("total", all, cost.totals);
  return detail::ruled_table(rows) +
         "latency: from first input to last output, layers overlapping; alone: one layer after "
         "another\n";
}

/// A line of what convolutions in groups take; nothing for a network without any.
[[nodiscard]] inline std::string cost_grouped_line(const cost::OuCost& cost) {
  std::vector<LayerCells> cells;
  for (const cost::OuLayerCost& layer : cost.layers)
    cells.push_back({layer.work.shape.matrices, layer.work.crossbars, layer.work.filled});
  const std::string sentence = grouped_sentence(cells, "\n");
  return sentence.empty() ? sentence : sentence + "\n";
}

template <class Cost>
[[nodiscard]] std::string cost_component_table(const Cost& cost) {
  return detail::component_table(cost.components, cost.totals);
}

/// The network beside the unpruned one.
[[nodiscard]] inline std::string cost_comparison(const cost::OuCost& pruned,
                                                 const cost::OuCost& dense) {
  const cost::Metrics a = metrics(dense), b = metrics(pruned);
  const cost::Gains g = gains(pruned, dense);
  const auto row = [](const std::string& name, double before, double after, double gain) {
    return std::vector<std::string>{name, format_significant(before), format_significant(after),
                                    format_number(gain, 2) + "×"};
  };
  const auto latency = [](const cost::OuCost& cost) { return 1e-3 * cost.totals.latency_ns; };
  const Table rows = {
      {"", "dense", "pruned", "gain"},
      row("area, mm²", 1e-6 * dense.totals.area_um2, 1e-6 * pruned.totals.area_um2, g.area),
      row("energy an inference, µJ", 1e-3 * a.energy_nj, 1e-3 * b.energy_nj, g.energy),
      row("latency of an image, µs", latency(dense), latency(pruned), g.latency),
      row("images a second", a.images_per_s, b.images_per_s, g.images_per_s),
      row("GOPS/W", a.gops_per_w, b.gops_per_w, g.gops_per_w),
      row("GOPS/mm²", a.gops_per_mm2, b.gops_per_mm2, g.gops_per_mm2)};
  return text_table(rows) + "index buffer " + format_number(b.index_kib, 2) + " KiB, " +
         format_number(100.0 * b.index_share, 1) + " % of the kept weights' " +
         format_number(b.weight_kib, 2) + " KiB\n";
}

namespace detail {

/// The components in as many groups as a picture has colours.
inline constexpr std::array<const char*, 4> kCostGroups = {"cells and drivers", "DACs and ADCs",
                                                           "buffers and index", "digital circuits"};

[[nodiscard]] inline std::size_t cost_group(hardware::Component c) {
  using enum hardware::Component;
  if (c == cell || c == wordline_driver) return 0;
  if (c == dac || c == adc || c == sample_hold) return 1;
  return hardware::is_memory(c) || c == index_decoder ? 2 : 3;
}
[[nodiscard]] inline std::size_t cost_group(mnsim::Component c) {
  using enum mnsim::Component;
  if (c == crossbar) return 0;
  if (c == dac || c == adc) return 1;
  return c == buffer || c == buffer_read || c == buffer_write ? 2 : 3;
}

}  // namespace detail

/// Stacked bars of every layer: `figure` of its components times `scale`.
template <class Cost, class Figure>
[[nodiscard]] std::string cost_picture(const Cost& cost, const Figure& figure, double scale,
                                       const std::string& title, const std::string& unit) {
  BarChart chart;
  chart.title = title;
  chart.y.label = title + ", " + unit;
  chart.stacked = true;
  chart.decimals = 4;
  chart.unit = " " + unit;
  for (std::size_t g = 0; g < detail::kCostGroups.size(); ++g)
    chart.series.push_back({detail::kCostGroups[g], static_cast<Index>(g), {}});
  for (const auto& layer : cost.layers) {
    chart.categories.push_back(detail::layer_name(layer));
    const auto& table = figure(layer.components);
    for (auto& series : chart.series) series.values.push_back(0.0);
    using Component = typename std::decay_t<decltype(table)>::Key;
    for (Index i = 0; i < hardware::kComponents<Component>; ++i) {
      const auto c = static_cast<Component>(i);
      chart.series[detail::cost_group(c)].values.back() += scale * table[c];
    }
  }
  return bar_chart(chart);
}

template <class Cost>
[[nodiscard]] std::string energy_picture(const Cost& cost) {
  return cost_picture(
      cost, [](const auto& parts) -> const auto& { return parts.energy_nj; }, 1e-3,
      "Energy of every layer", "µJ");
}
template <class Cost>
[[nodiscard]] std::string area_picture(const Cost& cost) {
  return cost_picture(
      cost, [](const auto& parts) -> const auto& { return parts.area_um2; }, 1e-6,
      "Area of every layer", "mm²");
}

}  // namespace autoprune::io
