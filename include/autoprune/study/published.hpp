/// @file published.hpp
/// What the slides of AUTO-PRUNE (Yang et al., ICS 2021) report, to stand beside what is measured.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace autoprune::study {

/// A row of the slides' table for CIFAR-10; `method` as contenders() names it.
struct PublishedRow {
  std::string_view network, method;
  double compression;      ///< of crossbars, times
  double top5, drop_top5;  ///< in per cent, and in points
};

[[nodiscard]] inline std::optional<PublishedRow> published_row(std::string_view network,
                                                               std::string_view data,
                                                               std::string_view method) {
  constexpr std::array<PublishedRow, 12> rows = {{
      {"alexnet", "naive", 1.0, 99.36, 0.0},
      {"alexnet", "pim-prune", 4.3, 98.81, 0.55},
      {"alexnet", "pattern-prune", 1.1, 96.48, 2.88},
      {"alexnet", "autoprune", 14.3, 99.10, 0.26},
      {"vgg16", "naive", 1.0, 99.29, 0.0},
      {"vgg16", "pim-prune", 6.1, 98.62, 0.67},
      {"vgg16", "pattern-prune", 2.6, 98.43, 0.86},
      {"vgg16", "autoprune", 11.9, 98.62, 0.67},
      {"plain20", "naive", 1.0, 98.14, 0.0},
      {"plain20", "pim-prune", 7.3, 98.19, -0.05},
      {"plain20", "pattern-prune", 1.2, 98.24, -0.10},
      {"plain20", "autoprune", 10.3, 98.29, -0.15},
  }};
  for (const PublishedRow& row : rows)
    if (data == "cifar10" && row.network == network && row.method == method) return row;
  return {};
}

/// How many times better AUTO-PRUNE is than a rival, say the slides.
struct PublishedRatios {
  std::string_view rival;
  double compression, energy, area;
};

/// Energy: 2.3 on one slide, 3.3 in the conclusions; area: the labels of one slide are swapped
/// (docs/deviations.md).
inline constexpr std::array<PublishedRatios, 2> kPublishedRatios = {
    {{"pim-prune", 3.3, 3.3, 3.1}, {"pattern-prune", 13.0, 12.2, 9.6}}};

}  // namespace autoprune::study
