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

namespace autoprune::hardware {

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
  friend bool operator==(const OnOffRatio&, const OnOffRatio&) = default;
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
  friend bool operator==(const Variation&, const Variation&) = default;
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
  friend bool operator==(const StuckAt&, const StuckAt&) = default;
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

/// The cells and bitlines of an accelerator; as they come, they are ideal. A new policy is a member
/// here and one more in conductances().
struct CellDevices {
  OnOffRatio on_off = {};
  StuckAt stuck_at = {};
  Variation variation = {};
  double read_noise = 0.0;  ///< standard deviation of every bitline's every read, in cell levels

  /// What happens to a cell, in this order.
  [[nodiscard]] auto conductances() const { return Devices(on_off, stuck_at, variation); }
  /// Nothing is drawn and nothing is off.
  [[nodiscard]] bool ideal() const { return conductances().ideal() && read_noise == 0.0; }
  /// Throws out_of_range.
  void validate() const {
    (void)conductances();
    if (!(read_noise >= 0.0 && read_noise <= 100.0))
      fail(ErrorId::out_of_range, "read noise of ", read_noise, " levels; 0 to 100");
  }

  friend bool operator==(const CellDevices&, const CellDevices&) = default;
};

}  // namespace autoprune::hardware
