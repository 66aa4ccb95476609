/// @file bit_stream.hpp
/// Fields of any width, one after another in 64-bit words, least significant bit first.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::mapping {

class BitWriter {
 public:
  /// Appends the low `width` bits of `value`, whose other bits are zero; width in [0, 32].
  void put(std::uint64_t value, Index width) {
    const Index offset = bits_ % 64;
    if (offset == 0 && width > 0) words_.push_back(0);
    if (width > 0) words_.back() |= value << offset;
    if (offset + width > 64) words_.push_back(value >> (64 - offset));
    bits_ += width;
  }

  [[nodiscard]] Index bits() const noexcept { return bits_; }
  [[nodiscard]] std::vector<std::uint64_t> take_words() noexcept { return std::move(words_); }

 private:
  std::vector<std::uint64_t> words_;
  Index bits_ = 0;
};

/// Reads what a BitWriter wrote. Throws corrupt_index instead of reading past the end.
class BitReader {
 public:
  BitReader(std::span<const std::uint64_t> words, Index bits) : words_(words), bits_(bits) {}

  /// The next field of `width` bits, width in [0, 32].
  [[nodiscard]] Index get(Index width) {
    if (width > remaining())
      fail(ErrorId::corrupt_index, "index buffer of ", bits_, " bits ends inside a field at bit ",
           position_, "; build it again from the mask");
    if (width == 0) return 0;
    const auto word = static_cast<std::size_t>(position_ / 64);
    const Index offset = position_ % 64;
    std::uint64_t value = words_[word] >> offset;
    if (offset + width > 64) value |= words_[word + 1] << (64 - offset);
    position_ += width;
    return static_cast<Index>(value & ((std::uint64_t{1} << width) - 1));
  }

  [[nodiscard]] Index remaining() const noexcept { return bits_ - position_; }

 private:
  std::span<const std::uint64_t> words_;
  Index bits_, position_ = 0;
};

}  // namespace autoprune::mapping
