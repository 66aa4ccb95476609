/// @file stuck_at.hpp
/// Faulty cells.
#pragma once

#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/reading.hpp"
#include "autoprune/hardware/device.hpp"

namespace autoprune::hardware {

/// Cells that stay at their lowest or highest level whatever is written.
struct StuckAt {
  double low = 0.0, high = 0.0;  ///< shares of the cells

  void describe(auto& visit) {
    visit.number("stuck_low", low, {0.0, 1.0}, "share of cells stuck at the lowest level");
    visit.number("stuck_high", high, {0.0, 1.0}, "share of cells stuck at the highest level");
  }
  void validate() const {
    if (low + high > 1.0)
      fail(ErrorId::out_of_range, "shares of stuck cells ", low, " and ", high,
           "; together at most 1");
  }
  [[nodiscard]] bool ideal() const noexcept { return low == 0.0 && high == 0.0; }
  void operator()(Cell& cell, Random& random) const {
    const double draw = random.uniform();
    if (draw < low) cell.conductance = cell.low;
    if (draw >= 1.0 - high) cell.conductance = cell.high;
  }
  friend bool operator==(const StuckAt&, const StuckAt&) = default;
};

/// "LOW:HIGH", the shares. Throws bad_syntax or out_of_range.
[[nodiscard]] inline StuckAt read_stuck_at(const std::string& place, const std::string& word) {
  const std::string hint = "; write LOW:HIGH, e.g. 0.01:0.005", in = inside(place, word);
  const std::vector<std::string> parts = split_list(word, ':');
  if (parts.size() != 2)
    fail(ErrorId::bad_syntax, place, " '", word, "' holds not two shares", hint);
  constexpr Interval<double> kShares{0.0, 1.0};
  return {read_number(in, parts[0], kShares, hint), read_number(in, parts[1], kShares, hint)};
}

}  // namespace autoprune::hardware
