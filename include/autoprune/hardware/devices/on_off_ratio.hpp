/// @file on_off_ratio.hpp
/// High-resistance states that still conduct.
#pragma once

#include <cmath>
#include <limits>

#include "autoprune/hardware/device.hpp"

namespace autoprune::hardware {

/// The high-resistance state conducts 1 / ratio of the low-resistance state. Comes first.
struct OnOffRatio {
  double ratio = std::numeric_limits<double>::infinity();

  void describe(auto& visit) {
    visit.number("on_off", ratio, {1.0, std::numeric_limits<double>::infinity(), true},
                 "highest conductance / lowest");
  }
  [[nodiscard]] bool ideal() const noexcept { return std::isinf(ratio); }
  void operator()(Cell& cell, Random&) const {
    // Levels stay one unit apart, on top of what the lowest one conducts.
    const auto leak = static_cast<float>((cell.high - cell.low) / (ratio - 1.0));
    cell.conductance += leak;
    cell.low += leak;
    cell.high += leak;
  }
  friend bool operator==(const OnOffRatio&, const OnOffRatio&) = default;
};

}  // namespace autoprune::hardware
