/// @file pim_prune.hpp
/// PIM-Prune (Chu et al., DAC 2020): in blocks of a crossbar's size, whole rows and whole columns
/// are pruned, and what is left lies shoulder to shoulder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <queue>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/shelf_placer.hpp"
#include "autoprune/mapping/squeeze.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/prune/unit_ranking.hpp"

namespace autoprune::methods {

/// Sizes in weights: of the blocks, and of the OUs that their rows and columns are pruned by.
struct PimShape {
  Index block_rows = 128, block_cols = 128;
  Index ou_rows = 32, ou_cols = 32;
};

namespace detail {

/// What is left of one block while its rows and columns go, the least important first.
class PimBlock {
 public:
  /// Of the filters up to `end`.
  PimBlock(ConstMatrixView weights, Index row, Index col, Index end, const PimShape& shape)
      : shape_(shape) {
    for (Index r = row; r < std::min(weights.cols(), row + shape.block_rows); ++r)
      rows_.push_back(static_cast<std::int32_t>(r));
    for (Index c = col; c < std::min(end, col + shape.block_cols); ++c)
      columns_.push_back(static_cast<std::int32_t>(c));
  }

  /// The rows, or columns, whose loss costs least for every OU that it saves: as many as take the
  /// block to whole OUs.
  [[nodiscard]] prune::Unit next(ConstMatrixView weights) const {
    std::vector<float> row_sums(rows_.size(), 0.0F), column_sums(columns_.size(), 0.0F);
    for (std::size_t c = 0; c < columns_.size(); ++c)
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        const float magnitude = std::abs(weights(columns_[c], rows_[r]));
        row_sums[r] += magnitude;
        column_sums[c] += magnitude;
      }
    const auto height = static_cast<Index>(rows_.size()),
               width = static_cast<Index>(columns_.size());
    prune::Unit by_rows{{}, columns_, 0.0F, ceil_div(width, shape_.ou_cols)};
    std::tie(by_rows.rows, by_rows.importance) =
        least(rows_, row_sums, (height - 1) % shape_.ou_rows + 1);
    prune::Unit by_columns{rows_, {}, 0.0F, ceil_div(height, shape_.ou_rows)};
    std::tie(by_columns.columns, by_columns.importance) =
        least(columns_, column_sums, (width - 1) % shape_.ou_cols + 1);
    return cost(by_rows) <= cost(by_columns) ? by_rows : by_columns;
  }

  void remove(const prune::Unit& unit) {
    const bool whole_rows = unit.columns.size() == columns_.size();
    auto& list = whole_rows ? rows_ : columns_;
    const auto& gone = whole_rows ? unit.rows : unit.columns;
    std::erase_if(list, [&](auto i) { return std::binary_search(gone.begin(), gone.end(), i); });
  }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty() || columns_.empty(); }

  [[nodiscard]] static float cost(const prune::Unit& unit) {
    return unit.importance / static_cast<float>(unit.ous);
  }

 private:
  using List = std::vector<std::int32_t>;

  /// The `count` of `list` with the smallest sums, ascending, and what they sum up to.
  [[nodiscard]] static std::pair<List, float> least(const List& list,
                                                    const std::vector<float>& sums, Index count) {
    std::vector<std::size_t> order(list.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return sums[a] < sums[b]; });
    List chosen;
    float total = 0.0F;
    for (Index i = 0; i < count; ++i) {
      chosen.push_back(list[order[static_cast<std::size_t>(i)]]);
      total += sums[order[static_cast<std::size_t>(i)]];
    }
    std::sort(chosen.begin(), chosen.end());
    return {std::move(chosen), total};
  }

  PimShape shape_;
  List rows_, columns_;
};

}  // namespace detail

/// For hardware that works by whole crossbars: prunes columns of a block, or sets of block_rows
/// rows of a strip of block_cols filters, which is what saves bitlines of a crossbar's height. Of
/// the two the layer gets the one that keeps more of its magnitude in half of its weights.
/// `weights` is filters x rows, of weight matrices side by side. Throws not_finite.
[[nodiscard]] inline prune::UnitRanking rank_pim_prune(ConstMatrixView weights,
                                                       const PimShape& shape = {},
                                                       Index matrices = 1) {
  prune::UnitRanking by_rows = prune::rank_row_chunks(
      weights, prune::neighbours(weights.rows(), shape.block_cols, matrices), shape.block_rows);
  std::vector<prune::Unit> columns;
  for (Index r = 0; r < weights.cols(); r += shape.block_rows) {
    const Index height = std::min(shape.block_rows, weights.cols() - r);
    prune::Unit unit;
    for (Index i = r; i < r + height; ++i) unit.rows.push_back(static_cast<std::int32_t>(i));
    for (Index c = 0; c < weights.rows(); ++c) {
      unit.columns = {static_cast<std::int32_t>(c)};
      unit.importance = weights.row(c).segment(r, height).cwiseAbs().sum();
      columns.push_back(unit);
    }
  }
  std::stable_sort(columns.begin(), columns.end(), [](const prune::Unit& a, const prune::Unit& b) {
    return a.importance > b.importance;
  });
  prune::UnitRanking by_columns(weights.cols(), weights.rows(), std::move(columns));
  return by_rows.importance(0.5) > by_columns.importance(0.5) ? by_rows : by_columns;
}

