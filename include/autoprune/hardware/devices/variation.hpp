/// @file variation.hpp
/// Conductances that vary from cell to cell.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "autoprune/core/words.hpp"
#include "autoprune/hardware/device.hpp"

namespace autoprune::hardware {

enum class Spread { normal, log_normal };

[[nodiscard]] constexpr auto words_of(Spread) {
  using enum Spread;
  return std::to_array<Word<Spread>>({{normal, "normal"}, {log_normal, "log-normal"}});
}

/// Every cell's conductance is off by a factor of its own.
struct Variation {
  double sigma = 0.0;  ///< standard deviation of the factor (of its logarithm)
  Spread spread = Spread::normal;

  void describe(auto& visit) {
    visit.number("variation", sigma, {0.0, 2.0}, "of the cells' conductance, 0.1: 10 %");
    visit.word("spread", spread, "of the variation");
  }
  [[nodiscard]] bool ideal() const noexcept { return sigma == 0.0; }
  void operator()(Cell& cell, Random& random) const {
    if (cell.conductance == 0.0F) return;  // most cells of one bit: drawing is what takes long
    const double draw = sigma * random.normal();
    const double factor = spread == Spread::normal ? std::max(0.0, 1.0 + draw) : std::exp(draw);
    cell.conductance = static_cast<float>(cell.conductance * factor);
  }
  friend bool operator==(const Variation&, const Variation&) = default;
};

}  // namespace autoprune::hardware
