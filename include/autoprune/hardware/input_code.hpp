/// @file input_code.hpp
/// How an input becomes what the DACs drive onto a wordline.
#pragma once

#include <cstdint>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::hardware {

/// Inputs as digits of dac_bits, the lowest first; the sign of an input is that of its digits.
struct InputCode {
  Index bits = 8;         ///< magnitude bits of an input
  Index dac_bits = 1;     ///< bits that a wordline carries at a time: 1, 2 or 4
  bool negative = false;  ///< inputs may be below 0: their digits are driven in a pass of their own

  /// Throws out_of_range.
  void validate() const {
    if (bits < 1 || bits > 8)
      fail(ErrorId::out_of_range, "inputs of ", bits, " magnitude bits; 1 to 8 can be simulated");
    if (dac_bits != 1 && dac_bits != 2 && dac_bits != 4)
      fail(ErrorId::out_of_range, "a DAC of ", dac_bits, " bits; 1, 2 and 4 can be simulated");
  }
  [[nodiscard]] Index digits() const noexcept { return ceil_div(bits, dac_bits); }
  [[nodiscard]] std::int32_t digit(std::int32_t magnitude, Index t) const noexcept {
    return (magnitude >> (t * dac_bits)) & largest_code(dac_bits);
  }

  friend bool operator==(const InputCode&, const InputCode&) = default;
};

}  // namespace autoprune::hardware
