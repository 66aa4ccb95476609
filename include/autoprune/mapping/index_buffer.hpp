/// @file index_buffer.hpp
/// What the data path needs to feed and collect a compacted layer: the row group of every OU and
/// the output column of every kept vector (the slides' Weight Index Buffer; its layout is ours).
/// Bit planes and sign arrays of a layer hold the same vectors, so they share one buffer.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/mapping/bit_stream.hpp"
#include "autoprune/mapping/ou_list.hpp"

namespace autoprune::mapping {

/// Field widths follow from the layer's shape, as bits_for() of what has to be told apart.
enum class IndexEncoding {
  explicit_index,  ///< number of OUs; per OU: row group, filled columns - 1, column of each vector
  bitmap,          ///< per row group: one bit whether it holds anything, and if so one a column
  delta            ///< gaps between kept vectors in (group, column) order, in fields of one width
};

[[nodiscard]] inline std::string_view encoding_name(IndexEncoding encoding) {
  constexpr std::array<std::string_view, 3> names = {"explicit", "bitmap", "delta"};
  return names[static_cast<std::size_t>(encoding)];
}

/// Bits of a layer's (or a network's) index buffer in each encoding.
struct IndexSizes {
  Index explicit_bits = 0, bitmap_bits = 0, delta_bits = 0;

  [[nodiscard]] IndexEncoding smallest() const noexcept {
    if (explicit_bits <= std::min(bitmap_bits, delta_bits)) return IndexEncoding::explicit_index;
    return bitmap_bits <= delta_bits ? IndexEncoding::bitmap : IndexEncoding::delta;
  }
  IndexSizes& operator+=(const IndexSizes& other) noexcept {
    explicit_bits += other.explicit_bits;
    bitmap_bits += other.bitmap_bits;
    delta_bits += other.delta_bits;
    return *this;
  }
  friend bool operator==(const IndexSizes&, const IndexSizes&) = default;
};

namespace detail {

/// Field widths of the explicit encoding.
struct ExplicitWidths {
  Index ous, group, fill, column;
  explicit ExplicitWidths(const OuList& list)
      : ous(bits_for(list.groups() * ceil_div(list.cols(), list.ou_cols()) + 1)),
        group(bits_for(list.groups())),
        fill(bits_for(std::min(list.ou_cols(), list.cols()))),
        column(bits_for(list.cols())) {}
};

/// Calls visit(group, column) for every vector of the list, in order.
template <class Visit>
void for_each_vector(const OuList& list, const Visit& visit) {
  for (Index i = 0; i < list.size(); ++i) {
    const Ou ou = list[i];
    for (const std::int32_t column : ou.columns) visit(ou.row_group, Index{column});
  }
}

/// Calls visit(gap) with the number of pruned vectors before each kept one.
template <class Visit>
void for_each_gap(const OuList& list, const Visit& visit) {
  Index previous = -1;
  for_each_vector(list, [&](Index group, Index column) {
    const Index position = group * list.cols() + column;
    visit(position - previous - 1);
    previous = position;
  });
}

inline constexpr Index kDeltaHeader = 5;  ///< bits that hold the width of the gap fields
inline constexpr Index kMaxDeltaWidth = (1 << kDeltaHeader) - 1;

/// A field of `width` bits holds a gap below this; equal to it, it is the escape: that many pruned
/// vectors and no kept one.
[[nodiscard]] constexpr Index delta_escape(Index width) noexcept { return (Index{1} << width) - 1; }

struct DeltaSize {
  Index width, bits;
};

/// The field width that makes the layer's delta encoding smallest, and its size.
[[nodiscard]] inline DeltaSize best_delta(const OuList& list) {
  std::array<Index, kMaxDeltaWidth + 1> escapes{};
  for_each_gap(list, [&](Index gap) {
    for (Index w = 1; w <= kMaxDeltaWidth && gap >= delta_escape(w); ++w)
      escapes[static_cast<std::size_t>(w)] += gap / delta_escape(w);
  });
  DeltaSize best{1, kDeltaHeader + list.vectors() + escapes[1]};
  for (Index w = 2; w <= kMaxDeltaWidth; ++w) {
    const Index bits = kDeltaHeader + w * (list.vectors() + escapes[static_cast<std::size_t>(w)]);
    if (bits < best.bits) best = {w, bits};
  }
  return best;
}

}  // namespace detail

/// Sizes of the list's index buffer, without building it.
[[nodiscard]] inline IndexSizes index_sizes(const OuList& list) {
  const detail::ExplicitWidths width(list);
  Index filled_groups = 0, previous = -1;
  for (Index i = 0; i < list.size(); ++i) {
    filled_groups += list[i].row_group != previous ? 1 : 0;
    previous = list[i].row_group;
  }
  return {width.ous + list.size() * (width.group + width.fill) + list.vectors() * width.column,
          list.groups() + filled_groups * list.cols(), detail::best_delta(list).bits};
}

/// An OU list in bits. The layer's shape is not in the buffer: the hardware has it elsewhere.
class IndexBuffer {
 public:
  IndexBuffer(const OuList& list, IndexEncoding encoding) : encoding_(encoding) {
    BitWriter out;
    switch (encoding) {
      case IndexEncoding::explicit_index:
        encode_explicit(list, out);
        break;
      case IndexEncoding::bitmap:
        encode_bitmap(list, out);
        break;
      case IndexEncoding::delta:
        encode_delta(list, out);
        break;
    }
    bits_ = out.bits();
    words_ = out.take_words();
  }

