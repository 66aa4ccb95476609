/// @file history.hpp
/// What a search has measured.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoprune/search/proposal.hpp"

namespace autoprune::search {

/// One policy that was measured.
struct Episode {
  Origin origin = Origin::searcher;
  Outcome outcome;
};

/// Where an episode's policy came from: a heuristic, chance or the searcher, by its name.
[[nodiscard]] inline std::string_view kind_of(const Episode& episode, std::string_view searcher) {
  return episode.origin == Origin::searcher ? searcher : word_of(episode.origin);
}

/// A search that has been done.
struct History {
  std::string searcher;
  std::vector<Episode> episodes;
  Index best = 0;                           ///< of the episodes
  Counting counting = Counting::per_layer;  ///< of crossbars
  std::vector<Index> front = {};            ///< of the episodes; see front.hpp

  [[nodiscard]] std::string_view kind(const Episode& episode) const {
    return kind_of(episode, searcher);
  }
};

}  // namespace autoprune::search
