/// @file row_groups.hpp
/// Row groups of inputs that matter to the same filters. Neighbouring rows of a weight matrix have
/// little to do with one another; the data path reads its inputs by index, so that a row group can
/// be any rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/prune/importance.hpp"

namespace autoprune::prune {

/// Which rows of a weight matrix form a row group.
enum class RowGrouping {
  neighbours,  ///< as they lie
  gathered     ///< those that matter to the same filters
};

[[nodiscard]] constexpr auto words_of(RowGrouping) {
  using enum RowGrouping;
  return std::to_array<Word<RowGrouping>>({{neighbours, "neighbours"}, {gathered, "gathered"}});
}

namespace detail {

/// Moves the `count` entries with the largest values to the front.
inline void largest_first(std::vector<std::int32_t>& entries, Index count,
                          const Eigen::VectorXf& values) {
  if (count >= static_cast<Index>(entries.size())) return;
  std::nth_element(entries.begin(), entries.begin() + count, entries.end(), [&](auto a, auto b) {
    return values(a) > values(b) || (values(a) == values(b) && a < b);
  });
}

}  // namespace detail

/// An order of the rows of a layer of filters x rows, in which every `height` rows are a row group.
/// Each group, in which rows ascend, grows around the best OU of the rows that are left: from the
/// row with the largest weights, the `width` filters that its rows matter to most and the `height`
/// rows that matter most to these filters are found in turns. Throws out_of_range or not_finite.
[[nodiscard]] inline std::vector<std::int32_t> gather_rows(ConstMatrixView weights, Index height,
                                                           Index width, Index turns = 8) {
  if (height < 1 || width < 1)
    fail(ErrorId::out_of_range, "row groups around OUs of ", height, 'x', width,
         "; both sizes have to be at least 1");
  detail::check_weights(weights);
  const Index rows = weights.cols(), filters = weights.rows();
  const Matrix magnitude = weights.cwiseAbs();  // filters x rows
  const Matrix by_row = magnitude.transpose();  // rows x filters
  const Eigen::VectorXf norms = by_row.rowwise().sum();
  std::vector<std::int32_t> left(static_cast<std::size_t>(rows));
  std::iota(left.begin(), left.end(), 0);
  std::vector<std::int32_t> columns(static_cast<std::size_t>(filters));
  std::iota(columns.begin(), columns.end(), 0);
  const Index wide = std::min(width, filters);
  std::vector<std::int32_t> order;
  const auto take = [&](auto end) {
    std::sort(left.begin(), end);
    order.insert(order.end(), left.begin(), end);
    left.erase(left.begin(), end);
  };
  while (static_cast<Index>(left.size()) > height) {
    detail::largest_first(left, 1, norms);
    Eigen::VectorXf use = by_row.row(left.front()).transpose();  // of each filter by the group
    for (Index turn = 0; turn < turns; ++turn) {
      detail::largest_first(columns, wide, use);
      Eigen::VectorXf sums = Eigen::VectorXf::Zero(rows);
      for (Index i = 0; i < wide; ++i)
        sums += magnitude.row(columns[static_cast<std::size_t>(i)]).transpose();
      detail::largest_first(left, height, sums);
      use.setZero();
      for (Index i = 0; i < height; ++i)
        use += by_row.row(left[static_cast<std::size_t>(i)]).transpose();
    }
    take(left.begin() + height);
  }
  take(left.end());
  return order;
}

}  // namespace autoprune::prune
