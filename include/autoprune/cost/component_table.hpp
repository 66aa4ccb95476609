/// @file component_table.hpp
/// Figures split up by component, of any list of components.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "autoprune/core/types.hpp"

namespace autoprune::cost {

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

struct Totals {
  double area_um2 = 0.0;
  double power_w = 0.0;  ///< MNSIM-2.0: with everything at work at once; OU model: on average
  double energy_nj = 0.0;
  double latency_ns = 0.0;              ///< from first input to last output, layers overlapping
  double latency_unpipelined_ns = 0.0;  ///< the same when a layer waits for the end of the last
};

/// The same for each component. A component's latency is the time that it is busy, all output
/// positions together.
template <class Component>
struct Breakdown {
  ComponentTable<Component, double> area_um2;
  ComponentTable<Component, double> power_w;
  ComponentTable<Component, double> energy_nj;
  ComponentTable<Component, double> busy_ns;

  Breakdown& operator+=(const Breakdown& other) {
    area_um2 += other.area_um2;
    power_w += other.power_w;
    energy_nj += other.energy_nj;
    busy_ns += other.busy_ns;
    return *this;
  }
};

}  // namespace autoprune::cost
