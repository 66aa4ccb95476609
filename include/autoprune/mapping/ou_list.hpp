/// @file ou_list.hpp
/// The operation units of one layer, whichever method formed them: inputs on their wordlines,
/// filters on their bitlines, and the place where each sits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::mapping {

/// Where an OU sits: a crossbar, numbered from 0 in every bit plane and sign array, and in it the
/// first wordline and the first filter's bitlines, counted in weights.
struct Place {
  Index crossbar = 0, wordline = 0, bitline = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// One operation unit: the cell of (rows[i], columns[j]) holds that weight of the layer. One of
/// more rows than can be active (column-vectors higher than an OU) is activated step by step. All
/// filters are of one weight matrix, as others have other inputs.
struct Ou {
  std::span<const std::int32_t> rows;     ///< row of each wordline in that matrix, ascending
  std::span<const std::int32_t> columns;  ///< filter of each bitline, ascending
  Place place = {};
  Index input_set = 0;  ///< names its inputs: the row group of a mask, numbered matrix after
                        ///< matrix, or for methods without row groups a number that OUs in a row
                        ///< with the same inputs share

  [[nodiscard]] Index n_rows() const noexcept { return static_cast<Index>(rows.size()); }
  [[nodiscard]] Index n_cols() const noexcept { return static_cast<Index>(columns.size()); }
};

/// What the hardware knows of a layer without an index buffer.
struct OuShape {
  Index rows = 0, cols = 0;        ///< the weight matrix, R x C; all filters of several
  Index ou_rows = 0, ou_cols = 0;  ///< of an OU, in weights
  Index granularity = 0;           ///< rows of a row group; 0: OUs have any rows
  bool gathered = false;           ///< row groups are no neighbours
  Index matrices = 1;              ///< side by side: the groups of a convolution

  /// Throws out_of_range.
  void validate() const {
    if (rows < 1 || cols < 1 || ou_rows < 1 || ou_cols < 1 || granularity < 0)
      fail(ErrorId::out_of_range, "OUs of ", ou_rows, 'x', ou_cols, " for a layer of ", rows, 'x',
           cols, " in row groups of ", granularity, ": sizes must be at least 1");
    if (matrices < 1 || cols % matrices != 0)
      fail(ErrorId::out_of_range, cols, " filters in ", matrices,
           " weight matrices; they need equally many each");
  }
  /// Row groups of one matrix; 0 when there are none.
  [[nodiscard]] Index matrix_groups() const noexcept {
    return granularity > 0 ? ceil_div(rows, granularity) : 0;
  }
  /// Row groups of all matrices.
  [[nodiscard]] Index groups() const noexcept { return matrices * matrix_groups(); }
  /// Filters of one matrix.
  [[nodiscard]] Index matrix_cols() const noexcept { return cols / matrices; }
  /// The matrix that a filter is of.
  [[nodiscard]] Index matrix_of(Index filter) const noexcept { return filter / matrix_cols(); }
  /// The layer's inputs: rows of all matrices, one after another.
  [[nodiscard]] Index inputs() const noexcept { return matrices * rows; }
  /// The input of row 0 of a filter's matrix.
  [[nodiscard]] Index first_input(Index filter) const noexcept { return matrix_of(filter) * rows; }
  /// Whether rows follow from the number of a row group.
  [[nodiscard]] bool neighbours() const noexcept { return granularity > 0 && !gathered; }
  /// The most rows of one OU.
  [[nodiscard]] Index highest() const noexcept {
    return std::min(rows, granularity > 0 ? granularity : ou_rows);
  }
  friend bool operator==(const OuShape&, const OuShape&) = default;
};

/// The OUs of a layer in the order of their places.
class OuList {
 public:
  /// An empty list. Throws out_of_range.
  explicit OuList(const OuShape& shape) : shape_(shape) { shape.validate(); }

  /// Makes room for filters of all OUs together.
  void reserve(Index columns) { column_list_.reserve(at(columns)); }

