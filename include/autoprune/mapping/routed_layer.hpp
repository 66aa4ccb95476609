/// @file routed_layer.hpp
/// The general form of a mapped layer, which every pruning method's mapping can be written in: OUs
/// with any inputs on their wordlines and any filters on their bitlines.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/mapping/array_shape.hpp"
#include "autoprune/mapping/mapping_result.hpp"

namespace autoprune::mapping {

/// One operation unit: the cell of (rows[i], columns[j]) holds that weight of the layer.
struct RoutedOu {
  std::span<const std::int32_t> rows;     ///< input of each wordline, ascending
  std::span<const std::int32_t> columns;  ///< filter of each bitline, ascending
  Index crossbar = 0;                     ///< its number in each array, from 0

  [[nodiscard]] Index n_rows() const noexcept { return static_cast<Index>(rows.size()); }
  [[nodiscard]] Index n_cols() const noexcept { return static_cast<Index>(columns.size()); }
};

/// The OUs of one R x C layer, in the order of their places.
class RoutedLayer {
 public:
  RoutedLayer(Index rows, Index cols) : rows_(rows), cols_(cols) {}

  /// Appends a copy of an OU. Rows that equal those of the OU before are its input set, stored
  /// once.
  void add(const RoutedOu& ou) {
    const bool same = !heads_.empty() && std::ranges::equal(inputs(heads_.back()), ou.rows);
    if (!same) {
      set_begin_.push_back(static_cast<std::int32_t>(row_list_.size()));
      row_list_.insert(row_list_.end(), ou.rows.begin(), ou.rows.end());
    }
    heads_.push_back({static_cast<std::int32_t>(set_begin_.size() - 1),
                      static_cast<std::int32_t>(column_list_.size()),
                      static_cast<std::int32_t>(ou.crossbar)});
    column_list_.insert(column_list_.end(), ou.columns.begin(), ou.columns.end());
  }

  [[nodiscard]] Index rows() const noexcept { return rows_; }
  [[nodiscard]] Index cols() const noexcept { return cols_; }
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(heads_.size()); }

  [[nodiscard]] RoutedOu operator[](Index i) const noexcept {
    const Head& head = heads_[at(i)];
    const std::size_t end = i + 1 < size() ? at(heads_[at(i + 1)].columns) : column_list_.size();
    return {inputs(head), std::span(column_list_).subspan(at(head.columns), end - at(head.columns)),
            head.crossbar};
  }
  /// Number of the OU's set of inputs; OUs in a row that read the same inputs share it.
  [[nodiscard]] Index input_set(Index i) const noexcept { return heads_[at(i)].set; }

  friend bool operator==(const RoutedLayer&, const RoutedLayer&) = default;

 private:
  struct Head {
    std::int32_t set;      ///< of inputs
    std::int32_t columns;  ///< first in column_list_
    std::int32_t crossbar;
    friend bool operator==(const Head&, const Head&) = default;
  };
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  [[nodiscard]] std::span<const std::int32_t> inputs(const Head& head) const noexcept {
    const auto set = at(head.set);
    const std::size_t begin = at(set_begin_[set]);
    const std::size_t end =
        set + 1 < set_begin_.size() ? at(set_begin_[set + 1]) : row_list_.size();
    return std::span(row_list_).subspan(begin, end - begin);
  }

  Index rows_, cols_;
  std::vector<Head> heads_;
  std::vector<std::int32_t> set_begin_, row_list_, column_list_;
};

/// A mapping that calls visit(RoutedOu) for every OU of a mask, in the order of their places, and
/// returns how many places they take.
template <class M>
concept RoutedMapper = requires(const M& mapper, const PruneMask& mask,
                                void (*visit)(const RoutedOu&)) {
  { M::kIndexed } -> std::convertible_to<bool>;  // needs an index buffer
  { mapper.shape() } -> std::convertible_to<ArrayShape>;
  { mapper.for_each_ou(mask, visit) } -> std::same_as<Slots>;
};

template <RoutedMapper M>
[[nodiscard]] RoutedLayer route(const M& mapper, const PruneMask& mask) {
  RoutedLayer layer(mask.rows(), mask.cols());
  mapper.for_each_ou(mask, [&](const RoutedOu& ou) { layer.add(ou); });
  return layer;
}

/// Counts without keeping anything: what a search needs.
template <RoutedMapper M>
[[nodiscard]] LayerCount count_routed(const M& mapper, const PruneMask& mask) {
  const ArrayShape shape = mapper.shape();
  LayerCount count;
  count.rows = mask.rows();
  count.cols = mask.cols();
  count.vectors = mask.vectors();
  count.kept = mask.kept_count();
  count.slots = mapper.for_each_ou(mask, [&](const RoutedOu&) { ++count.ous; });
  count.crossbars_dense = shape.dense_crossbars(mask.rows(), mask.cols());
  count.crossbars = ceil_div(count.slots.taken, count.slots.per_crossbar) * shape.arrays;
  return count;
}

}  // namespace autoprune::mapping
