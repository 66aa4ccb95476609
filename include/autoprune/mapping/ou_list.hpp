/// @file ou_list.hpp
/// Formation of operation units: the kept column-vectors of a row group share their inputs, so they
/// can sit side by side whatever their filters are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::mapping {

/// One operation unit: n_rows() inputs of one row group times up to OuCols filters.
struct Ou {
  Index row_group;
  Index row_begin, row_end;  ///< rows of the weight matrix; the last group may be short
  std::span<const std::int32_t> columns;  ///< output column (filter) of each bitline, ascending

  [[nodiscard]] Index n_rows() const noexcept { return row_end - row_begin; }
  [[nodiscard]] Index n_cols() const noexcept { return static_cast<Index>(columns.size()); }
};

/// The OUs of one layer: the kept vectors of each row group, in ascending column order, cut into
/// chunks of `ou_cols`. An OU never mixes row groups; an empty row group makes none.
class OuList {
 public:
  /// An empty list for a layer of R x C in row groups of `granularity`. Throws out_of_range.
  OuList(Index rows, Index cols, Index granularity, Index ou_cols)
      : rows_(rows), cols_(cols), granularity_(granularity), ou_cols_(ou_cols) {
    if (rows < 1 || cols < 1 || granularity < 1 || ou_cols < 1)
      fail(ErrorId::out_of_range, "OU list of a ", rows, 'x', cols, " layer, granularity ",
           granularity, ", ", ou_cols, " OU columns: every size must be at least 1");
  }

  /// The OUs of a mask. Throws out_of_range.
  OuList(const PruneMask& mask, Index ou_cols)
      : OuList(mask.rows(), mask.cols(), mask.granularity(), ou_cols) {
    columns_.reserve(static_cast<std::size_t>(mask.kept_count()));
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < cols_; ++c)
        if (mask.kept(g, c)) add(g, c);
  }

  /// Appends vector (group, column), which must come after all others in (group, column) order.
  void add(Index group, Index column) {
    const Index filled = vectors();
    if (heads_.empty() || heads_.back().group != group || filled - heads_.back().first == ou_cols_)
      heads_.push_back({static_cast<std::int32_t>(group), static_cast<std::int32_t>(filled)});
    columns_.push_back(static_cast<std::int32_t>(column));
  }

  [[nodiscard]] Index rows() const noexcept { return rows_; }
  [[nodiscard]] Index cols() const noexcept { return cols_; }
  [[nodiscard]] Index granularity() const noexcept { return granularity_; }
  [[nodiscard]] Index groups() const noexcept { return ceil_div(rows_, granularity_); }
  [[nodiscard]] Index ou_cols() const noexcept { return ou_cols_; }

  /// OUs of the layer.
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(heads_.size()); }
  /// Kept column-vectors in all OUs.
  [[nodiscard]] Index vectors() const noexcept { return static_cast<Index>(columns_.size()); }

  [[nodiscard]] Ou operator[](Index i) const noexcept {
    const Head head = heads_[static_cast<std::size_t>(i)];
    const Index end = i + 1 < size() ? heads_[static_cast<std::size_t>(i + 1)].first : vectors();
    const Index row_begin = head.group * granularity_;
    return {head.group,
            row_begin,
            std::min(rows_, row_begin + granularity_),
            {columns_.data() + head.first, static_cast<std::size_t>(end - head.first)}};
  }

  friend bool operator==(const OuList&, const OuList&) = default;

 private:
  struct Head {
    std::int32_t group;
    std::int32_t first;  ///< index of the OU's first column in columns_
    friend bool operator==(const Head&, const Head&) = default;
  };

  Index rows_, cols_, granularity_, ou_cols_;
  std::vector<Head> heads_;
  std::vector<std::int32_t> columns_;  // of all OUs, one after another
};

}  // namespace autoprune::mapping
