/// @file index_buffer.hpp
/// What the data path needs to feed and collect a compacted layer: the inputs of every OU and the
/// filter of every bitline (the slides' Weight Index Buffer; its codes are ours). Bit planes and
/// sign arrays of a layer hold the same OUs, so they share one buffer.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/bit_stream.hpp"
#include "autoprune/mapping/index/bitmap_code.hpp"
#include "autoprune/mapping/index/delta_code.hpp"
#include "autoprune/mapping/index/explicit_code.hpp"
#include "autoprune/mapping/index/list_code.hpp"
#include "autoprune/mapping/ou_list.hpp"

namespace autoprune::mapping {

/// Codes that any method's OUs may be written in. Field widths follow from the layer's shape. Rows
/// that don't follow from the number of a row group are named after the filters, each set of rows
/// in the shortest form of an ascending list.
enum class IndexCode {
  explicit_index,  ///< index/explicit_code.hpp
  bitmap,          ///< index/bitmap_code.hpp
  delta,           ///< index/delta_code.hpp
  lists            ///< index/list_code.hpp
};

inline constexpr std::array<IndexCode, 4> kIndexCodes = {
    IndexCode::explicit_index, IndexCode::bitmap, IndexCode::delta, IndexCode::lists};

[[nodiscard]] inline std::string_view index_code_name(IndexCode code) {
  constexpr std::array<std::string_view, 4> names = {"explicit", "bitmap", "delta", "lists"};
  return names[static_cast<std::size_t>(code)];
}

/// Bits of a layer's (or a network's) index buffer in each code.
struct IndexSizes {
  std::array<Index, kIndexCodes.size()> bits{};

  [[nodiscard]] Index operator[](IndexCode code) const noexcept {
    return bits[static_cast<std::size_t>(code)];
  }
  [[nodiscard]] IndexCode smallest() const noexcept {
    return static_cast<IndexCode>(std::min_element(bits.begin(), bits.end()) - bits.begin());
  }
  IndexSizes& operator+=(const IndexSizes& other) noexcept {
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] += other.bits[i];
    return *this;
  }
  friend bool operator==(const IndexSizes&, const IndexSizes&) = default;
};

/// Sizes of the list's index buffer, without building it.
[[nodiscard]] inline IndexSizes index_sizes(const OuList& list) {
  const std::vector<detail::RowSetView> sets = detail::row_sets(list);
  const OuShape& shape = list.shape();
  const Index rows = detail::row_bits(sets, shape);
  return {{detail::ExplicitCode::bits(sets, shape) + rows,
           detail::BitmapCode::bits(sets, shape) + rows,
           detail::DeltaCode::bits(sets, shape) + rows, detail::ListCode::bits(list)}};
}

/// An OU list in bits. The layer's shape is not in the buffer: the hardware has it elsewhere.
class IndexBuffer {
 public:
  IndexBuffer(const OuList& list, IndexCode code) : code_(code) {
    BitWriter out;
    const std::vector<detail::RowSetView> sets = detail::row_sets(list);
    switch (code) {
      case IndexCode::explicit_index:
        detail::ExplicitCode::encode(out, sets, list.shape());
        break;
      case IndexCode::bitmap:
        detail::BitmapCode::encode(out, sets, list.shape());
        break;
      case IndexCode::delta:
        detail::DeltaCode::encode(out, sets, list.shape());
        break;
      case IndexCode::lists:
        detail::ListCode::encode(out, list);
        break;
    }
    if (code != IndexCode::lists) detail::put_rows(out, sets, list.shape());
    bits_ = out.bits();
    words_ = out.take_words();
  }

  /// A buffer that was stored. Throws corrupt_index when `words` don't hold `bits` bits.
  IndexBuffer(IndexCode code, Index bits, std::vector<std::uint64_t> words)
      : code_(code), bits_(bits), words_(std::move(words)) {
    if (bits < 0 || ceil_div(bits, 64) != static_cast<Index>(words_.size()))
      detail::fail_index(bits, " bits in ", words_.size(), " words of 64");
  }

  [[nodiscard]] IndexCode code() const noexcept { return code_; }
  [[nodiscard]] Index bits() const noexcept { return bits_; }
  [[nodiscard]] const std::vector<std::uint64_t>& words() const noexcept { return words_; }

  friend bool operator==(const IndexBuffer&, const IndexBuffer&) = default;

  /// The OUs of a layer of this shape, without their places, which follow from the order. Throws
  /// corrupt_index when the bits are no such layer's, out_of_range for an impossible layer.
  [[nodiscard]] OuList decode(const OuShape& shape) const {
    OuList list(shape);
    BitReader in(words_, bits_);
    switch (code_) {
      case IndexCode::explicit_index:
        detail::get_rows(in, detail::ExplicitCode::decode(in, shape), list);
        break;
      case IndexCode::bitmap:
        detail::get_rows(in, detail::BitmapCode::decode(in, shape), list);
        break;
      case IndexCode::delta:
        detail::get_rows(in, detail::DeltaCode::decode(in, shape), list);
        break;
      case IndexCode::lists:
        detail::ListCode::decode(in, list);
        break;
    }
    // Whatever else is wrong (cut OUs, a longer form, bits left over) shows in what these would be.
    if (IndexBuffer(list, code_) != *this)
      detail::fail_index(bits_, " bits (", index_code_name(code_), ") of a ", shape.rows, 'x',
                         shape.cols, " layer are not those of what they hold");
    return list;
  }

 private:
  IndexCode code_;
  Index bits_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace autoprune::mapping
