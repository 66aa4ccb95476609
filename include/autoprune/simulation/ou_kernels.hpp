/// @file ou_kernels.hpp
/// The inner loops of the data path. Thirty-two input vectors lie side by side, so that what one
/// bitline does with an input digit is an AND and a population count for all of them at once.
#pragma once

#include <Eigen/Core>
#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/microkernels.hpp"
#include "autoprune/simulation/adc.hpp"

namespace autoprune::simulation::detail {

using nn::kLanes;

/// Input magnitudes have at most this many bits.
inline constexpr Index kInputBits = 8;

/// Bits of the inputs of one OU: [bit][word of 32 rows][lane].
template <Index Words>
using InputBits = std::array<std::array<std::array<std::uint32_t, kLanes>, Words>, kInputBits>;

/// Cells of one bitline of one OU: bits of their levels, [bit][word of 32 rows].
template <Index CellBits, Index Words>
struct Bitline {
  std::int32_t filter;
  std::int32_t place;  ///< sign * 2^shift of its array
  std::array<std::array<std::uint32_t, Words>, CellBits> bits;
};

/// What an OU's bitline sums up for one input digit, then what its ADC makes of it: the code, or,
/// with Errors, how far the code is off.
template <Index DacBits, bool Errors, Index CellBits, Index Words, AdcPolicy Adc>
[[nodiscard]] inline std::int32_t convert(const InputBits<Words>& x,
                                          const Bitline<CellBits, Words>& line, Index digit,
                                          Index lane, const Adc& adc) {
  std::int32_t count = 0;
  for (Index a = 0; a < DacBits; ++a)
    for (Index b = 0; b < CellBits; ++b)
      for (Index w = 0; w < Words; ++w)
        count += std::popcount(x[static_cast<std::size_t>(digit * DacBits + a)]
                                [static_cast<std::size_t>(w)][static_cast<std::size_t>(lane)] &
                               line.bits[static_cast<std::size_t>(b)][static_cast<std::size_t>(w)])
                 << (a + b);
  return adc.code(count) - (Errors ? count : 0);
}

/// sums[filter][lane] += sign * place * sum over digits of 2^(digit * DacBits) * code.
template <Index Digits, Index DacBits, bool Errors, Index CellBits, Index Words, AdcPolicy Adc>
void activate(const InputBits<Words>& x, std::span<const Bitline<CellBits, Words>> lines,
              std::int32_t sign, const Adc& adc, std::int32_t* sums) {
  for (const Bitline<CellBits, Words>& shared : lines) {
    const Bitline<CellBits, Words> line = shared;  // sums can't alias a copy
    const std::int32_t place = sign * line.place;
    std::int32_t* const out = sums + line.filter * kLanes;
    for (Index lane = 0; lane < kLanes; ++lane) {
      std::int32_t total = 0;
      for (Index digit = Digits - 1; digit >= 0; --digit)
        total = (total << DacBits) +
                convert<DacBits, Errors, CellBits, Words>(x, line, digit, lane, adc);
      out[lane] += place * total;
    }
  }
}

/// Calls f.template operator()<N>() for n = N in 1 .. Most.
template <Index Most, class F>
void with_constant(Index n, F&& f) {
  if constexpr (Most > 0) {
    if (n == Most) return f.template operator()<Most>();
    with_constant<Most - 1>(n, f);
  }
}

/// Digits of the inputs of one OU as floats: [row][digit][lane].
using InputDigits = std::array<std::array<float, kLanes>, kInputBits>;

/// A bitline of cells with conductances of their own; cells that conduct nothing are left out.
struct RealBitline {
  std::int32_t filter;
  std::int32_t place;
  std::int32_t first, last;  ///< into the cells
};
struct RealCell {
  std::int32_t row;  ///< within the OU
  float conductance;
};

/// out[digit][lane] = sum over cells of conductance * input digit.
template <Index Digits>
void sum_currents(const InputDigits* x, std::span<const RealCell> cells, InputDigits& out) {
  namespace ei = Eigen::internal;
  using nn::detail::kPacket;
  using nn::detail::Packet;
  constexpr Index kStep = 2 * kPacket;
  for (Index lane = 0; lane < kLanes; lane += kStep) {
    Packet sum[Digits][2];
    for (auto& s : sum) s[0] = s[1] = ei::pset1<Packet>(0.0F);
    for (const RealCell& cell : cells) {
      const Packet g = ei::pset1<Packet>(cell.conductance);
      const float* in = x[cell.row][0].data() + lane;
      for (Index d = 0; d < Digits; ++d)
        for (Index j = 0; j < 2; ++j)
          sum[d][j] = ei::pmadd(g, ei::pload<Packet>(in + d * kLanes + j * kPacket), sum[d][j]);
    }
    for (Index d = 0; d < Digits; ++d)
      for (Index j = 0; j < 2; ++j)
        ei::pstore(out[static_cast<std::size_t>(d)].data() + lane + j * kPacket, sum[d][j]);
  }
}

}  // namespace autoprune::simulation::detail
