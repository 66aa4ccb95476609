/// @file rounding.hpp
/// Converters whose steps are of any size, and what sets the step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "autoprune/hardware/adc.hpp"

namespace autoprune::hardware {

/// Steps of any size, sums rounded to the nearest one (half up), saturating at the largest code.
class RoundingAdc {
 public:
  /// 2^bits - 1 steps over [0, full_scale]; steps are never finer than one level.
  static RoundingAdc over(double full_scale, Index bits) {
    require_adc_bits(bits);
    const std::int32_t codes = (std::int32_t{1} << bits) - 1;
    return {std::max(1.0, full_scale / codes), codes};
  }
  /// Signed codes of `bits` over the largest sum of a whole OU (FIX in MNSIM-2.0).
  static RoundingAdc signed_over(double full_scale, Index bits) {
    require_adc_bits(bits - 1);
    const std::int32_t half = std::int32_t{1} << (bits - 1);
    return {full_scale / half, half - 1};
  }
  /// Signed codes whose step is a fixed part of the layer's output range (SCALE in MNSIM-2.0).
  /// @param range   output range in units of (input step x weight step)
  /// @param weight  place value of the highest digits, 2^((Ni-1)d + (Nw-1)b)
  /// @param parts   row groups whose codes are added up
  static RoundingAdc signed_to_outputs(double range, double weight, Index parts, Index bits) {
    require_adc_bits(bits - 1);
    constexpr double kPointShift = -2.0;
    const double exponent = std::floor(kPointShift + 0.5 * std::log2(static_cast<double>(parts))) +
                            static_cast<double>(bits - 1);
    return {range / weight / std::exp2(exponent), (std::int32_t{1} << (bits - 1)) - 1};
  }

  [[nodiscard]] std::int32_t code(std::int32_t count) const noexcept {
    return code(static_cast<float>(count));
  }
  [[nodiscard]] std::int32_t code(float analog) const noexcept {
    return static_cast<std::int32_t>(
        std::min(most_, std::max(0.0F, analog) * codes_per_level_ + 0.5F));
  }
  [[nodiscard]] double lsb() const noexcept { return lsb_; }
  [[nodiscard]] std::int32_t exact_up_to() const noexcept { return exact_; }
  [[nodiscard]] double margin(std::int32_t count) const noexcept {
    return 0.5 * lsb_ - count * std::abs(lsb_ - 1.0);
  }

 private:
  RoundingAdc(double lsb, std::int32_t most)
      : lsb_(lsb),
        codes_per_level_(static_cast<float>(1.0 / lsb)),
        most_(static_cast<float>(most)) {
    if (!(lsb > 0.0) || !std::isfinite(lsb) || !std::isfinite(codes_per_level_))
      fail(ErrorId::out_of_range, "an ADC step of ", lsb,
           "; the output range has to be above 0, and its codes within float32");
    while (exact_ < most && code(exact_ + 1) == exact_ + 1) ++exact_;
  }

  double lsb_;
  float codes_per_level_, most_;
  std::int32_t exact_ = 0;
};

/// The largest sum of an OU is the largest code.
struct Rounding {
  static constexpr const char* kName = "rounding";
  static RoundingAdc make(Index bits, const AdcSite& site) {
    return RoundingAdc::over(site.full_scale, bits);
  }
};

struct SignedOver {
  static constexpr const char* kName = "mnsim-fix";
  static RoundingAdc make(Index bits, const AdcSite& site) {
    return RoundingAdc::signed_over(site.full_scale, bits);
  }
};

struct SignedToOutputs {
  static constexpr const char* kName = "mnsim-scale";
  static RoundingAdc make(Index bits, const AdcSite& site) {
    return RoundingAdc::signed_to_outputs(site.output_range, site.highest_place, site.parts, bits);
  }
};

}  // namespace autoprune::hardware
