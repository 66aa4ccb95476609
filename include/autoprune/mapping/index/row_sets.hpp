/// @file row_sets.hpp
/// How index codes see a layer: sets of rows, each with all its filters.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/mapping/bit_stream.hpp"
#include "autoprune/mapping/index/ascending_list.hpp"
#include "autoprune/mapping/ou_list.hpp"
#include "autoprune/mapping/ou_placer.hpp"

namespace autoprune::mapping::detail {

/// OUs in a row with the same rows, all full but the last one, whose filters ascend from the first
/// to the last: they follow from the filters. Row groups are sets, with the filters of one weight
/// matrix; without them sets are numbered as they come, and have any filters of the layer.
template <class Columns>
struct RowSet {
  Index number = 0;
  std::span<const std::int32_t> rows;  ///< unknown while filters are read
  Columns columns;                     ///< counted from first_column() on while they are read
};
using RowSetView = RowSet<std::span<const std::int32_t>>;
using OwnedRowSet = RowSet<std::vector<std::int32_t>>;

/// Filters that a set can have.
[[nodiscard]] inline Index set_cols(const OuShape& shape) {
  return shape.granularity > 0 ? shape.matrix_cols() : shape.cols;
}
/// The first of them.
[[nodiscard]] inline std::int32_t first_column(const OuShape& shape, Index set) {
  return static_cast<std::int32_t>(
      shape.granularity > 0 ? set / shape.matrix_groups() * shape.matrix_cols() : 0);
}

/// Bits of a number of OUs, or of filters in them: every weight is in one at most.
[[nodiscard]] inline Index count_bits(const OuShape& shape) {
  return std::min<Index>(32, bits_for(shape.rows * shape.cols + 1));
}
inline void put_count(BitWriter& out, Index count, const OuShape& shape) {
  if (count >> count_bits(shape) != 0)
    fail(ErrorId::out_of_range, count, " OUs or filters in them for a layer of ", shape.rows, 'x',
         shape.cols, "; a weight can be in one alone");
  out.put(static_cast<std::uint64_t>(count), count_bits(shape));
}

[[nodiscard]] inline std::vector<RowSetView> row_sets(const OuList& list) {
  std::vector<RowSetView> sets;
  const bool groups = list.shape().granularity > 0;
  for (Index first = 0; first < list.size();) {
    const Ou head = list[first];
    Index end = first + 1;
    for (Ou last = head; end < list.size(); ++end) {
      const Ou next = list[end];
      if (next.input_set != last.input_set || last.n_cols() < list.shape().ou_cols ||
          next.columns.front() <= last.columns.back())
        break;
      last = next;
    }
    sets.push_back({groups ? head.input_set : static_cast<Index>(sets.size()), head.rows,
                    list.columns_of(first, end)});
    first = end;
  }
  return sets;
}

/// OUs of a set.
[[nodiscard]] inline Index ous_of(std::size_t columns, const OuShape& shape) {
  return ceil_div(static_cast<Index>(columns), shape.ou_cols);
}

/// Bits that name the rows of the sets, after their filters.
[[nodiscard]] inline Index row_bits(std::span<const RowSetView> sets, const OuShape& shape) {
  if (shape.neighbours()) return 0;
  const ListWidths width(shape.rows, shape.highest());
  Index bits = 0;
  std::span<const std::int32_t> before;
  for (const RowSetView& set : sets) {
    bits += list_bits(set.rows, before, width);
    before = set.rows;
  }
  return bits;
}

inline void put_rows(BitWriter& out, std::span<const RowSetView> sets, const OuShape& shape) {
  if (shape.neighbours()) return;
  const ListWidths width(shape.rows, shape.highest());
  std::span<const std::int32_t> before;
  for (const RowSetView& set : sets) {
    put_list(out, set.rows, before, width);
    before = set.rows;
  }
}

/// The rows of a row group of neighbours.
[[nodiscard]] inline std::vector<std::int32_t> group_rows(const OuShape& shape, Index group) {
  const Index first = group % shape.matrix_groups() * shape.granularity;
  return index_range(first, std::min(shape.rows, first + shape.granularity));
}

/// Throws corrupt_index for filters of several weight matrices.
inline void check_matrix(const OuShape& shape, std::span<const std::int32_t> columns) {
  if (shape.matrix_of(columns.front()) != shape.matrix_of(columns.back()))
    fail_index("filters ", columns.front(), " to ", columns.back(), " have no common inputs");
}

/// Reads the rows of sets whose filters have been read, and forms their OUs. Throws corrupt_index.
inline void get_rows(BitReader& in, std::vector<OwnedRowSet> sets, OuList& list) {
  const OuShape& shape = list.shape();
  const ListWidths width(shape.rows, shape.highest());
  std::vector<std::int32_t> rows;
  for (OwnedRowSet& set : sets) {
    if (shape.neighbours())
      rows = group_rows(shape, set.number);
    else
      get_list(in, rows, width);
    if (shape.gathered && rows.size() != group_rows(shape, set.number).size())
      fail_index(rows.size(), " rows for row group ", set.number, " of ",
                 group_rows(shape, set.number).size());
    for (std::int32_t& column : set.columns) column += first_column(shape, set.number);
    const std::span<const std::int32_t> columns = set.columns;
    check_matrix(shape, columns);
    const auto wide = static_cast<std::size_t>(shape.ou_cols);
    for (std::size_t c = 0; c < columns.size(); c += wide)
      list.add({rows, columns.subspan(c, std::min(wide, columns.size() - c)), {}, set.number});
  }
}

}  // namespace autoprune::mapping::detail
