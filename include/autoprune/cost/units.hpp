/// @file units.hpp
/// Numbers that know their unit inside the room, so that a time is never added to an area and watts
/// times nanoseconds can only be nanojoules. Results leave the room as doubles whose names end in
/// the unit.
#pragma once

#include <compare>

namespace autoprune::cost {

template <class Unit>
struct Quantity {
  double value = 0.0;

  constexpr Quantity& operator+=(Quantity other) noexcept {
    value += other.value;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) noexcept { return a += b; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) noexcept {
    return Quantity{a.value - b.value};
  }
  friend constexpr Quantity operator*(double factor, Quantity a) noexcept {
    return Quantity{factor * a.value};
  }
  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
};

using Um2 = Quantity<struct SquareMicrometre>;
using Watt = Quantity<struct WattUnit>;
using Ns = Quantity<struct Nanosecond>;
using Nj = Quantity<struct Nanojoule>;

[[nodiscard]] constexpr Nj operator*(Watt power, Ns time) noexcept {
  return Nj{power.value * time.value};
}

}  // namespace autoprune::cost
