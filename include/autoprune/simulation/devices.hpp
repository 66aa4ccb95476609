/// @file devices.hpp
/// What real cells do: conductances that vary, cells that are stuck, high-resistance states that
/// still conduct, reads that are noisy. Each is a policy; Devices puts several in a row.
#pragma once

#include <cmath>
#include <limits>
#include <tuple>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::simulation {

/// A cell while policies act on it. Conductances are in units of one level: an ideal cell of level
/// n has conductance n.
struct Cell {
  float conductance;
  float low, high;  ///< conductance of the lowest and of the highest level
};

/// The high-resistance state conducts 1 / ratio of the low-resistance state. Comes first.
struct OnOffRatio {
  double ratio = std::numeric_limits<double>::infinity();

  void validate() const {
    if (!(ratio > 1.0))
      fail(ErrorId::out_of_range, "an on/off ratio of ", ratio, "; it has to be above 1");
  }
  [[nodiscard]] bool ideal() const noexcept { return std::isinf(ratio); }
  void operator()(Cell& cell, Random&) const {
    // Levels stay one unit apart, on top of what the lowest one conducts.
    const auto leak = static_cast<float>((cell.high - cell.low) / (ratio - 1.0));
    cell.conductance += leak;
    cell.low += leak;
    cell.high += leak;
  }
};

enum class Spread { normal, log_normal };

/// Every cell's conductance is off by a factor of its own.
struct Variation {
  double sigma = 0.0;  ///< standard deviation of the factor (of its logarithm)
  Spread spread = Spread::normal;

  void validate() const {
    if (!(sigma >= 0.0 && sigma <= 2.0))
      fail(ErrorId::out_of_range, "a variation of ", sigma, "; 0 to 2, as a fraction: 0.1 is 10 %");
  }
  [[nodiscard]] bool ideal() const noexcept { return sigma == 0.0; }
  void operator()(Cell& cell, Random& random) const {
    if (cell.conductance == 0.0F) return;  // most cells of one bit: drawing is what takes long
    const double draw = sigma * random.normal();
    const double factor = spread == Spread::normal ? std::max(0.0, 1.0 + draw) : std::exp(draw);
    cell.conductance = static_cast<float>(cell.conductance * factor);
  }
};

/// Cells that stay at their lowest or highest level whatever is written.
struct StuckAt {
  double low = 0.0, high = 0.0;  ///< shares of the cells

  void validate() const {
    if (!(low >= 0.0 && high >= 0.0 && low + high <= 1.0))
      fail(ErrorId::out_of_range, "shares of stuck cells ", low, " and ", high,
           "; both at least 0, together at most 1");
  }
  [[nodiscard]] bool ideal() const noexcept { return low == 0.0 && high == 0.0; }
  void operator()(Cell& cell, Random& random) const {
    const double draw = random.uniform();
    if (draw < low) cell.conductance = cell.low;
    if (draw >= 1.0 - high) cell.conductance = cell.high;
  }
};

/// Cells as they should be.
struct IdealDevices {
  [[nodiscard]] bool ideal() const noexcept { return true; }
  [[nodiscard]] float conductance(std::int32_t level, std::int32_t, Random&) const {
    return static_cast<float>(level);
  }
};

/// Policies one after another, in this order.
template <class First, class... Rest>
class Devices {
 public:
  Devices() = default;
  explicit Devices(const First& first, const Rest&... rest) : policies_(first, rest...) {
    first.validate();
    (rest.validate(), ...);
  }
  /// Nothing changes any cell.
  [[nodiscard]] bool ideal() const noexcept {
    return std::apply([](const auto&... p) { return (p.ideal() && ...); }, policies_);
  }
  /// Conductance of a written cell of 0 .. `levels` - 1.
  [[nodiscard]] float conductance(std::int32_t level, std::int32_t levels, Random& random) const {
    Cell cell{static_cast<float>(level), 0.0F, static_cast<float>(levels - 1)};
    std::apply([&](const auto&... p) { ((p.ideal() ? void() : p(cell, random)), ...); }, policies_);
    return cell.conductance;
  }

 private:
  std::tuple<First, Rest...> policies_;
};

/// What the command line offers.
using RealDevices = Devices<OnOffRatio, StuckAt, Variation>;

}  // namespace autoprune::simulation
