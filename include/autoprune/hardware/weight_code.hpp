/// @file weight_code.hpp
/// How one weight becomes cells.
#pragma once

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/core/words.hpp"

namespace autoprune::hardware {

/// Where the slices (cell_bits each) of a weight's bits sit.
enum class BitPlanes {
  apart,    ///< each slice in crossbars of its own (MNSIM-2.0)
  adjacent  ///< in neighbouring bitlines of one crossbar
};

[[nodiscard]] constexpr auto words_of(BitPlanes) {
  using enum BitPlanes;
  return std::to_array<Word<BitPlanes>>({{apart, "apart"}, {adjacent, "adjacent"}});
}

/// How a crossbar, whose cells can't be negative, holds signed weights.
enum class SignEncoding {
  pair,   ///< positive and negative parts in two crossbars (MNSIM-2.0)
  offset  ///< w + 2^weight_bits in one crossbar, which takes one bit more
};

[[nodiscard]] constexpr auto words_of(SignEncoding) {
  using enum SignEncoding;
  return std::to_array<Word<SignEncoding>>({{pair, "pair"}, {offset, "offset"}});
}

struct WeightCode {
  Index weight_bits = 8;  ///< magnitude bits of a weight, 1 to 16; the sign comes on top
  BitPlanes layout = BitPlanes::apart;
  SignEncoding sign = SignEncoding::pair;

  /// Throws out_of_range.
  void validate() const {
    if (weight_bits < 1 || weight_bits > 16)
      fail(ErrorId::out_of_range, "weight_bits = ", weight_bits, "; 1 to 16 can be mapped");
  }

  /// Cells that hold one weight in one sign array.
  [[nodiscard]] Index slices(Index cell_bits) const noexcept {
    return ceil_div(weight_bits + (sign == SignEncoding::offset ? 1 : 0), cell_bits);
  }
  [[nodiscard]] Index sign_arrays() const noexcept { return sign == SignEncoding::pair ? 2 : 1; }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays(Index cell_bits) const noexcept {
    return sign_arrays() * (layout == BitPlanes::apart ? slices(cell_bits) : 1);
  }
  /// Cells of a weight beside one another in one array.
  [[nodiscard]] Index bitlines_per_weight(Index cell_bits) const noexcept {
    return layout == BitPlanes::adjacent ? slices(cell_bits) : 1;
  }

  friend bool operator==(const WeightCode&, const WeightCode&) = default;
};

}  // namespace autoprune::hardware
