#include "reproduce_rows.hpp"

#include <algorithm>
#include <cmath>

namespace autoprune::cli {

namespace {

/// The rung nearest to a compression.
Index nearest_rung(double compression) {
  const std::vector<double>& ladder = compression_ladder();
  const auto distance = [&](double rung) { return std::abs(std::log(rung / compression)); };
  return static_cast<Index>(
      std::min_element(ladder.begin(), ladder.end(),
                       [&](double a, double b) { return distance(a) < distance(b); }) -
      ladder.begin());
}

}  // namespace

std::optional<Row> measure_row(const Options& options, const Subject& subject, const Method& method,
                               Index granularity, const Budget& budget, const io::Json& dense,
                               const Show& show) {
  const auto measure_at = [&](double target) -> std::optional<Row> {
    const Cell cell{subject, method, target, granularity * method.height};
    show(cell.name());
    const io::Json figures = measure_cell(options, cell, budget);
    if (figures.is_null()) return {};
    const auto drop = [&](const char* top) {
      return dense[top].get<double>() - figures[top].get<double>();
    };
    return Row{cell, figures, drop("top1"), drop("top5"), drop("top1") <= options.reproduce.drop};
  };
  if (options.reproduce.compression) return measure_at(*options.reproduce.compression);

  const std::vector<double>& ladder = compression_ladder();
  const auto rungs = static_cast<Index>(ladder.size());
  const auto measure = [&](Index rung) {
    return measure_at(ladder[static_cast<std::size_t>(rung)]);
  };
  const auto slides = slides_row(subject.network, subject.data, method.option);
  const Index start = nearest_rung(slides ? slides->compression : 4.0);
  Index rung = start;
  std::optional<Row> best = measure(rung);
  // Down to a compression that the method reaches, with a budget for it to one that is allowed.
  while (rung > 0 && (!best || (budget.climbs && !best->allowed)))
    if (std::optional<Row> lower = measure(--rung)) best = std::move(lower);
  if (!budget.climbs || rung < start) return best;
  while (++rung < rungs) {
    std::optional<Row> higher = measure(rung);
    if (!higher || !higher->allowed) break;
    best = std::move(higher);
  }
  return best;
}

}  // namespace autoprune::cli
