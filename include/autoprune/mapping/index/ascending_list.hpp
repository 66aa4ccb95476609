/// @file ascending_list.hpp
/// A list of ascending indices in bits, in the shortest of three forms.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/bit_stream.hpp"

namespace autoprune::mapping::detail {

enum class ListForm : std::uint8_t {
  repeat,  ///< the list before
  run,     ///< length and first of consecutive indices
  gaps,    ///< length, first, width of the gap fields, gaps - 1
};
inline constexpr Index kFormBits = 2, kGapWidthBits = 5;

/// What both sides know of a list of indices below `limit`, with at most `longest` entries, and the
/// field widths that follow.
struct ListWidths {
  Index limit, longest, index, length;
  ListWidths(Index limit_, Index longest_)
      : limit(limit_), longest(longest_), index(bits_for(limit)), length(bits_for(longest)) {}
};

template <class... Parts>
[[noreturn]] void fail_index(const Parts&... parts) {
  fail(ErrorId::corrupt_index, "index buffer: ", parts..., "; build it again from the mask");
}

/// Bits of the widest gap between neighbours, less one.
[[nodiscard]] inline Index gap_width(std::span<const std::int32_t> list) {
  Index widest = 0;
  for (std::size_t i = 1; i < list.size(); ++i)
    widest = std::max<Index>(widest, list[i] - list[i - 1] - 1);
  return bits_for(widest + 1);
}

[[nodiscard]] inline Index list_bits(std::span<const std::int32_t> list,
                                     std::span<const std::int32_t> before,
                                     const ListWidths& width) {
  if (std::ranges::equal(list, before)) return kFormBits;
  const Index gap = gap_width(list);
  return kFormBits + width.length + width.index +
         (gap == 0 ? 0 : kGapWidthBits + gap * (std::ssize(list) - 1));
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

/// Reads a list over the one before. Throws corrupt_index.
inline void get_list(BitReader& in, std::vector<std::int32_t>& list, const ListWidths& width) {
  const auto form = static_cast<ListForm>(in.get(kFormBits));
  if (form == ListForm::repeat) {
    if (list.empty()) fail_index("its first list repeats one");
    return;
  }
  const Index length = in.get(width.length) + 1;
  if (length > width.longest) fail_index(length, " entries in a list of at most ", width.longest);
  Index next = in.get(width.index);
  const Index gap = form == ListForm::gaps ? in.get(kGapWidthBits) : 0;
  list.clear();
  while (true) {
    if (next >= width.limit) fail_index(next, " is an index in a layer of ", width.limit);
    list.push_back(static_cast<std::int32_t>(next));
    if (std::ssize(list) == length) return;
    next += 1 + in.get(gap);
  }
}

}  // namespace autoprune::mapping::detail
