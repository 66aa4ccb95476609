/// @file contenders.hpp
/// Who is compared: the rivals and our own settings, and how much work each is given.
#pragma once

#include <string>
#include <vector>

#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/prune/row_groups.hpp"

namespace autoprune::study {

/// The way that a method's policy is found and its masks are made.
struct Contender {
  std::string name;    ///< as it stands in tables
  std::string option;  ///< in one word; a rival's is its name in methods::Methods
  bool searches;       ///< else the LAMP policy
  bool ours;           ///< column-vectors
  prune::RowGrouping rows = prune::RowGrouping::neighbours;
  hardware::OuFormation formation = hardware::OuFormation::stored;
  Index height = 1;  ///< of its column-vectors, in times CompareSpec::granularity
};

/// In the order of the tables; the dense network is in every comparison.
[[nodiscard]] inline const std::vector<Contender>& contenders() {
  using enum prune::RowGrouping;
  using enum hardware::OuFormation;
  static const std::vector<Contender> all = {
      {"PIM-Prune", "pim-prune", true, false},
      {"PIM-Prune by OUs", "pim-prune-ou", true, false},
      {"Pattern-Prune", "pattern-prune", true, false},
      {"SRE", "sre", true, false, neighbours, dynamic},
      {"LSR", "lsr", true, false},
      {"magnitude", "magnitude", true, false},
      {"LAMP on vectors", "lamp", false, true},
      {"autoprune", "autoprune", true, true},
      {"autoprune, gathered rows", "autoprune-gathered", true, true, gathered},
      {"autoprune, OUs at run time", "autoprune-dynamic", true, true, gathered, dynamic_vectors,
       4}};
  return all;
}

/// Effort of one cell, the same for every contender.
struct Budget {
  std::string name;
  Index episodes, held_out_images, calibration_images;  ///< of the search
  Index epochs, variants;                               ///< of fine-tuning
  double ramp_begin;                                    ///< of its schedule
  Index test_images;                                    ///< 0: all
  bool climbs;  ///< whether other compressions than the first are tried

  friend bool operator==(const Budget&, const Budget&) = default;
};

[[nodiscard]] inline const std::vector<Budget>& budgets() {
  static const std::vector<Budget> all = {{"quick", 12, 500, 256, 1, 1, 1.0, 0, false},
                                          {"paper", 60, 2000, 512, 8, 4, 1.0, 0, true},
                                          {"long", 300, 5000, 512, 50, 16, 0.5, 0, true}};
  return all;
}

/// Crossbar compressions that are tried, ascending.
[[nodiscard]] inline const std::vector<double>& compression_ladder() {
  static const std::vector<double> ladder = {1.2, 1.5, 2,  2.5, 3,  4,  5,  6,
                                             8,   10,  12, 15,  20, 25, 30, 40};
  return ladder;
}

}  // namespace autoprune::study
