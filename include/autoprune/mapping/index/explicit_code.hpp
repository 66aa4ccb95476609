/// @file explicit_code.hpp
/// Index code: the number of OUs; of each its row group (or whether it begins a set of rows), its
/// filters less one, and every filter.
#pragma once

#include <algorithm>
#include <vector>

#include "autoprune/mapping/index/row_sets.hpp"

namespace autoprune::mapping::detail {

struct ExplicitCode {
  using Sets = std::span<const RowSetView>;

  Index ous, set, fill, column;  ///< widths of the fields
  explicit ExplicitCode(const OuShape& shape)
      : ous(shape.granularity > 0
                ? bits_for(shape.groups() * ceil_div(set_cols(shape), shape.ou_cols) + 1)
                : count_bits(shape)),
        set(shape.granularity > 0 ? bits_for(shape.groups()) : 1),
        fill(bits_for(std::min(shape.ou_cols, set_cols(shape)))),
        column(bits_for(set_cols(shape))) {}

  [[nodiscard]] static Index bits(Sets sets, const OuShape& shape) {
    const ExplicitCode width(shape);
    Index bits = width.ous;
    for (const RowSetView& s : sets)
      bits += ous_of(s.columns.size(), shape) * (width.set + width.fill) +
              std::ssize(s.columns) * width.column;
    return bits;
  }

  static void encode(BitWriter& out, Sets sets, const OuShape& shape) {
    const ExplicitCode width(shape);
    Index ous = 0;
    for (const RowSetView& s : sets) ous += ous_of(s.columns.size(), shape);
    if (shape.granularity > 0)
      out.put(static_cast<std::uint64_t>(ous), width.ous);
    else
      put_count(out, ous, shape);
    for (const RowSetView& s : sets)
      for (std::size_t c = 0; c < s.columns.size(); c += static_cast<std::size_t>(shape.ou_cols)) {
        const auto part = s.columns.subspan(
            c, std::min(static_cast<std::size_t>(shape.ou_cols), s.columns.size() - c));
        out.put(static_cast<std::uint64_t>(shape.granularity > 0 ? s.number : c == 0), width.set);
        out.put(part.size() - 1, width.fill);
        for (const std::int32_t column : part)
          out.put(static_cast<std::uint64_t>(column - first_column(shape, s.number)), width.column);
      }
  }

  [[nodiscard]] static std::vector<OwnedRowSet> decode(BitReader& in, const OuShape& shape) {
    const ExplicitCode width(shape);
    const Index ous = in.get(width.ous);
    std::vector<OwnedRowSet> sets;
    for (Index i = 0; i < ous; ++i) {
      const Index named = in.get(width.set);
      const Index n_cols = in.get(width.fill) + 1;
      if (shape.granularity > 0) {
        if (named >= shape.groups() || (i > 0 && named < sets.back().number))
          fail_index("row group ", named, " of ", shape.groups(), " is out of range or of order");
        if (i == 0 || named > sets.back().number) sets.push_back({named, {}, {}});
      } else {
        if (i == 0 && named == 0) fail_index("its first OU begins no set of rows");
        if (named == 1) sets.push_back({std::ssize(sets), {}, {}});
      }
      std::vector<std::int32_t>& columns = sets.back().columns;
      for (Index j = 0; j < n_cols; ++j) {
        const Index column = in.get(width.column);
        if (column >= set_cols(shape) || (!columns.empty() && column <= columns.back()))
          fail_index("its columns don't ascend within the layer");
        columns.push_back(static_cast<std::int32_t>(column));
      }
    }
    return sets;
  }
};

}  // namespace autoprune::mapping::detail
