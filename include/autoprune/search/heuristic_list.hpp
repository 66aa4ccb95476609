/// @file heuristic_list.hpp
/// The searcher that a sweep of one heuristic makes.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "autoprune/search/heuristics.hpp"
#include "autoprune/search/landscape.hpp"
#include "autoprune/search/search_config.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

/// As many policies as there are episodes; keep ratios fall in equal factors from 1 to 1/32, as in
/// heuristic_sweep().
class HeuristicList {
 public:
  HeuristicList(Origin origin, std::span<const Ranking> layers, Index count) {
    for (Index i = 0; i < count; ++i) {
      const double at = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0.0;
      all_.push_back(heuristic(origin, layers, std::pow(1.0 / 32.0, at)));
    }
  }

  [[nodiscard]] std::vector<Proposal> ask(Index n) const { return next_of(all_, told_, n); }
  void tell(std::span<const Outcome> outcomes) { told_ += std::ssize(outcomes); }

  template <class Archive>
  void describe(Archive& archive) {
    visit_same(archive, "budget", all_.size());
    visit_integer(archive, "told", told_, std::ssize(all_));
  }

 private:
  std::vector<Proposal> all_;
  Index told_ = 0;
};

}  // namespace autoprune::search
