/// @file routed_index.hpp
/// The index buffer of a routed layer: the inputs of every OU and the filters of its bitlines, each
/// list in the shortest of a few forms.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/bit_stream.hpp"
#include "autoprune/mapping/routed_layer.hpp"

namespace autoprune::mapping {

namespace detail {

/// Forms of an ascending list of indices below `limit`, with at most `longest` entries.
enum class ListForm : std::uint8_t {
  repeat,  ///< the list of the OU before
  run,     ///< first and length of consecutive indices
  gaps,    ///< length, width of the gap fields, first, gaps - 1
};
inline constexpr Index kFormBits = 2, kGapWidthBits = 5;

/// What both sides know of a list, and the field widths that follow.
struct ListWidths {
  Index limit, longest, index, length;
  ListWidths(Index limit_, Index longest_)
      : limit(limit_), longest(longest_), index(bits_for(limit)), length(bits_for(longest)) {}
};

/// Bits of the widest gap between neighbours, less one.
[[nodiscard]] inline Index gap_width(std::span<const std::int32_t> list) {
  Index widest = 0;
  for (std::size_t i = 1; i < list.size(); ++i)
    widest = std::max<Index>(widest, list[i] - list[i - 1] - 1);
  return bits_for(widest + 1);
}

inline void put_list(BitWriter& out, std::span<const std::int32_t> list,
                     std::span<const std::int32_t> before, const ListWidths& width) {
  const auto put = [&](Index value, Index bits) {
    out.put(static_cast<std::uint64_t>(value), bits);
  };
  if (std::ranges::equal(list, before)) return put(static_cast<Index>(ListForm::repeat), kFormBits);
  const Index gap = gap_width(list);
  put(static_cast<Index>(gap == 0 ? ListForm::run : ListForm::gaps), kFormBits);
  put(static_cast<Index>(list.size()) - 1, width.length);
  put(list.front(), width.index);
  if (gap == 0) return;
  put(gap, kGapWidthBits);
  for (std::size_t i = 1; i < list.size(); ++i) put(list[i] - list[i - 1] - 1, gap);
}

template <class... Parts>
[[noreturn]] void fail_list(const Parts&... parts) {
  fail(ErrorId::corrupt_index, "routed index: ", parts..., "; build it again from the mask");
}

/// Reads a list over the one of the OU before. Throws corrupt_index.
inline void get_list(BitReader& in, std::vector<std::int32_t>& list, const ListWidths& width) {
  const auto form = static_cast<ListForm>(in.get(kFormBits));
  if (form == ListForm::repeat) {
    if (list.empty()) fail_list("its first list repeats one");
    return;
  }
  const Index length = in.get(width.length) + 1;
  if (length > width.longest) fail_list(length, " lines in an OU of ", width.longest);
  Index next = in.get(width.index);
  const Index gap = form == ListForm::gaps ? in.get(kGapWidthBits) : 0;
  list.clear();
  while (true) {
    if (next >= width.limit) fail_list(next, " is an index in a layer of ", width.limit);
    list.push_back(static_cast<std::int32_t>(next));
    if (std::ssize(list) == length) return;
    next += 1 + in.get(gap);
  }
}

}  // namespace detail

/// A routed layer in bits. The layer's shape, the hardware's and the number of OUs are not in it.
class RoutedIndex {
 public:
  RoutedIndex(const RoutedLayer& layer, const ArrayShape& shape) : ous_(layer.size()) {
    const detail::ListWidths row(layer.rows(), shape.ou_rows), column(layer.cols(), shape.ou_cols);
    BitWriter out;
    RoutedOu before;
    for (Index i = 0; i < ous_; ++i) {
      const RoutedOu ou = layer[i];
      detail::put_list(out, ou.rows, before.rows, row);
      detail::put_list(out, ou.columns, before.columns, column);
      before = ou;
    }
    bits_ = out.bits();
    words_ = out.take_words();
  }

  /// The index of `ous` OUs that was stored. Throws corrupt_index when `words` don't hold `bits`
  /// bits.
  RoutedIndex(Index ous, Index bits, std::vector<std::uint64_t> words)
      : ous_(ous), bits_(bits), words_(std::move(words)) {
    if (ous < 0 || bits < 0 || ceil_div(bits, 64) != std::ssize(words_))
      fail(ErrorId::corrupt_index, "routed index of ", ous, " OUs and ", bits, " bits in ",
           words_.size(), " words of 64; build it again from the mask");
  }

  [[nodiscard]] const std::vector<std::uint64_t>& words() const noexcept { return words_; }
  [[nodiscard]] Index bits() const noexcept { return bits_; }
  [[nodiscard]] Index ous() const noexcept { return ous_; }

  friend bool operator==(const RoutedIndex&, const RoutedIndex&) = default;

  /// The OUs of an R x C layer; crossbars, which follow from the order, are all 0. Throws
  /// corrupt_index when the bits are no such layer's.
  [[nodiscard]] RoutedLayer decode(Index rows, Index cols, const ArrayShape& shape) const {
    const detail::ListWidths row(rows, shape.ou_rows), column(cols, shape.ou_cols);
    RoutedLayer layer(rows, cols);
    BitReader in(words_, bits_);
    std::vector<std::int32_t> inputs, filters;
    for (Index i = 0; i < ous_; ++i) {
      detail::get_list(in, inputs, row);
      detail::get_list(in, filters, column);
      layer.add({inputs, filters, 0});
    }
    // Whatever else is wrong (a longer form, bits left over) shows in what the bits would be.
    if (RoutedIndex(layer, shape) != *this)
      fail(ErrorId::corrupt_index, "routed index of ", ous_, " OUs and ", bits_,
           " bits: they are not those of what they hold; build it again from the mask");
    return layer;
  }

 private:
  Index ous_, bits_ = 0;
  std::vector<std::uint64_t> words_;
};

/// A layer's OUs and what finding them takes.
struct RoutedMapping {
  RoutedLayer ous;
  Index index_bits = 0;     ///< of the index buffer, which all arrays share
  Index index_entries = 0;  ///< read for one input vector: an index a bitline, and one for every
                            ///< wordline whenever the inputs change
};

template <RoutedMapper M>
[[nodiscard]] RoutedMapping map_routed(const M& mapper, const PruneMask& mask) {
  RoutedMapping mapping{route(mapper, mask)};
  if (!M::kIndexed) return mapping;
  mapping.index_bits = RoutedIndex(mapping.ous, mapper.shape()).bits();
  for (Index i = 0; i < mapping.ous.size(); ++i) {
    const bool other = i == 0 || mapping.ous.input_set(i) != mapping.ous.input_set(i - 1);
    mapping.index_entries += mapping.ous[i].n_cols() + (other ? mapping.ous[i].n_rows() : 0);
  }
  return mapping;
}

}  // namespace autoprune::mapping
