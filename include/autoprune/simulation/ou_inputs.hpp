/// @file ou_inputs.hpp
/// The inputs of one OU activation: what the input registers hold while its digits are driven.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "autoprune/core/types.hpp"
#include "autoprune/simulation/encoding.hpp"
#include "autoprune/simulation/real_kernels.hpp"

namespace autoprune::simulation::detail {

/// Inputs of one sign, of `Rows` wordlines at most.
template <Index Rows>
class OuInputs {
 public:
  static constexpr Index kWords = ceil_div(Rows, 32);

  /// Magnitudes of the inputs x[row][lane] that have the given sign; the others count as zeros.
  void load(const std::int32_t* x, Index rows, std::int32_t sign) {
    rows_ = rows;
    any_.fill(0);
    for (Index r = 0; r < rows; ++r)
      for (Index lane = 0; lane < kLanes; ++lane) {
        const auto value = static_cast<std::uint32_t>(std::max(0, sign * x[r * kLanes + lane]));
        magnitude_[at(r)][at(lane)] = value;
        any_[at(lane)] |= value;
      }
  }

  /// Digits up to the highest one that isn't zero everywhere.
  [[nodiscard]] Index digits(const InputEncoding& encoding) const {
    std::uint32_t all = 0;
    for (const std::uint32_t any : any_) all |= any;
    return ceil_div(static_cast<Index>(std::bit_width(all)), encoding.dac_bits);
  }
  /// Digits, over the first `lanes` vectors, that are not zero on every wordline.
  [[nodiscard]] Index active_digits(const InputEncoding& encoding, Index lanes) const {
    Index active = 0;
    for (Index lane = 0; lane < lanes; ++lane)
      for (Index t = 0; t < encoding.digits(); ++t)
        active += encoding.digit(static_cast<std::int32_t>(any_[at(lane)]), t) != 0 ? 1 : 0;
    return active;
  }

  /// The bits of the magnitudes, wordlines side by side in words.
  const InputBits<kWords>& bits() {
    for (auto& bit : bits_)
      for (auto& word : bit) word.fill(0);
    for (Index r = 0; r < rows_; ++r)
      for (Index bit = 0; bit < kInputBits; ++bit) {
        auto& word = bits_[at(bit)][at(r / 32)];
        for (Index lane = 0; lane < kLanes; ++lane)
          word[at(lane)] |= ((magnitude_[at(r)][at(lane)] >> bit) & 1u) << (r % 32);
      }
    return bits_;
  }

  /// The digits of the magnitudes: [row][digit][lane].
  const InputDigits* reals(const InputEncoding& encoding) {
    for (Index r = 0; r < rows_; ++r)
      for (Index t = 0; t < kInputBits / encoding.dac_bits; ++t)
        for (Index lane = 0; lane < kLanes; ++lane)
          reals_[at(r)][at(t)][at(lane)] = static_cast<float>(
              encoding.digit(static_cast<std::int32_t>(magnitude_[at(r)][at(lane)]), t));
    return reals_.data();
  }

  /// 1 where a digit isn't zero on every wordline, else 0: [digit][lane].
  const InputDigits& driven(const InputEncoding& encoding) {
    for (Index t = 0; t < kInputBits / encoding.dac_bits; ++t)
      for (Index lane = 0; lane < kLanes; ++lane)
        driven_[at(t)][at(lane)] =
            encoding.digit(static_cast<std::int32_t>(any_[at(lane)]), t) != 0 ? 1.0F : 0.0F;
    return driven_;
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  Index rows_ = 0;
  alignas(64) std::array<std::uint32_t, kLanes> any_{};
  alignas(64) std::array<std::array<std::uint32_t, kLanes>, Rows> magnitude_;
  alignas(64) InputBits<kWords> bits_;
  alignas(64) std::array<InputDigits, Rows> reals_;
  alignas(64) InputDigits driven_;
};

}  // namespace autoprune::simulation::detail
