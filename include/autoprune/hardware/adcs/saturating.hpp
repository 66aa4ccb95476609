/// @file saturating.hpp
/// A converter whose steps are of one level.
#pragma once

#include <algorithm>
#include <cstdint>

#include "autoprune/hardware/adc.hpp"

namespace autoprune::hardware {

/// Steps of one level; sums above 2^bits - 1 read as that.
class SaturatingAdc {
 public:
  explicit SaturatingAdc(Index bits) {
    require_adc_bits(bits);
    most_ = (std::int32_t{1} << bits) - 1;
  }
  [[nodiscard]] std::int32_t code(std::int32_t count) const noexcept {
    return std::min(count, most_);
  }
  [[nodiscard]] std::int32_t code(float analog) const noexcept {
    return code(static_cast<std::int32_t>(std::max(0.0F, analog) + 0.5F));
  }
  [[nodiscard]] double lsb() const noexcept { return 1.0; }
  [[nodiscard]] std::int32_t exact_up_to() const noexcept { return most_; }
  [[nodiscard]] double margin(std::int32_t) const noexcept { return 0.5; }

 private:
  std::int32_t most_;
};

struct Saturating {
  static constexpr const char* kName = "saturating";
  static SaturatingAdc make(Index bits, const AdcSite&) { return SaturatingAdc(bits); }
};

}  // namespace autoprune::hardware
