/// @file reproduce_plan.hpp
/// What `reproduce` measures, and what the slides say of it.
#pragma once

#include <autoprune/core/types.hpp>
#include <autoprune/prune/row_groups.hpp>
#include <autoprune/simulation/measured_activity.hpp>
#include <optional>
#include <string>
#include <vector>

namespace autoprune::cli {

/// The way that a method's policy is found and its masks are made.
struct Method {
  std::string name;    ///< as it stands in tables
  std::string option;  ///< as --methods knows it; a rival's is its name in methods::kMethods
  bool searches;       ///< by the agent; else the LAMP policy
  bool ours;           ///< column-vectors
  prune::RowGrouping rows = prune::RowGrouping::neighbours;
  hardware::OuFormation formation = hardware::OuFormation::stored;
  Index height = 1;  ///< of its column-vectors, in times --granularity
};

/// Every method in the order of the tables; the dense network is in every one.
[[nodiscard]] const std::vector<Method>& all_methods();

/// Effort of one cell, the same for every method.
struct Budget {
  std::string name;
  Index episodes, held_out_images, calibration_images;  ///< of the search
  Index epochs, variants;                               ///< of fine-tuning
  double ramp_begin;                                    ///< of its schedule
  Index test_images;                                    ///< 0: all
  bool climbs;  ///< whether other compressions than the first are tried
};

[[nodiscard]] const std::vector<Budget>& all_budgets();

/// Crossbar compressions that are tried, ascending.
[[nodiscard]] const std::vector<double>& compression_ladder();

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
