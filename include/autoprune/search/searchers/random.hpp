/// @file random.hpp
/// Random search: every layer's keep ratio on its own, actions uniform.
#pragma once

#include <span>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/rl/state_visitor.hpp"
#include "autoprune/search/layer_walk.hpp"
#include "autoprune/search/searcher.hpp"

namespace autoprune::search {

class RandomSearch {
 public:
  static constexpr const char* kName = "random";

  RandomSearch(Landscape auto& landscape, const SearchConfig& config)
      : layers_(landscape.layers()),
        scale_{config.least_keep},
        seed_(config.seed),
        random_(seed_, kStream) {}

  [[nodiscard]] std::vector<Proposal> ask(Index n) {
    std::vector<Proposal> proposals(static_cast<std::size_t>(n), {Origin::explore, {}});
    for (Proposal& proposal : proposals)
      for (Index k = 0; k < layers_; ++k)
        proposal.policy.push_back(scale_.keep_of(random_.uniform()));
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
  ActionScale scale_;
  std::uint64_t seed_;
  Random random_;
};

}  // namespace autoprune::search
