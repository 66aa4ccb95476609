/// @file reproduce_plan.hpp
/// What the slides say of what `reproduce` measures.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace autoprune::cli {

/// A row of the slides' table for CIFAR-10.
struct SlidesRow {
  double compression, top5, drop_top5;
};
[[nodiscard]] std::optional<SlidesRow> slides_row(const std::string& network,
                                                  const std::string& data,
                                                  const std::string& method);

/// How many times better AUTO-PRUNE is, say the slides.
struct SlidesRatios {
  std::string rival;  ///< as --methods knows it
  double compression, energy, area;
};
[[nodiscard]] const std::vector<SlidesRatios>& slides_ratios();

}  // namespace autoprune::cli
