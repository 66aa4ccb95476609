/// @file record.hpp
/// What a study found.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/cost/ou_model.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/nn/collapse.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/search.hpp"

namespace autoprune::study {

struct Trained {
  std::vector<io::EpochFigures> epochs;
  nn::Course course;
  double seconds = 0.0;  ///< with those of runs that were resumed
};

struct Record {
  explicit Record(nn::Network given) : network(std::move(given)) {}

  search::Policy policy;
  nn::Network network;           ///< as the policy and the training left it
  std::vector<PruneMask> masks;  ///< one a matrix layer
  search::History search;        ///< every policy that was measured
  std::string objective;         ///< of the search, in words
  double search_seconds = 0.0;
  Trained training;
  bool stopped = false;  ///< an observer ended it before its time

  mapping::NetworkPlacement placement;  ///< OUs, places, index buffers, crossbars
  cost::OuCost dense_cost, cost;
  Index images = 0;  ///< of the test set, for:
  /// In floating point, of the teacher or else of the network that was given; none where that had
  /// been pruned before.
  std::optional<nn::Accuracy> dense;
  nn::Accuracy pruned;                                 ///< in floating point
  Index simulated_images = 0;                          ///< of the test set, for:
  std::optional<nn::Accuracy> quantised, on_crossbar;  ///< of what the accelerator stores
};

}  // namespace autoprune::study
