/// @file lamp.hpp
/// LAMP over the network, a sweep.
#pragma once

#include "autoprune/search/heuristic_list.hpp"

namespace autoprune::search {

struct LampSweep : HeuristicList {
  static constexpr const char* kName = "lamp";
  LampSweep(Landscape auto& landscape, const SearchConfig& config)
      : HeuristicList(Origin::lamp, landscape.rankings(), config.episodes) {
    config.space.require_keeps_only(kName);
  }
};

}  // namespace autoprune::search
