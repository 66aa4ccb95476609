/// @file component_table.hpp
/// Figures split up by component, of any list of components.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "autoprune/core/types.hpp"

namespace autoprune::hardware {

/// An enum of components has a specialisation whose `names` are those of its values, in order.
template <class Component>
struct ComponentNames;

/// As many as the enum has values.
template <class Component>
inline constexpr Index kComponents = static_cast<Index>(ComponentNames<Component>::names.size());

template <class Component>
[[nodiscard]] constexpr std::string_view component_name(Component component) {
  return ComponentNames<Component>::names[static_cast<std::size_t>(component)];
}

/// One T a component, all zero at first.
template <class Component, class T>
class ComponentTable {
 public:
  using Key = Component;

  [[nodiscard]] T& operator[](Component c) { return entries_[static_cast<std::size_t>(c)]; }
  [[nodiscard]] const T& operator[](Component c) const {
    return entries_[static_cast<std::size_t>(c)];
  }

  ComponentTable& operator+=(const ComponentTable& other) {
    for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i] += other.entries_[i];
    return *this;
  }

  [[nodiscard]] T total() const {
    T sum{};
    for (const T& entry : entries_) sum += entry;
    return sum;
  }

  /// The table of f(entry).
  template <class F>
  [[nodiscard]] auto map(const F& f) const {
    ComponentTable<Component, decltype(f(T{}))> out;
    for (Index i = 0; i < kComponents<Component>; ++i) {
      const auto c = static_cast<Component>(i);
      out[c] = f((*this)[c]);
    }
    return out;
  }

  friend bool operator==(const ComponentTable&, const ComponentTable&) = default;

 private:
  std::array<T, static_cast<std::size_t>(kComponents<Component>)> entries_{};
};

}  // namespace autoprune::hardware
