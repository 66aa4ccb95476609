/// @file random.hpp
/// Counter-based random numbers: a value is a function of (seed, stream, position) alone, so
/// results don't depend on thread count, call order or the standard library. The generator is
/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"

namespace autoprune {

/// The Philox4x32-10 block function.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                            std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

/// A stream of random numbers. Two streams with different (seed, stream) are independent; a
/// stream's whole state is its position, which a checkpoint stores as one number.
class Random {
 public:
  using result_type = std::uint32_t;

  explicit Random(std::uint64_t seed, std::uint64_t stream = 0, std::uint64_t position = 0)
      : seed_(seed), stream_(stream), position_(position) {}

  [[nodiscard]] static constexpr result_type min() { return 0; }
  [[nodiscard]] static constexpr result_type max() { return 0xFFFFFFFFu; }

  /// Uniform 32-bit integer.
  result_type operator()() {
    const std::uint64_t block = position_ / 4;
    if (block != cached_block_) {
      cache_ =
          philox({low(block), high(block), low(stream_), high(stream_)}, {low(seed_), high(seed_)});
      cached_block_ = block;
    }
    return cache_[position_++ % 4];
  }

  /// Uniform in [0, 1) with 24 random bits.
  double uniform() { return static_cast<double>((*this)() >> 8) * 0x1p-24; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform integer in [0, n), n in [1, 2^32]; the bias of the multiplication is below n / 2^32.
  Index below(Index n) {
    return static_cast<Index>((std::uint64_t{(*this)()} * static_cast<std::uint64_t>(n)) >> 32);
  }

  /// Standard normal (Box-Muller; two draws a number, so the position stays simple).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

  /// 0 .. n-1 in random order (Fisher-Yates).
  [[nodiscard]] std::vector<Index> permutation(Index n) {
    std::vector<Index> order(static_cast<std::size_t>(n));
    for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
    for (Index i = n - 1; i > 0; --i)
      std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(below(i + 1))]);
    return order;
  }

  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

 private:
  static constexpr std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
  static constexpr std::uint32_t high(std::uint64_t v) {
    return static_cast<std::uint32_t>(v >> 32);
  }

  std::uint64_t seed_, stream_, position_;
  std::uint64_t cached_block_ = ~std::uint64_t{0};
  std::array<std::uint32_t, 4> cache_{};
};

}  // namespace autoprune
