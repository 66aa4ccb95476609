/// @file prune_mask.hpp
/// Which column-vectors of one layer's weight matrix are kept. It is the word that the network, the
/// pruners, the mapper and the simulator share, and so it lives in core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune {

/// Mask of an R x C weight matrix (R wordlines, C filters) cut into row groups of G rows.
/// Column-vector (g, c) is rows gG .. min(R, (g+1)G)-1 of filter c.
class PruneMask {
 public:
  PruneMask() = default;

  /// A mask of `rows` x `cols` with `granularity` rows a group, everything kept or everything
  /// pruned. Throws out_of_range when a size is not positive.
  PruneMask(Index rows, Index cols, Index granularity, bool keep_all = true)
      : rows_(rows), cols_(cols), granularity_(granularity) {
    if (rows < 1 || cols < 1 || granularity < 1)
      fail(ErrorId::out_of_range, "mask of ", rows, 'x', cols, " with granularity ", granularity,
           ": every size must be at least 1");
    kept_.assign(static_cast<std::size_t>(groups() * cols), keep_all ? 1 : 0);
  }

  [[nodiscard]] Index rows() const noexcept { return rows_; }
  [[nodiscard]] Index cols() const noexcept { return cols_; }
  [[nodiscard]] Index granularity() const noexcept { return granularity_; }
  [[nodiscard]] Index groups() const noexcept {
    return granularity_ > 0 ? ceil_div(rows_, granularity_) : 0;
  }
  /// Column-vectors in all, kept or not.
  [[nodiscard]] Index vectors() const noexcept { return static_cast<Index>(kept_.size()); }

  [[nodiscard]] Index row_begin(Index group) const noexcept { return group * granularity_; }
  [[nodiscard]] Index row_end(Index group) const noexcept {
    return std::min(rows_, (group + 1) * granularity_);
  }

  [[nodiscard]] bool kept(Index group, Index col) const noexcept { return kept_[at(group, col)]; }
  void set(Index group, Index col, bool keep) noexcept { kept_[at(group, col)] = keep ? 1 : 0; }

  /// One flag a filter, 1 where the row group's vector is kept.
  [[nodiscard]] std::span<const std::uint8_t> flags(Index group) const noexcept {
    return {kept_.data() + at(group, 0), static_cast<std::size_t>(cols_)};
  }

  [[nodiscard]] Index kept_count() const noexcept {
    return static_cast<Index>(std::count(kept_.begin(), kept_.end(), 1));
  }
  [[nodiscard]] Index kept_count(Index group) const noexcept {
    const auto first = kept_.begin() + group * cols_;
    return static_cast<Index>(std::count(first, first + cols_, 1));
  }
  [[nodiscard]] double keep_ratio() const noexcept {
    return static_cast<double>(kept_count()) / static_cast<double>(vectors());
  }
  /// The kept filters of a row group, ascending.
  [[nodiscard]] std::vector<Index> kept_columns(Index group) const {
    std::vector<Index> columns;
    for (Index c = 0; c < cols_; ++c)
      if (kept(group, c)) columns.push_back(c);
    return columns;
  }
  /// Filters that lost every one of their vectors; their output is a constant.
  [[nodiscard]] Index dead_filters() const {
    Index dead = 0;
    for (Index c = 0; c < cols_; ++c) {
      bool any = false;
      for (Index g = 0; g < groups() && !any; ++g) any = kept(g, c);
      dead += any ? 0 : 1;
    }
    return dead;
  }

  friend bool operator==(const PruneMask&, const PruneMask&) = default;

 private:
  [[nodiscard]] std::size_t at(Index group, Index col) const noexcept {
    return static_cast<std::size_t>(group * cols_ + col);
  }

  Index rows_ = 0, cols_ = 0, granularity_ = 0;
  std::vector<std::uint8_t> kept_;  // [group][column]
};

}  // namespace autoprune
