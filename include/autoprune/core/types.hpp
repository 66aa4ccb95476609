/// @file types.hpp
/// The integer of the library, and the few helpers that every room needs.
#pragma once

// Such programs can't tell NaN and infinity from numbers, and would go on with them silently.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error autoprune has to see NaN and infinity: compile without -ffast-math, -Ofast and \
    -ffinite-math-only (-O3 -march=native is as fast), or add -fno-finite-math-only behind them
#endif

#include <cstddef>
#include <cstdint>

namespace autoprune {

/// Every count, size and index. Signed, so that a difference can't wrap around.
using Index = std::ptrdiff_t;

/// Smallest integer not below a / b, for a >= 0 and b > 0.
[[nodiscard]] constexpr Index ceil_div(Index a, Index b) noexcept {
  return a / b + (a % b == 0 ? 0 : 1);
}

/// Bits that tell `n` values apart: ceil(log2 n), and 0 for n <= 1.
[[nodiscard]] constexpr Index bits_for(Index n) noexcept {
  Index bits = 0;
  while (bits < 63 && (Index{1} << bits) < n) ++bits;
  return bits;
}

/// Largest magnitude of `bits` magnitude bits; a sign comes on top.
[[nodiscard]] constexpr std::int32_t largest_code(Index bits) noexcept {
  return (std::int32_t{1} << bits) - 1;
}

}  // namespace autoprune
