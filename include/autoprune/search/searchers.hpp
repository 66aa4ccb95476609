/// @file searchers.hpp
/// The searchers by their names.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/text.hpp"
#include "autoprune/search/searchers/ddpg.hpp"
#include "autoprune/search/searchers/evolution.hpp"
#include "autoprune/search/searchers/greedy.hpp"
#include "autoprune/search/searchers/guided.hpp"
#include "autoprune/search/searchers/lamp.hpp"
#include "autoprune/search/searchers/random.hpp"
#include "autoprune/search/searchers/uniform.hpp"

namespace autoprune::search {

namespace detail {

template <Landscape L>
struct NamedSearcher {
  std::string_view name;
  AnySearcher (*make)(std::string name, L&, const SearchConfig&);
};

template <Searcher S, Landscape L>
[[nodiscard]] AnySearcher make(std::string name, L& landscape, const SearchConfig& config) {
  return {std::move(name), S(landscape, config)};
}

template <Landscape L>
inline constexpr std::array<NamedSearcher<L>, 7> kSearchers = {
    {{"ddpg", make<Ddpg<rl::DdpgAgent, L>>},
     {"guided", make<Guided<L>>},
     {"random", make<RandomSearch>},
     {"uniform", make<UniformSweep>},
     {"lamp", make<LampSweep>},
     {"greedy", make<Greedy<L>>},
     {"evolution", make<EvolutionSearch>}}};

}  // namespace detail

[[nodiscard]] inline std::vector<std::string> searcher_names() {
  std::vector<std::string> names;
  for (const auto& known : detail::kSearchers<PruningLandscape>) names.emplace_back(known.name);
  return names;
}

/// Holds a reference to the landscape. Throws unknown_name.
template <Landscape L>
[[nodiscard]] AnySearcher make_searcher(const std::string& name, L& landscape,
                                        const SearchConfig& config) {
  for (const auto& known : detail::kSearchers<L>)
    if (known.name == name) return known.make(name, landscape, config);
  fail_unknown("searcher", name, searcher_names());
}

}  // namespace autoprune::search
