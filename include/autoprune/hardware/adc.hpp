/// @file adc.hpp
/// Analog-to-digital converters. What a bitline sums up (in units of one cell's lowest level times
/// one input step) becomes an integer code, and a code stands for code * lsb().
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::hardware {

/// A converter is a few numbers; code() is called in the innermost loop.
template <class T>
concept AdcPolicy = requires(const T adc, std::int32_t count, float analog) {
  { adc.code(count) } -> std::same_as<std::int32_t>;   // of a sum of ideal cells, >= 0
  { adc.code(analog) } -> std::same_as<std::int32_t>;  // of a sum of real cells
  { adc.lsb() } -> std::convertible_to<double>;
  { adc.exact_up_to() } -> std::same_as<std::int32_t>;  // code(n) == n for all 0 <= n <= it
  {
    adc.margin(count)
    } -> std::same_as<double>;  // an analog sum less than it off such an n, n <=
                                // count, still reads as n
};

inline void require_adc_bits(Index bits) {
  if (bits < 1 || bits > 16)
    fail(ErrorId::out_of_range, "an ADC of ", bits, " bits; 1 to 16 can be simulated");
}

/// The converter that an accelerator is built with.
struct Adc {
  std::string kind = "ideal";  ///< one of adc_names()
  Index bits = 6;              ///< of any but the ideal one

  friend bool operator==(const Adc&, const Adc&) = default;
};

/// What the converters of one layer may be set to.
struct AdcSite {
  double full_scale;     ///< largest sum of an OU
  double output_range;   ///< of the layer, in units of (input step x weight step)
  double highest_place;  ///< place value of the highest digits of an input and of a weight
  Index parts;           ///< row groups whose codes are added up
};

/// A kind of converter, by name; make() sets one for a layer. Throws out_of_range.
template <class K>
concept AdcKind = requires(Index bits, const AdcSite& site) {
  { K::kName } -> std::convertible_to<const char*>;
  { K::make(bits, site) } -> AdcPolicy;
};

}  // namespace autoprune::hardware
