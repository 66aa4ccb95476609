/// @file routed_index.hpp
/// The index buffer of a routed layer: the inputs of every OU and the filters of its bitlines, each
/// list in the shortest of a few forms.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
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

/// Field widths, known to both sides.
struct ListWidths {
  Index index, length;
  ListWidths(Index limit, Index longest) : index(bits_for(limit)), length(bits_for(longest)) {}
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

/// Reads a list over the one of the OU before. Throws corrupt_index.
inline void get_list(BitReader& in, std::vector<std::int32_t>& list, Index limit,
                     const ListWidths& width) {
  const auto form = static_cast<ListForm>(in.get(kFormBits));
  if (form == ListForm::repeat) return;
  const auto length = static_cast<std::size_t>(in.get(width.length)) + 1;
  list.assign(1, static_cast<std::int32_t>(in.get(width.index)));
  const Index gap = form == ListForm::gaps ? in.get(kGapWidthBits) : 0;
  while (list.size() < length)
    list.push_back(list.back() + 1 + static_cast<std::int32_t>(in.get(gap)));
  if (list.back() >= limit)
    fail(ErrorId::corrupt_index, "index ", list.back(), " in a routed layer with ", limit,
         "; build the index buffer again from the mask");
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

  [[nodiscard]] Index bits() const noexcept { return bits_; }
  [[nodiscard]] Index ous() const noexcept { return ous_; }

  /// The OUs of an R x C layer; crossbars, which follow from the order, are all 0. Throws
  /// corrupt_index.
  [[nodiscard]] RoutedLayer decode(Index rows, Index cols, const ArrayShape& shape) const {
    const detail::ListWidths row(rows, shape.ou_rows), column(cols, shape.ou_cols);
    RoutedLayer layer(rows, cols);
    BitReader in(words_, bits_);
    std::vector<std::int32_t> inputs, filters;
    for (Index i = 0; i < ous_; ++i) {
      detail::get_list(in, inputs, rows, row);
      detail::get_list(in, filters, cols, column);
      layer.add({inputs, filters, 0});
    }
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
