/// @file searchers.hpp
/// The searchers by their names: a file each in searchers/, and a word here.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/core/kinds.hpp"
#include "autoprune/search/searchers/ddpg.hpp"
#include "autoprune/search/searchers/evolution.hpp"
#include "autoprune/search/searchers/greedy.hpp"
#include "autoprune/search/searchers/guided.hpp"
#include "autoprune/search/searchers/lamp.hpp"
#include "autoprune/search/searchers/nsga2.hpp"
#include "autoprune/search/searchers/random.hpp"
#include "autoprune/search/searchers/uniform.hpp"

namespace autoprune::search {

template <Landscape L>
using Searchers = std::tuple<Ddpg<rl::DdpgAgent, L>, Guided<L>, RandomSearch, UniformSweep,
                             LampSweep, Greedy<L>, EvolutionSearch, Nsga2>;

[[nodiscard]] inline std::vector<std::string> searcher_names() {
  return kind_names<Searchers<PruningLandscape>>();
}

/// Holds a reference to the landscape. Throws unknown_name, and what the searcher throws.
template <Landscape L>
[[nodiscard]] AnySearcher make_searcher(const std::string& name, L& landscape,
                                        const SearchConfig& config) {
  std::optional<AnySearcher> made;
  with_kind<Searchers<L>>("searcher", name, [&]<class S>(std::type_identity<S>) {
    if constexpr (!requires { S::kChoosesStart; })
      if (config.warm_start)
        fail(ErrorId::out_of_range, "searcher '", name, "' begins in one way alone; leave ",
             "warm_start (--warm-start, --no-warm-start) out, or take guided or ddpg");
    made.emplace(name, S(landscape, config));
  });
  return std::move(*made);
}

}  // namespace autoprune::search
