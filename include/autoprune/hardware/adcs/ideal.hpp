/// @file ideal.hpp
/// A converter that reads every sum as it is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "autoprune/hardware/adc.hpp"

namespace autoprune::hardware {

/// Every sum is read as it is.
struct IdealAdc {
  [[nodiscard]] std::int32_t code(std::int32_t count) const noexcept { return count; }
  [[nodiscard]] std::int32_t code(float analog) const noexcept {
    return static_cast<std::int32_t>(std::max(0.0F, analog) + 0.5F);
  }
  [[nodiscard]] double lsb() const noexcept { return 1.0; }
  [[nodiscard]] std::int32_t exact_up_to() const noexcept {
    return std::numeric_limits<std::int32_t>::max();
  }
  [[nodiscard]] double margin(std::int32_t) const noexcept { return 0.5; }
};

struct Ideal {
  static constexpr const char* kName = "ideal";
  static IdealAdc make(Index, const AdcSite&) { return {}; }
};

}  // namespace autoprune::hardware
