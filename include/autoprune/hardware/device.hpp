/// @file device.hpp
/// What a device is: something that real cells do to the conductance that was written.
#pragma once

#include <concepts>
#include <cstdint>

#include "autoprune/core/random.hpp"

namespace autoprune::hardware {

/// A cell while devices act on it. Conductances are in units of one level: an ideal cell of level
/// n has conductance n.
struct Cell {
  float conductance;
  float low, high;  ///< conductance of the lowest and of the highest level
};

/// What a number of a device may be.
struct Limits {
  double low, high;
  bool above = false;  ///< `low` itself isn't allowed

  [[nodiscard]] bool holds(double value) const noexcept {
    return (above ? value > low : value >= low) && value <= high;
  }
};

/// A device is a few numbers. describe(visit) shows each of them,
///
///     visit.number("variation", sigma, {0.0, 2.0}, "what it is, for --help");
///     visit.word("spread", spread, "an enum whose words_of(Spread) are beside it");
///
/// by the key that hardware files call it, and options with '-' for '_'. What limits can't say,
/// a `validate() const` does, if there is one.
template <class D>
concept DevicePolicy = std::equality_comparable<D> && std::default_initializable<D> &&
    requires(const D& device, Cell& cell, Random& random) {
  { device.ideal() } -> std::same_as<bool>;  // no cell is changed, and nothing drawn
  device(cell, random);
};

/// Cells as they should be.
struct IdealDevices {
  [[nodiscard]] bool ideal() const noexcept { return true; }
  [[nodiscard]] float conductance(std::int32_t level, std::int32_t, Random&) const {
    return static_cast<float>(level);
  }
};

}  // namespace autoprune::hardware
