/// @file front_report.hpp
/// The Pareto front of a search (search/front.hpp) as a table and as pictures.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "autoprune/io/format.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/io/svg_charts.hpp"
#include "autoprune/io/table.hpp"

namespace autoprune::io {

/// What the front weighs against accuracy.
enum class FrontAxis { crossbars, energy };

/// Whether there is more than one policy to choose from.
[[nodiscard]] inline bool has_front(const SearchFigures& search) {
  return std::count_if(search.episodes.begin(), search.episodes.end(),
                       [](const EpisodeFigures& e) { return e.on_front; }) > 1;
}

/// A heading, and a row for each policy of the front, the least accurate first.
[[nodiscard]] inline Table front_table(const SearchFigures& search) {
  std::vector<EpisodeFigures> front;
  std::copy_if(search.episodes.begin(), search.episodes.end(), std::back_inserter(front),
               [](const EpisodeFigures& e) { return e.on_front; });
  std::stable_sort(front.begin(), front.end(),
                   [](const auto& a, const auto& b) { return a.accuracy < b.accuracy; });
  Table out = {{"episode", "accuracy %", "CR", "energy µJ", "latency µs", "area mm²", "reward"}};
  for (const EpisodeFigures& e : front)
    out.push_back({concat(e.episode), format_number(e.accuracy, 2),
                   format_number(search.compression(e), 2), format_significant(1e-3 * e.energy_nj),
                   format_significant(1e-3 * e.latency_ns), format_significant(1e-6 * e.area_um2),
                   format_number(e.reward, 4)});
  return out;
}

/// Every policy that met the constraints, those of the front in blue: accuracy over compression, or
/// over the energy of an inference.
[[nodiscard]] inline std::string front_picture(const SearchFigures& search, FrontAxis against) {
  const bool energy = against == FrontAxis::energy;
  XyChart chart;
  chart.title = energy ? "Accuracy over energy" : "Accuracy over crossbar compression";
  chart.width = 470.0;
  chart.x = {energy ? "energy of an inference, µJ"
                    : concat("crossbar compression, ", search.pooled ? "pooled" : "per layer"),
             true, false};
  chart.y = {"accuracy, held out, %", false, false};
  chart.series = {{"other policies", kGrey, false, {}}, {"front", kBlue, false, {}}};
  for (const EpisodeFigures& e : search.episodes) {
    if (!e.feasible || e.kind == "probe") continue;
    chart.series[e.on_front ? 1 : 0].points.push_back(
        {energy ? 1e-3 * e.energy_nj : search.compression(e), e.accuracy,
         concat("episode ", e.episode, "\ncompression ", format_number(search.compression(e), 2),
                "\nenergy ", format_significant(1e-3 * e.energy_nj), " µJ\naccuracy ",
                format_number(e.accuracy, 2), " %")});
  }
  return xy_chart(chart);
}

}  // namespace autoprune::io
