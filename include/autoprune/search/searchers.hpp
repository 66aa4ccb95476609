/// @file searchers.hpp
/// The searchers by their names: a file each in searchers/, and a word here.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/search/searchers/ddpg.hpp"
#include "autoprune/search/searchers/evolution.hpp"
#include "autoprune/search/searchers/greedy.hpp"
#include "autoprune/search/searchers/guided.hpp"
#include "autoprune/search/searchers/lamp.hpp"
#include "autoprune/search/searchers/random.hpp"
#include "autoprune/search/searchers/uniform.hpp"

namespace autoprune::search {

template <Landscape L>
using Searchers = std::tuple<Ddpg<rl::DdpgAgent, L>, Guided<L>, RandomSearch, UniformSweep,
                             LampSweep, Greedy<L>, EvolutionSearch>;

namespace detail {

template <class... S>
[[nodiscard]] std::vector<std::string> names_of(std::type_identity<std::tuple<S...>>) {
  return {S::kName...};
}

template <class... S, Landscape L>
[[nodiscard]] AnySearcher make(std::type_identity<std::tuple<S...>> all, const std::string& name,
                               L& landscape, const SearchConfig& config) {
  std::optional<AnySearcher> made;
  ((name == S::kName && (made.emplace(name, S(landscape, config)), true)) || ...);
  if (!made) fail_unknown("searcher", name, names_of(all));
  return std::move(*made);
}

}  // namespace detail

[[nodiscard]] inline std::vector<std::string> searcher_names() {
  return detail::names_of(std::type_identity<Searchers<PruningLandscape>>{});
}

/// Holds a reference to the landscape. Throws unknown_name.
template <Landscape L>
[[nodiscard]] AnySearcher make_searcher(const std::string& name, L& landscape,
                                        const SearchConfig& config) {
  return detail::make(std::type_identity<Searchers<L>>{}, name, landscape, config);
}

}  // namespace autoprune::search
