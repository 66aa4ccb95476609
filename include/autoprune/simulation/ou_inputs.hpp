/// @file ou_inputs.hpp
/// The inputs of one OU activation: what the input registers hold while its digits are driven.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/simulation/encoding.hpp"
#include "autoprune/simulation/real_kernels.hpp"

namespace autoprune::simulation::detail {

/// Inputs of one sign, of `most` wordlines at most.
class OuInputs {
 public:
  explicit OuInputs(Index most)
      : words_(words_for(most)), magnitude_(at(most)), bits_(at(kInputBits * words_)) {}

  /// Magnitudes of the inputs x[row][lane] of these rows that have the given sign; the others count
  /// as zeros.
  void load(const std::int32_t* x, std::span<const std::int32_t> rows, std::int32_t sign) {
    rows_ = static_cast<Index>(rows.size());
    any_.fill(0);
    for (Index r = 0; r < rows_; ++r) {
      InputWord& magnitude = magnitude_[at(r)];
      const std::int32_t* inputs = x + rows[at(r)] * kLanes;
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::int32_t value = sign * inputs[lane];
        magnitude[lane] = static_cast<std::uint32_t>(std::max(0, value));
        any_[lane] |= magnitude[lane];
      }
    }
  }

  /// Digits up to the highest one that isn't zero everywhere.
  [[nodiscard]] Index digits(const hardware::InputCode& encoding) const {
    std::uint32_t all = 0;
    for (const std::uint32_t any : any_) all |= any;
    return ceil_div(static_cast<Index>(std::bit_width(all)), encoding.dac_bits);
  }
  /// Digits, over the first `lanes` vectors, that are not zero on every wordline.
  [[nodiscard]] Index active_digits(const hardware::InputCode& encoding, Index lanes) const {
    Index active = 0;
    for (Index lane = 0; lane < lanes; ++lane)
      for (Index t = 0; t < encoding.digits(); ++t)
        active += encoding.digit(static_cast<std::int32_t>(any_[at(lane)]), t) != 0 ? 1 : 0;
    return active;
  }

  /// What the wordlines carry, all digits but those that are zero everywhere.
  Drive drive(const hardware::InputCode& encoding) {
    std::fill(bits_.begin(), bits_.end(), InputWord{});
    for (Index r = 0; r < rows_; ++r) {
      const InputWord& magnitude = magnitude_[at(r)];
      for (Index bit = 0; bit < kInputBits; ++bit) {
        InputWord& word = bits_[at(bit * words_ + r / 32)];
        for (std::size_t lane = 0; lane < kLanes; ++lane)
          word[lane] |= ((magnitude[lane] >> bit) & 1u) << (r % 32);
      }
    }
    return {bits_.data(), words_, digits(encoding), encoding.dac_bits};
  }

  /// The digits of the magnitudes, wordline after wordline.
  const InputDigits* reals(const hardware::InputCode& encoding) {
    reals_.resize(magnitude_.size());
    for (Index r = 0; r < rows_; ++r)
      for (Index t = 0; t < kInputBits / encoding.dac_bits; ++t)
        for (Index lane = 0; lane < kLanes; ++lane)
          reals_[at(r)][at(t)][at(lane)] = static_cast<float>(
              encoding.digit(static_cast<std::int32_t>(magnitude_[at(r)][at(lane)]), t));
    return reals_.data();
  }

  /// 1 where a digit isn't zero on every wordline, else 0: [digit][lane].
  const InputDigits& driven(const hardware::InputCode& encoding) {
    for (Index t = 0; t < kInputBits / encoding.dac_bits; ++t)
      for (Index lane = 0; lane < kLanes; ++lane)
        driven_[at(t)][at(lane)] =
            encoding.digit(static_cast<std::int32_t>(any_[at(lane)]), t) != 0 ? 1.0F : 0.0F;
    return driven_;
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  Index words_, rows_ = 0;
  InputWord any_{};
  std::vector<InputWord> magnitude_, bits_;
  std::vector<InputDigits> reals_;  // of real cells alone
  InputDigits driven_{};
};

}  // namespace autoprune::simulation::detail
