/// @file list_code.hpp
/// Index code: the number of OUs, and of each its rows and its filters, both in the shortest form.
#pragma once

#include <algorithm>
#include <vector>

#include "autoprune/mapping/index/row_sets.hpp"

namespace autoprune::mapping::detail {

/// Where rows follow from a row group its number in its matrix, which the filters tell, stands for
/// them.
struct ListCode {
  ListWidths row, column;
  Index group;
  explicit ListCode(const OuShape& shape)
      : row(shape.rows, shape.highest()),
        column(shape.cols, std::min(shape.cols, shape.ou_cols)),
        group(bits_for(shape.matrix_groups())) {}

  [[nodiscard]] static Index bits(const OuList& list) {
    const ListCode code(list.shape());
    Index bits = count_bits(list.shape());
    Ou before;
    for (Index i = 0; i < list.size(); ++i) {
      const Ou ou = list[i];
      bits += list_bits(ou.columns, before.columns, code.column);
      if (list.shape().granularity > 0) bits += code.group;
      if (!list.shape().neighbours()) bits += list_bits(ou.rows, before.rows, code.row);
      before = ou;
    }
    return bits;
  }

  static void encode(BitWriter& out, const OuList& list) {
    const ListCode code(list.shape());
    put_count(out, list.size(), list.shape());
    Ou before;
    for (Index i = 0; i < list.size(); ++i) {
      const Ou ou = list[i];
      put_list(out, ou.columns, before.columns, code.column);
      if (list.shape().granularity > 0)
        out.put(static_cast<std::uint64_t>(ou.input_set % list.shape().matrix_groups()),
                code.group);
      if (!list.shape().neighbours()) put_list(out, ou.rows, before.rows, code.row);
      before = ou;
    }
  }

  static void decode(BitReader& in, OuList& list) {
    const OuShape& shape = list.shape();
    const ListCode code(shape);
    const Index ous = in.get(count_bits(shape));
    std::vector<std::int32_t> rows, columns;
    for (Index i = 0; i < ous; ++i) {
      get_list(in, columns, code.column);
      check_matrix(shape, columns);
      Index set = 0;
      if (shape.granularity > 0) {
        const Index group = in.get(code.group);
        set = shape.matrix_of(columns.front()) * shape.matrix_groups() + group;
        if (group >= shape.matrix_groups() || (i > 0 && !follows(list[i - 1], set, columns, shape)))
          fail_index("an OU of row group ", set, " of ", shape.groups(), " is out of order");
      }
      if (shape.neighbours())
        rows = group_rows(shape, set);
      else
        get_list(in, rows, code.row);
      list.add({rows, columns, {}, set});
    }
  }

 private:
  /// Of row groups: the next group's first OU, or after a full one the next of the same.
  [[nodiscard]] static bool follows(const Ou& last, Index set,
                                    std::span<const std::int32_t> columns, const OuShape& shape) {
    if (set != last.input_set) return set > last.input_set;
    return last.n_cols() == shape.ou_cols && columns.front() > last.columns.back();
  }
};

}  // namespace autoprune::mapping::detail