/// For hardware that works by OUs: removes the rows or columns of a block that cost least for every
/// OU that they save, over and over; the ranking is the reverse of that, so that every keep ratio
/// leaves each block some rows x some columns. `weights` is filters x rows, of weight matrices side
/// by side. Throws not_finite.
[[nodiscard]] inline prune::UnitRanking rank_pim_blocks(ConstMatrixView weights,
                                                        const PimShape& shape = {},
                                                        Index matrices = 1) {
  prune::detail::check_weights(weights);
  struct Candidate {
    float cost;
    std::size_t block;
    bool operator<(const Candidate& other) const {  // the cheapest on top of the queue
      return std::tie(cost, block) > std::tie(other.cost, other.block);
    }
  };
  std::vector<detail::PimBlock> blocks;
  std::vector<prune::Unit> next, removed;
  std::priority_queue<Candidate> queue;
  const auto propose = [&](std::size_t block) {
    next[block] = blocks[block].next(weights);
    queue.push({detail::PimBlock::cost(next[block]), block});
  };
  const Index each = weights.rows() / matrices;
  for (Index r = 0; r < weights.cols(); r += shape.block_rows)
    for (Index m = 0; m < matrices; ++m)
      for (Index c = m * each; c < (m + 1) * each; c += shape.block_cols) {
        blocks.emplace_back(weights, r, c, (m + 1) * each, shape);
        next.emplace_back();
        propose(blocks.size() - 1);
      }
  while (!queue.empty()) {
    const std::size_t block = queue.top().block;
    queue.pop();
    blocks[block].remove(next[block]);
    removed.push_back(std::move(next[block]));
    if (!blocks[block].empty()) propose(block);
  }
  std::reverse(removed.begin(), removed.end());
  return {weights.cols(), weights.rows(), std::move(removed)};
}

/// Columns are squeezed inside each strip of xbar_rows rows, or rows inside each strip of xbar_cols
/// filters: the matrix gets whichever takes fewer crossbars. A bitline holds one column of a
/// crossbar's height, from any strip.
class PimMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit PimMapper(const mapping::ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return shape_; }

  /// A place is a bitline of a crossbar.
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    mapping::ShelfPlacer placer(shape_);
    mapping::for_each_matrix(mask, [&](const PruneMask& one, std::int32_t first) {
      const auto place = [&](std::span<const std::int32_t> rows, const List& columns) {
        const auto height = static_cast<std::size_t>(shape_.xbar_rows);
        for (std::size_t r = 0; r < rows.size(); r += height)
          placer.place(rows.subspan(r, std::min(height, rows.size() - r)), columns,
                       shape_.xbar_rows, mapping::counted_from(first, visit));
      };
      if (columns_win(one))
        mapping::squeeze_columns(one, shape_.xbar_rows, place);
      else
        mapping::squeeze_rows(one, shape_.xbar_cols, place);
    });
    return placer.columns(shape_.xbar_rows);
  }

 private:
  using List = std::vector<std::int32_t>;

  [[nodiscard]] Index bitlines(const List& rows, const List& columns) const noexcept {
    return ceil_div(static_cast<Index>(rows.size()), shape_.xbar_rows) *
           static_cast<Index>(columns.size());
  }

  [[nodiscard]] bool columns_win(const PruneMask& mask) const {
    Index by_rows = 0, by_columns = 0;
    mapping::squeeze_rows(mask, shape_.xbar_cols, [&](const List& rows, const List& columns) {
      by_rows += bitlines(rows, columns);
    });
    mapping::squeeze_columns(mask, shape_.xbar_rows, [&](const List& rows, const List& columns) {
      by_columns += bitlines(rows, columns);
    });
    return by_columns <= by_rows;
  }

  mapping::ArrayShape shape_;
};

[[nodiscard]] inline PimShape pim_shape(const mapping::ArrayShape& shape) {
  return {shape.xbar_rows, shape.xbar_cols, shape.ou_rows, shape.ou_cols};
}

struct PimPrune : MethodBase {
  static constexpr const char* kName = "pim-prune";
  using MethodBase::MethodBase;

  [[nodiscard]] PimMapper placer(Index) const { return PimMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked = rank_pim_prune(weight_matrix(node.weight), pim_shape(shape), node.matrices);
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return element_wise(std::move(ranked), std::move(ous));
  }
};

}  // namespace autoprune::methods
