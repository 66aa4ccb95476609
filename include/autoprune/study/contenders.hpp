/// @file contenders.hpp
/// Who is compared: the rivals and our own settings, and how much work each is given.
#pragma once

#include <string>
#include <vector>

#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/prune/row_groups.hpp"
#include "autoprune/search/action_space.hpp"

namespace autoprune::study {

/// The way that a method's policy is found and its masks are made.
struct Contender {
  std::string name;    ///< as it stands in tables
  std::string option;  ///< in one word
  bool searches;       ///< else the LAMP policy
  bool ours;           ///< its granularity and rows are to choose
  prune::RowGrouping rows = prune::RowGrouping::neighbours;
  hardware::OuFormation formation = hardware::OuFormation::stored;
  Index height = 1;         ///< of its column-vectors, in times CompareSpec::granularity
  std::string method = {};  ///< of methods::Methods; empty: column-vectors of ours, else `option`
  /// What is searched, one after another, each with an equal share of the policies, and under what
  /// the last has found.
  std::vector<search::SearchSpace> stages = {search::SearchSpace{}};
  std::string searcher = "guided", reward = "crossbars";
  bool compresses = true;  ///< else there is no compression to ask it for
};

/// In the order of the tables; the dense network is in every comparison.
[[nodiscard]] inline const std::vector<Contender>& contenders() {
  using enum prune::RowGrouping;
  using enum hardware::OuFormation;
  using Space = search::SearchSpace;
  static const std::vector<Index> few = {2, 3, 4, 5, 6, 7, 8};
  static const Space keep, bits{.keep = false, .weight_bits = few}, both{.weight_bits = few},
      precision{.keep = false, .weight_bits = few, .input_bits = few};
  // Squares, and rectangles whose rows hold whole 3x3 kernels.
  static const Space sizes{.keep = false,
                           .geometry = {{32, 32, 32, 32, 1},
                                        {64, 64, 32, 32, 1},
                                        {128, 128, 32, 32, 1},
                                        {256, 256, 32, 32, 1},
                                        {512, 512, 32, 32, 1},
                                        {36, 32, 36, 32, 1},
                                        {72, 64, 36, 32, 1},
                                        {144, 128, 36, 32, 1},
                                        {288, 256, 36, 32, 1}}};
  static const std::vector<Contender> all = {
      {"PIM-Prune", "pim-prune", true, false},
      {"PIM-Prune by OUs", "pim-prune-ou", true, false},
      {"Pattern-Prune", "pattern-prune", true, false},
      {"SRE", "sre", true, false, neighbours, dynamic},
      {"LSR", "lsr", true, false},
      {"magnitude", "magnitude", true, false},
      {.name = "APQ",
       .option = "apq",
       .searches = true,
       .ours = true,
       .stages = {keep, bits},
       .searcher = "ddpg"},
      {.name = "AutoHet",
       .option = "autohet",
       .searches = true,
       .ours = false,
       .method = "naive",
       .stages = {sizes},
       .searcher = "ddpg",
       .reward = "autohet",
       .compresses = false},
      {.name = "CIM-AQ",
       .option = "cim-aq",
       .searches = true,
       .ours = false,
       .method = "naive",
       .stages = {precision},
       .searcher = "ddpg",
       .reward = "latency"},
      {"LAMP on vectors", "lamp", false, true},
      {"autoprune", "autoprune", true, true},
      {"autoprune, gathered rows", "autoprune-gathered", true, true, gathered},
      {"autoprune, OUs at run time", "autoprune-dynamic", true, true, gathered, dynamic_vectors, 4},
      {.name = "bits alone",
       .option = "bits",
       .searches = true,
       .ours = false,
       .method = "naive",
       .stages = {bits}},
      {.name = "autoprune, then bits",
       .option = "autoprune-then-bits",
       .searches = true,
       .ours = true,
       .rows = gathered,
       .stages = {keep, bits}},
      {.name = "autoprune, bits too",
       .option = "autoprune-bits",
       .searches = true,
       .ours = true,
       .rows = gathered,
       .stages = {both}}};
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
