/// @file ou_kernels.hpp
/// The inner loops of the data path. Thirty-two input vectors lie side by side, so that what one
/// bitline does with an input digit is an AND and a population count for all of them at once.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>

#include "autoprune/core/types.hpp"
#include "autoprune/hardware/adcs.hpp"
#include "autoprune/nn/activation.hpp"

namespace autoprune::simulation::detail {

using nn::kLanes;

/// Input magnitudes have at most this many bits.
inline constexpr Index kInputBits = 8;

/// Bits of 32 wordlines' inputs, a word a vector.
struct alignas(64) InputWord : std::array<std::uint32_t, kLanes> {};

/// What the wordlines of an OU carry, digit after digit.
struct Drive {
  const InputWord* bits;  ///< [input bit][word of 32 wordlines]
  Index words;
  Index digits, dac_bits;
};

/// A bitline of an OU: which filter it belongs to, and what its codes count.
struct Bitline {
  std::int32_t filter;
  std::int32_t place;  ///< sign * 2^shift of its array
};

/// Bits of the levels of a bitline's cells, [bit][word of 32 wordlines], `cell_bits` of them.
struct CellBits {
  const std::uint32_t* words;
  Index cell_bits;
};

/// What ideal cells of one bitline sum up for one input digit, for each vector.
[[nodiscard]] inline std::array<std::int32_t, kLanes> sum_levels(const Drive& x, Index digit,
                                                                 const CellBits& cells) {
  std::array<std::int32_t, kLanes> sum{};
  const InputWord* in = x.bits + digit * x.dac_bits * x.words;
  for (Index a = 0; a < x.dac_bits; ++a, in += x.words)
    for (Index b = 0; b < cells.cell_bits; ++b)
      for (Index w = 0; w < x.words; ++w) {
        const std::uint32_t* const word = in[w].data();
        const std::uint32_t cell = cells.words[b * x.words + w];
        for (std::size_t lane = 0; lane < kLanes; ++lane)
          sum[lane] += std::popcount(word[lane] & cell) << (a + b);
      }
  return sum;
}

/// The same of usual OUs, one input vector.
template <Index Digit, Index DacBits, std::size_t Words, std::size_t Bits>
[[nodiscard]] inline std::int32_t sum_words(const InputWord* x,
                                            const std::array<std::uint32_t, Words * Bits>& cell,
                                            std::size_t lane) {
  std::int32_t sum = 0;
  for (std::size_t a = 0; a < DacBits; ++a)
    for (std::size_t b = 0; b < Bits; ++b)
      for (std::size_t w = 0; w < Words; ++w)
        sum += std::popcount(x[(Digit * DacBits + a) * Words + w][lane] & cell[b * Words + w])
               << (a + b);
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

/// sums[filter][lane] += sign * place * total[lane]
inline void add_total(const std::int32_t* total, const Bitline& line, std::int32_t sign,
                      std::int32_t* sums) {
  const std::int32_t place = sign * line.place;
  std::int32_t* const out = sums + line.filter * kLanes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) out[lane] += place * total[lane];
}

template <std::size_t Words, std::size_t Bits, Index DacBits, Index Digits, bool Errors,
          hardware::AdcPolicy Adc>
void activate_words(const InputWord* x, std::span<const Bitline> lines, const std::uint32_t* cells,
                    std::int32_t sign, const Adc adc, std::int32_t* sums) {
  for (const Bitline& line : lines) {
    std::array<std::uint32_t, Words * Bits> cell;  // sums can't alias a copy
    for (std::size_t i = 0; i < cell.size(); ++i) cell[i] = cells[i];
    const std::int32_t place = sign * line.place;
    std::int32_t* const out = sums + line.filter * kLanes;
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      out[lane] += place * shift_add<0, Digits, DacBits>([&]<Index Digit>() {
                     const std::int32_t sum = sum_words<Digit, DacBits, Words, Bits>(x, cell, lane);
                     return adc.code(sum) - (Errors ? sum : 0);
                   });
    cells += Words * Bits;
  }
}

/// Calls f.template operator()<N>() for the N of the list that equals n; false if none does.
template <std::size_t... N, class F>
bool with_one_of(Index n, const F& f) {
  return (... || (n == static_cast<Index>(N) && (f.template operator()<N>(), true)));
}

/// Calls f.template operator()<N>() for the even N that n digits fit in, 2 .. Most. Every N is
/// compiled by itself, and a digit of zeros costs little.
template <Index Most, class F>
void with_digits(Index n, const F& f) {
  if constexpr (Most > 0) {
    if (n > Most - 2) return f.template operator()<Most>();
    with_digits<Most - 2>(n, f);
  }
}

/// Words for the wordlines of an OU: as many as some kernel takes, where that is one more.
[[nodiscard]] constexpr Index words_for(Index rows) noexcept {
  const Index words = ceil_div(rows, 32);
  return words == 3 ? 4 : words;
}

/// One activation of the bitlines of an OU: sums[filter][lane] += sign * place * sum over digits of
/// 2^(digit * dac_bits) * code; with `errors`, how far the codes are off instead of the codes.
/// Usual OUs have a kernel of their own.
template <hardware::AdcPolicy Adc>
void activate(const Drive& x, std::span<const Bitline> lines, CellBits cells, std::int32_t sign,
              const Adc adc, bool errors, std::int32_t* sums) {
  const auto usual = [&]<std::size_t Words, Index DacBits>() {
    return with_one_of<1, 2, 4>(cells.cell_bits, [&]<std::size_t Bits>() {
      with_digits<kInputBits / DacBits>(x.digits, [&]<Index Digits>() {
        const auto run = [&]<bool Errors>() {
          activate_words<Words, Bits, DacBits, Digits, Errors>(x.bits, lines, cells.words, sign,
                                                               adc, sums);
        };
        errors ? run.template operator()<true>() : run.template operator()<false>();
      });
    });
  };
  if (x.digits == 0) return;
  if (x.dac_bits == 1 && x.words == 1 && usual.template operator()<1, 1>()) return;
  if (x.dac_bits == 1 && x.words == 2 && usual.template operator()<2, 1>()) return;
  if (x.dac_bits == 1 && x.words == 4 && usual.template operator()<4, 1>()) return;
  if (x.dac_bits == 2 && x.words == 1 && usual.template operator()<1, 2>()) return;
  if (x.dac_bits == 4 && x.words == 1 && usual.template operator()<1, 4>()) return;
  const std::int32_t off = errors ? -1 : 0;
  const auto [bits, words, digits, dac_bits] = x;
  for (const Bitline& line : lines) {
    alignas(64) std::array<std::int32_t, kLanes> total{};
    for (Index digit = digits - 1; digit >= 0; --digit) {
      const std::array<std::int32_t, kLanes> sum =
          sum_levels({bits, words, digits, dac_bits}, digit, cells);
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        total[lane] = (total[lane] << dac_bits) + adc.code(sum[lane]) - (sum[lane] & off);
    }
    add_total(total.data(), line, sign, sums);
    cells.words += cells.cell_bits * x.words;
  }
}

}  // namespace autoprune::simulation::detail
