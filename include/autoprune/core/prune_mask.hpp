/// @file prune_mask.hpp
/// Which column-vectors of one layer's weight matrix are kept. It is the word that the network, the
/// pruners, the mapper and the simulator share, and so it lives in core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune {

/// The most rows, columns and rows a group, and the most column-vectors, of one mask.
inline constexpr Index kMaxMaskSize = Index{1} << 30;
inline constexpr Index kMaxVectors = Index{1} << 28;

/// The rows of a weight matrix in the order in which row groups take them; null: as they lie.
using RowOrder = std::shared_ptr<const std::vector<std::int32_t>>;

/// Mask of an R x C weight matrix (R wordlines, C filters) cut into row groups of G rows.
/// Column-vector (g, c) is places gG .. min(R, (g+1)G)-1 of filter c; at place i is row i, unless
/// the mask has an order of its own. A convolution in groups has a weight matrix a group: they
/// stand side by side in the mask, as in memory, and row r of another matrix is another input.
class PruneMask {
 public:
  PruneMask() = default;

  /// A mask of `rows` x `cols` with `granularity` rows a group, everything kept or everything
  /// pruned. Throws out_of_range when a size is not positive or beyond the limits above.
  PruneMask(Index rows, Index cols, Index granularity, bool keep_all = true)
      : rows_(rows), cols_(cols), granularity_(granularity) {
    const auto fits = [](Index size) { return size >= 1 && size <= kMaxMaskSize; };
    if (!fits(rows) || !fits(cols) || !fits(granularity) || groups() > kMaxVectors / cols)
      fail(ErrorId::out_of_range, "mask of ", rows, 'x', cols, " with granularity ", granularity,
           ": every size must be at least 1, at most ", kMaxMaskSize, ", and at most ", kMaxVectors,
           " vectors in all");
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

  /// The same vectors of other row groups. Throws out_of_range unless `order`, which may be null,
  /// names each row once.
  [[nodiscard]] PruneMask in_order(RowOrder order) && {
    if (order) {
      std::vector<std::int32_t> places(static_cast<std::size_t>(rows_), -1);
      for (std::size_t place = 0; place < order->size(); ++place)
        if (const std::int32_t row = (*order)[place]; row >= 0 && row < rows_)
          places[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(place);
      const auto missing = std::count(places.begin(), places.end(), -1);
      if (missing > 0 || static_cast<Index>(order->size()) != rows_)
        fail(ErrorId::out_of_range, "a row order of ", order->size(), " places that names ",
             rows_ - missing, " of ", rows_, " rows; it has to name each row once");
      places_ = std::make_shared<const std::vector<std::int32_t>>(std::move(places));
    } else {
      places_ = nullptr;
    }
    order_ = std::move(order);
    return std::move(*this);
  }
  [[nodiscard]] const RowOrder& order() const noexcept { return order_; }

  /// The same vectors as those of so many weight matrices side by side, the first with the first
  /// filters. Throws out_of_range when they can't have equally many filters.
  [[nodiscard]] PruneMask in_matrices(Index matrices) && {
    if (matrices < 1 || cols_ % matrices != 0)
      fail(ErrorId::out_of_range, "a mask of ", cols_, " filters in ", matrices,
           " weight matrices; they need equally many each");
    matrices_ = matrices;
    return std::move(*this);
  }
  /// Weight matrices: 1, or the groups of a convolution.
  [[nodiscard]] Index matrices() const noexcept { return matrices_; }
  /// Filters of each.
  [[nodiscard]] Index matrix_cols() const noexcept { return cols_ / matrices_; }
  /// The mask of one of them.
  [[nodiscard]] PruneMask matrix(Index m) const {
    PruneMask one(rows_, matrix_cols(), granularity_, false);
    for (Index g = 0; g < groups(); ++g)
      std::copy_n(kept_.begin() + static_cast<Index>(at(g, m * one.cols_)), one.cols_,
                  one.kept_.begin() + static_cast<Index>(one.at(g, 0)));
    one.order_ = order_;
    one.places_ = places_;
    return one;
  }

  /// The row of the weight matrix at a place.
  [[nodiscard]] Index row(Index place) const noexcept {
    return order_ ? (*order_)[static_cast<std::size_t>(place)] : place;
  }
  /// The row group that a row of the weight matrix is in.
  [[nodiscard]] Index group_of(Index row) const noexcept {
    return (places_ ? (*places_)[static_cast<std::size_t>(row)] : row) / granularity_;
  }
  /// The rows of a group, ascending.
  [[nodiscard]] std::vector<std::int32_t> rows_of(Index group) const {
    std::vector<std::int32_t> rows;
    for (Index i = row_begin(group); i < row_end(group); ++i)
      rows.push_back(static_cast<std::int32_t>(row(i)));
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  /// Calls f(begin, end) for the rows of a group, neighbours together.
  template <class F>
  void for_rows(Index group, F&& f) const {
    const Index places = row_end(group);
    if (!order_) return f(row_begin(group), places);
    for (Index place = row_begin(group); place < places;) {
      const Index begin = row(place);
      Index end = begin;
      while (place < places && row(place) == end) ++place, ++end;
      f(begin, end);
    }
  }

  /// The same for the kept vectors of a filter.
  template <class F>
  void for_kept_rows(Index col, const F& f) const {
    for (Index g = 0; g < groups(); ++g)
      if (kept(g, col)) for_rows(g, f);
  }

  /// Places, that is rows where the mask has no order of its own.
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

  friend bool operator==(const PruneMask& a, const PruneMask& b) {
    const bool same_order =
        a.order_ == b.order_ || (a.order_ && b.order_ && *a.order_ == *b.order_);
    return a.rows_ == b.rows_ && a.cols_ == b.cols_ && a.granularity_ == b.granularity_ &&
           a.matrices_ == b.matrices_ && a.kept_ == b.kept_ && same_order;
  }

 private:
  [[nodiscard]] std::size_t at(Index group, Index col) const noexcept {
    return static_cast<std::size_t>(group * cols_ + col);
  }

  Index rows_ = 0, cols_ = 0, granularity_ = 0, matrices_ = 1;
  std::vector<std::uint8_t> kept_;  // [group][column]
  RowOrder order_;
  RowOrder places_;  // of the rows, where they have an order
};

}  // namespace autoprune
