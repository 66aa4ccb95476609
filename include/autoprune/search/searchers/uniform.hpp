/// @file uniform.hpp
/// Uniform pruning: one keep ratio for all layers, a sweep.
#pragma once

#include "autoprune/search/heuristic_list.hpp"

namespace autoprune::search {

struct UniformSweep : HeuristicList {
  static constexpr const char* kName = "uniform";
  UniformSweep(Landscape auto& landscape, const SearchConfig& config)
      : HeuristicList(Origin::uniform, landscape.rankings(), config.episodes) {
    config.space.require_keeps_only(kName);
  }
};

}  // namespace autoprune::search