  /// A buffer that was stored. Throws corrupt_index when `words` don't hold `bits` bits.
  IndexBuffer(IndexEncoding encoding, Index bits, std::vector<std::uint64_t> words)
      : encoding_(encoding), bits_(bits), words_(std::move(words)) {
    if (bits < 0 || ceil_div(bits, 64) != static_cast<Index>(words_.size()))
      fail(ErrorId::corrupt_index, "index buffer of ", bits, " bits in ", words_.size(),
           " words of 64; build it again from the mask");
  }

  [[nodiscard]] IndexEncoding encoding() const noexcept { return encoding_; }
  [[nodiscard]] Index bits() const noexcept { return bits_; }
  [[nodiscard]] const std::vector<std::uint64_t>& words() const noexcept { return words_; }

  friend bool operator==(const IndexBuffer&, const IndexBuffer&) = default;

  /// The OU list of a layer of R x C in row groups of `granularity` and OUs of `ou_cols` columns.
  /// Throws corrupt_index when the bits are no such list, out_of_range for an impossible layer.
  [[nodiscard]] OuList decode(Index rows, Index cols, Index granularity, Index ou_cols) const {
    OuList list(rows, cols, granularity, ou_cols);
    BitReader in(words_, bits_);
    switch (encoding_) {
      case IndexEncoding::explicit_index:
        decode_explicit(in, list);
        break;
      case IndexEncoding::bitmap:
        decode_bitmap(in, list);
        break;
      case IndexEncoding::delta:
        decode_delta(in, list);
        break;
    }
    // Whatever else is wrong (cut OUs, empty groups, bits left over) shows in what these would be.
    require(IndexBuffer(list, encoding_) == *this, list,
            "its bits are not those of what they hold");
    return list;
  }

 private:
  static constexpr Index kChunk = 32;  ///< columns of a bitmap written at once

  void require(bool holds, const OuList& list, std::string_view what) const {
    if (!holds)
      fail(ErrorId::corrupt_index, "index buffer (", encoding_name(encoding_), ", ", bits_,
           " bits) of a ", list.rows(), 'x', list.cols(), " layer: ", what,
           "; build it again from the mask");
  }

  static void encode_explicit(const OuList& list, BitWriter& out) {
    const detail::ExplicitWidths width(list);
    out.put(static_cast<std::uint64_t>(list.size()), width.ous);
    for (Index i = 0; i < list.size(); ++i) {
      const Ou ou = list[i];
      out.put(static_cast<std::uint64_t>(ou.row_group), width.group);
      out.put(static_cast<std::uint64_t>(ou.n_cols() - 1), width.fill);
      for (const std::int32_t column : ou.columns)
        out.put(static_cast<std::uint64_t>(column), width.column);
    }
  }

  void decode_explicit(BitReader& in, OuList& list) const {
    const detail::ExplicitWidths width(list);
    const Index ous = in.get(width.ous);
    Index previous = -1;
    for (Index i = 0; i < ous; ++i) {
      const Index group = in.get(width.group);
      const Index n_cols = in.get(width.fill) + 1;
      require(group < list.groups(), list, "a row group is out of range");
      for (Index j = 0; j < n_cols; ++j) {
        const Index column = in.get(width.column);
        const Index position = group * list.cols() + column;
        require(column < list.cols() && position > previous, list,
                "its columns don't ascend within the layer");
        list.add(group, column);
        previous = position;
      }
    }
  }

  static void encode_bitmap(const OuList& list, BitWriter& out) {
    Index i = 0;
    for (Index g = 0; g < list.groups(); ++g) {
      const Index first = i;
      while (i < list.size() && list[i].row_group == g) ++i;
      out.put(i > first ? 1 : 0, 1);
      if (i == first) continue;
      const std::int32_t* column = list[first].columns.data();
      const std::int32_t* const end = &list[i - 1].columns.back() + 1;
      for (Index base = 0; base < list.cols(); base += kChunk) {
        std::uint64_t chunk = 0;
        for (; column != end && *column < base + kChunk; ++column)
          chunk |= std::uint64_t{1} << (*column - base);
        out.put(chunk, std::min(kChunk, list.cols() - base));
      }
    }
  }

  void decode_bitmap(BitReader& in, OuList& list) const {
    for (Index g = 0; g < list.groups(); ++g) {
      if (in.get(1) == 0) continue;
      for (Index base = 0; base < list.cols(); base += kChunk) {
        auto chunk = static_cast<std::uint64_t>(in.get(std::min(kChunk, list.cols() - base)));
        for (; chunk != 0; chunk &= chunk - 1) list.add(g, base + std::countr_zero(chunk));
      }
    }
  }

  static void encode_delta(const OuList& list, BitWriter& out) {
    const Index width = detail::best_delta(list).width;
    const Index escape = detail::delta_escape(width);
    out.put(static_cast<std::uint64_t>(width), detail::kDeltaHeader);
    detail::for_each_gap(list, [&](Index gap) {
      for (; gap >= escape; gap -= escape) out.put(static_cast<std::uint64_t>(escape), width);
      out.put(static_cast<std::uint64_t>(gap), width);
    });
  }

  void decode_delta(BitReader& in, OuList& list) const {
    const Index width = in.get(detail::kDeltaHeader);
    require(width > 0, list, "gap fields have no bits");
    const Index escape = detail::delta_escape(width);
    Index group = 0, column = 0;  // of the next vector, should its gap be 0
    while (in.remaining() > 0) {
      const Index gap = in.get(width);
      column += gap;
      if (column >= list.cols()) {
        group += column / list.cols();
        column %= list.cols();
      }
      require(group < list.groups(), list, "a gap leads out of the layer");
      if (gap != escape) list.add(group, column++);
    }
  }

  IndexEncoding encoding_;
  Index bits_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace autoprune::mapping
