/// @file random.hpp
/// Random search: every layer on its own, actions uniform.
#pragma once

#include <span>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/rl/state_visitor.hpp"
#include "autoprune/search/action_space.hpp"
#include "autoprune/search/landscape.hpp"
#include "autoprune/search/search_config.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

class RandomSearch {
 public:
  static constexpr const char* kName = "random";

  RandomSearch(Landscape auto& landscape, const SearchConfig& config)
      : layers_(landscape.layers()),
        space_(config.space, config.least_keep),
        seed_(config.seed),
        random_(seed_, kStream) {}

  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    std::vector<Proposal> proposals(static_cast<std::size_t>(n), {Origin::explore, {}});
    std::vector<double> actions(static_cast<std::size_t>(space_.size()));
    for (Proposal& proposal : proposals)
      for (Index k = 0; k < layers_; ++k) {
        for (double& action : actions) action = random_.uniform();
        proposal.policy.push_back(space_.plan_of(actions));
      }
    return proposals;
  }
  void tell(std::span<const Outcome>) {}

  template <class Archive>
  void describe(Archive& archive) {
    rl::visit_random(archive, "random", random_, seed_, kStream);
  }

 private:
  static constexpr std::uint64_t kStream = 0x4A4D;

  Index layers_;
  ActionSpace space_;
  std::uint64_t seed_;
  Random random_;
};

}  // namespace autoprune::search
