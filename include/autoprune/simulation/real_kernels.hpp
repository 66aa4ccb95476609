/// @file real_kernels.hpp
/// The inner loops for cells that have conductances of their own.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>

#include "autoprune/core/random.hpp"
#include "autoprune/nn/microkernels.hpp"
#include "autoprune/simulation/ou_kernels.hpp"

namespace autoprune::simulation::detail {

/// Digits of the inputs of one wordline as floats: [digit][lane].
struct alignas(64) InputDigits : std::array<std::array<float, kLanes>, kInputBits> {};

/// Cells that conduct nothing are left out.
struct RealCell {
  std::int32_t row;  ///< within the OU
  float conductance;
};

/// The real cells of a bitline.
struct CellRange {
  std::int32_t first, last;
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

/// One activation of an OU.
struct Read {
  std::uint64_t number;       ///< different for every activation, if its noise has to be
  const InputDigits& driven;  ///< 1, or 0 where a digit is 0 on every wordline and so isn't read
};

/// Gaussian noise of every single read. Draws are sums of two entries of a table of normal
/// quantiles: as fast as a table, and as smooth as 4096 * 4096 values.
class ReadNoise {
 public:
  ReadNoise(double sigma, std::uint64_t seed)
      : sigma_(static_cast<float>(sigma / std::sqrt(2.0))),
        key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)} {}

  [[nodiscard]] bool none() const noexcept { return sigma_ == 0.0F; }

  /// currents[digit][lane] += noise, a function of the seed, the read and the bitline.
  void add(const Read& read, std::uint32_t line, Index digits, InputDigits& currents) const {
    const std::array<float, kEntries>& table = quantiles();
    constexpr Index kDraws = 4;  // of one Philox block
    for (Index first = 0; first < digits; first += kDraws)
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const auto draws = philox(
            {line, static_cast<std::uint32_t>(first * kLanes) + static_cast<std::uint32_t>(lane),
             static_cast<std::uint32_t>(read.number),
             static_cast<std::uint32_t>(read.number >> 32)},
            key_);
        for (Index d = first; d < std::min(digits, first + kDraws); ++d) {
          const std::uint32_t draw = draws[static_cast<std::size_t>(d - first)];
          currents[static_cast<std::size_t>(d)][lane] +=
              sigma_ * read.driven[static_cast<std::size_t>(d)][lane] *
              (table[draw % kEntries] + table[(draw / kEntries) % kEntries]);
        }
      }
  }

 private:
  static constexpr std::size_t kEntries = 4096;

  static const std::array<float, kEntries>& quantiles() {
    static const std::array<float, kEntries> table = make_quantiles();
    return table;
  }

  /// Quantiles of the standard normal distribution at (i + 1/2) / kEntries, scaled to variance 1.
  /// No lambda: those are constexpr, and compilers would spend seconds on evaluating this one.
  static std::array<float, kEntries> make_quantiles() {
    std::array<double, kEntries> exact{};
    double squares = 0.0;
    for (std::size_t i = 0; i < kEntries; ++i) {
      const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(kEntries);
      double low = -8.0, high = 8.0;
      for (int step = 0; step < 50; ++step) {
        const double middle = (low + high) / 2;
        (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
      }
      exact[i] = low;
      squares += low * low;
    }
    std::array<float, kEntries> scaled{};
    for (std::size_t i = 0; i < kEntries; ++i)
      scaled[i] = static_cast<float>(exact[i] / std::sqrt(squares / kEntries));
    return scaled;
  }

  float sigma_;  // of one of two table entries
  std::array<std::uint32_t, 2> key_;
};

/// One activation of the bitlines of an OU, as that of ideal cells. `x` holds the digits of every
/// wordline, `ranges` the cells of every bitline; `line_number` is that of the first bitline among
/// all of the data path.
template <hardware::AdcPolicy Adc>
void activate(const InputDigits* x, const Drive& drive, std::span<const Bitline> lines,
              const CellBits& ideal, std::span<const CellRange> ranges,
              std::span<const RealCell> cells, std::int32_t sign, const Adc adc, bool errors,
              const ReadNoise& noise, const Read& read, std::uint32_t line_number,
              std::int32_t* sums) {
  with_digits<kInputBits>(drive.digits, [&]<Index Digits>() {
    InputDigits currents;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto first = static_cast<std::size_t>(ranges[i].first);
      sum_currents<Digits>(
          x, cells.subspan(first, static_cast<std::size_t>(ranges[i].last) - first), currents);
      if (!noise.none()) noise.add(read, line_number++, Digits, currents);
      alignas(64) std::array<std::int32_t, kLanes> total{};
      for (std::size_t digit = Digits; digit-- > 0;)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
          total[lane] = (total[lane] << drive.dac_bits) + adc.code(currents[digit][lane]);
      add_total(total.data(), lines[i], sign, sums);
    }
  });
  // Codes are told from those of ideal cells and an ideal ADC.
  if (errors) activate(drive, lines, ideal, -sign, hardware::IdealAdc{}, false, sums);
}

}  // namespace autoprune::simulation::detail
