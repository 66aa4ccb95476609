/// @file ou_kernels.hpp
/// The inner loops of the data path. Thirty-two input vectors lie side by side, so that what one
/// bitline does with an input digit is an AND and a population count for all of them at once.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/simulation/adc.hpp"

namespace autoprune::simulation::detail {

using nn::kLanes;

/// Input magnitudes have at most this many bits.
inline constexpr Index kInputBits = 8;

/// Bits of the inputs of one OU: [bit][word of 32 rows][lane].
template <std::size_t Words>
using InputBits = std::array<std::array<std::array<std::uint32_t, kLanes>, Words>, kInputBits>;

/// Cells of one bitline of one OU: bits of their levels, [bit][word of 32 rows].
template <std::size_t CellBits, std::size_t Words>
struct Bitline {
  std::int32_t filter;
  std::int32_t place;  ///< sign * 2^shift of its array
  std::array<std::array<std::uint32_t, Words>, CellBits> bits;
};

/// What ideal cells of one bitline sum up for one input digit.
template <Index Digit, Index DacBits, std::size_t CellBits, std::size_t Words>
[[nodiscard]] inline std::int32_t sum_levels(const InputBits<Words>& x,
                                             const Bitline<CellBits, Words>& line,
                                             std::size_t lane) {
  std::int32_t sum = 0;
  for (std::size_t a = 0; a < DacBits; ++a)
    for (std::size_t b = 0; b < CellBits; ++b)
      for (std::size_t w = 0; w < Words; ++w)
        sum += std::popcount(x[Digit * DacBits + a][w][lane] & line.bits[b][w]) << (a + b);
  return sum;
}

/// Sum over the digits from Digit on of 2^((digit - Digit) * DacBits) * code<digit>(). Recursion,
/// because compilers vectorise a loop over lanes only when there is no loop over digits inside.
template <Index Digit, Index Digits, Index DacBits, class Code>
[[nodiscard]] inline std::int32_t shift_add(const Code& code) {
  if constexpr (Digit == Digits)
    return 0;
  else
    return code.template operator()<Digit>() +
           (shift_add<Digit + 1, Digits, DacBits>(code) << DacBits);
}

/// sums[filter][lane] += sign * place * sum over digits of 2^(digit * DacBits) * code; with Errors,
/// how far the codes are off instead of the codes.
template <Index Digits, Index DacBits, bool Errors, std::size_t Words, class Line, AdcPolicy Adc>
void activate(const InputBits<Words>& x, std::span<const Line> lines, std::int32_t sign,
              const Adc adc, std::int32_t* sums) {
  for (const Line& shared : lines) {
    const Line line = shared;  // sums can't alias a copy
    const std::int32_t place = sign * line.place;
    std::int32_t* const out = sums + line.filter * kLanes;
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      out[lane] += place * shift_add<0, Digits, DacBits>([&]<Index Digit>() {
                     const std::int32_t sum = sum_levels<Digit, DacBits>(x, line, lane);
                     return adc.code(sum) - (Errors ? sum : 0);
                   });
  }
}

/// Calls f.template operator()<N>() for the even N that n > 0 digits fit in, 2 .. Most. Every N is
/// compiled by itself, and a digit of zeros costs little.
template <Index Most, class F>
void with_digits(Index n, F&& f) {
  if constexpr (Most > 0) {
    if (n > Most - 2) return f.template operator()<Most>();
    with_digits<Most - 2>(n, f);
  }
}

}  // namespace autoprune::simulation::detail
