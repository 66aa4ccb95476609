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
#include "autoprune/nn/activation.hpp"
#include "autoprune/simulation/adc.hpp"

namespace autoprune::simulation::detail {

using nn::kLanes;

/// Input magnitudes have at most this many bits.
inline constexpr Index kInputBits = 8;

/// One number of each input vector.
struct alignas(64) Lanes : std::array<std::int32_t, kLanes> {};
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

/// What ideal cells of one bitline sum up for one input digit.
[[nodiscard]] inline Lanes sum_levels(const Drive& x, Index digit, const CellBits& cells) {
  Lanes sum{};
  for (Index a = 0; a < x.dac_bits; ++a)
    for (Index b = 0; b < cells.cell_bits; ++b)
      for (Index w = 0; w < x.words; ++w) {
        const InputWord& in = x.bits[(digit * x.dac_bits + a) * x.words + w];
        const std::uint32_t cell = cells.words[b * x.words + w];
        for (std::size_t lane = 0; lane < kLanes; ++lane)
          sum[lane] += std::popcount(in[lane] & cell) << (a + b);
      }
  return sum;
}

/// The same for OUs of up to 32 rows, one input vector; no loop, because compilers vectorise those
/// over input vectors only when there is none inside.
template <std::size_t DacBits, std::size_t CellBits>
[[nodiscard]] inline std::int32_t sum_word(const InputWord* in,
                                           const std::array<std::uint32_t, CellBits>& cell,
                                           std::size_t lane) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (... + (std::popcount(in[I / CellBits][lane] & cell[I % CellBits])
                   << (I / CellBits + I % CellBits)));
  }
  (std::make_index_sequence<DacBits * CellBits>());
}

/// sums[filter][lane] += sign * place * sum over digits of 2^(digit * dac_bits) * code; with
/// `errors`, how far the codes are off instead of the codes. `codes(digit, cells, total)` makes
/// total = 2^dac_bits * total + that for a bitline's digit.
template <class Codes>
void add_codes(const Drive& x, std::span<const Bitline> lines, CellBits cells, std::int32_t sign,
               std::int32_t* sums, const Codes& codes) {
  for (const Bitline& line : lines) {
    Lanes total{};
    for (Index digit = x.digits - 1; digit >= 0; --digit) codes(digit, cells, total);
    const std::int32_t place = sign * line.place;
    std::int32_t* const out = sums + line.filter * kLanes;
    for (std::size_t lane = 0; lane < kLanes; ++lane) out[lane] += place * total[lane];
    cells.words += cells.cell_bits * x.words;
  }
}

template <std::size_t DacBits, std::size_t Bits, AdcPolicy Adc>
void activate_word(const Drive& x, std::span<const Bitline> lines, const CellBits& first,
                   std::int32_t sign, const Adc adc, bool errors, std::int32_t* sums) {
  const std::int32_t off = errors ? -1 : 0;  // all bits, or none
  add_codes(x, lines, first, sign, sums, [&](Index digit, const CellBits& cells, Lanes& total) {
    std::array<std::uint32_t, Bits> cell;
    for (std::size_t b = 0; b < Bits; ++b) cell[b] = cells.words[b];
    const InputWord* const in = x.bits + digit * static_cast<Index>(DacBits);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::int32_t sum = sum_word<DacBits>(in, cell, lane);
      total[lane] = (total[lane] << DacBits) + adc.code(sum) - (sum & off);
    }
  });
}

/// One activation of the bitlines of an OU. Usual OUs have a kernel of their own.
template <AdcPolicy Adc>
void activate(const Drive& x, std::span<const Bitline> lines, const CellBits& first,
              std::int32_t sign, const Adc adc, bool errors, std::int32_t* sums) {
  if (x.words == 1) {
    const auto with_cells = [&]<std::size_t DacBits>() {
      const auto run = [&]<std::size_t Bits>() {
        activate_word<DacBits, Bits>(x, lines, first, sign, adc, errors, sums);
        return true;
      };
      if (first.cell_bits == 1) return run.template operator()<1>();
      if (first.cell_bits == 2) return run.template operator()<2>();
      if (first.cell_bits == 4) return run.template operator()<4>();
      return false;
    };
    if (x.dac_bits == 1 && with_cells.template operator()<1>()) return;
    if (x.dac_bits == 2 && with_cells.template operator()<2>()) return;
    if (x.dac_bits == 4 && with_cells.template operator()<4>()) return;
  }
  const std::int32_t off = errors ? -1 : 0;
  add_codes(x, lines, first, sign, sums, [&](Index digit, const CellBits& cells, Lanes& total) {
    const Lanes sum = sum_levels(x, digit, cells);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      total[lane] = (total[lane] << x.dac_bits) + adc.code(sum[lane]) - (sum[lane] & off);
  });
}

}  // namespace autoprune::simulation::detail