  /// Appends a copy of an OU. Without row groups its input set is numbered here: inputs that equal
  /// those of the OU before are the same set. Throws mask_mismatch for filters of several matrices.
  void add(const Ou& ou) {
    const Index matrix = shape_.matrix_of(ou.columns.front());
    if (shape_.matrix_of(ou.columns.back()) != matrix)
      fail(ErrorId::mask_mismatch, "an OU of filters ", ou.columns.front(), " to ",
           ou.columns.back(), ", but each group of ", shape_.matrix_cols(),
           " filters has inputs of its own; place the weight matrices one by one");
    const Index last = heads_.empty() ? -1 : heads_.back().input_set;
    const bool same =
        !heads_.empty() &&
        (shape_.granularity > 0 ? ou.input_set == last
                                : shape_.matrix_of(column_list_.back()) == matrix &&
                                      std::ranges::equal(rows_of(heads_.back()), ou.rows));
    if (!same) {
      set_begin_.push_back(static_cast<std::int32_t>(row_list_.size()));
      row_list_.insert(row_list_.end(), ou.rows.begin(), ou.rows.end());
    }
    const Index set = shape_.granularity > 0 ? ou.input_set : same ? last : last + 1;
    heads_.push_back({static_cast<std::int32_t>(set_begin_.size() - 1),
                      static_cast<std::int32_t>(column_list_.size()), set, ou.place});
    column_list_.insert(column_list_.end(), ou.columns.begin(), ou.columns.end());
  }

  [[nodiscard]] const OuShape& shape() const noexcept { return shape_; }
  /// OUs of the layer.
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(heads_.size()); }
  /// Filters of all OUs: column-vectors, where row groups are pruned.
  [[nodiscard]] Index columns() const noexcept { return static_cast<Index>(column_list_.size()); }
  /// Rows of all input sets.
  [[nodiscard]] Index input_rows() const noexcept { return static_cast<Index>(row_list_.size()); }

  [[nodiscard]] Ou operator[](Index i) const noexcept {
    const Head& head = heads_[at(i)];
    return {rows_of(head), columns_of(i, i + 1), head.place, head.input_set};
  }
  /// The filters of OUs first to end - 1, one after another.
  [[nodiscard]] std::span<const std::int32_t> columns_of(Index first, Index end) const noexcept {
    const std::size_t begin = at(heads_[at(first)].columns);
    const std::size_t stop = end < size() ? at(heads_[at(end)].columns) : column_list_.size();
    return std::span(column_list_).subspan(begin, stop - begin);
  }

  /// Calls f(rows, filters, ous) for OUs in a row with the same inputs: for each piece of at most
  /// `height` of their rows, the filters of all of them, and how many they are.
  template <class F>
  void for_each_input_piece(Index height, F&& f) const {
    for (Index first = 0; first < size();) {
      const Ou head = (*this)[first];
      Index end = first + 1;
      while (end < size() && heads_[at(end)].input_set == head.input_set) ++end;
      for (Index r = 0; r < head.n_rows(); r += height)
        f(head.rows.subspan(at(r), at(std::min(height, head.n_rows() - r))), columns_of(first, end),
          end - first);
      first = end;
    }
  }

  /// Whether both hold the same inputs and filters in the same order, wherever they sit.
  [[nodiscard]] bool same_ous(const OuList& other) const {
    return shape_ == other.shape_ && set_begin_ == other.set_begin_ &&
           row_list_ == other.row_list_ && column_list_ == other.column_list_ &&
           std::ranges::equal(heads_, other.heads_, [](const Head& a, const Head& b) {
             return a.set == b.set && a.columns == b.columns && a.input_set == b.input_set;
           });
  }

 private:
  struct Head {
    std::int32_t set;      ///< of rows, in set_begin_
    std::int32_t columns;  ///< first in column_list_
    Index input_set;
    Place place;
  };
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  [[nodiscard]] std::span<const std::int32_t> rows_of(const Head& head) const noexcept {
    const auto set = at(head.set);
    const std::size_t begin = at(set_begin_[set]);
    const std::size_t end =
        set + 1 < set_begin_.size() ? at(set_begin_[set + 1]) : row_list_.size();
    return std::span(row_list_).subspan(begin, end - begin);
  }

  OuShape shape_;
  std::vector<Head> heads_;
  std::vector<std::int32_t> set_begin_, row_list_, column_list_;
};

}  // namespace autoprune::mapping
