/// @file kinds.hpp
/// Lists of types that go by names: a `std::tuple` of types, each with a `kName`. Whatever is
/// chosen by a word (methods, searchers, ADCs) is registered by standing in one.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "autoprune/core/error.hpp"

namespace autoprune {

namespace detail {

template <class... Kinds>
[[nodiscard]] std::vector<std::string> kind_names(std::type_identity<std::tuple<Kinds...>>) {
  return {std::string(Kinds::kName)...};
}

template <class... Kinds, class Use>
[[nodiscard]] bool use_kind(std::type_identity<std::tuple<Kinds...>>, std::string_view name,
                            const Use& use) {
  return ((name == Kinds::kName && (use(std::type_identity<Kinds>{}), true)) || ...);
}

}  // namespace detail

/// The names of a list's types, in order.
template <class List>
[[nodiscard]] std::vector<std::string> kind_names() {
  return detail::kind_names(std::type_identity<List>{});
}

/// use(std::type_identity<Kind>{}) with the type of that name. `what` says what the list holds
/// ("method"). Throws unknown_name.
template <class List, class Use>
void with_kind(std::string_view what, std::string_view name, const Use& use) {
  if (!detail::use_kind(std::type_identity<List>{}, name, use))
    fail_unknown(what, name, kind_names<List>());
}

}  // namespace autoprune
