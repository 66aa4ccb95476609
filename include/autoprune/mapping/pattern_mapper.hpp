/// @file pattern_mapper.hpp
/// Kernel-reordering mapping of pattern-pruned layers (Yu et al., arXiv 2010.06156): the kernels of
/// an input channel with one pattern stand side by side, as a block as high as the pattern has
/// weights; blocks follow one another in the crossbar.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/mapping/routed_layer.hpp"

namespace autoprune::mapping {

/// Blocks of equal height stand shoulder to shoulder on shelves of a crossbar's width; shelves
/// follow one another down the wordlines, and one that meets the end of a crossbar goes on in the
/// next. An OU is a piece of one block.
class PatternMapper {
 public:
  static constexpr bool kIndexed = true;
  static constexpr Index kMaxTaps = 64;

  /// `taps` is the number of weights of a kernel, at most kMaxTaps; 1 for a linear layer. Throws
  /// out_of_range.
  PatternMapper(const ArrayShape& shape, Index taps) : shape_(shape), taps_(taps) {
    if (taps < 1 || taps > kMaxTaps)
      fail(ErrorId::out_of_range, "kernels of ", taps, " weights; patterns have 1 to ", kMaxTaps);
  }
  [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }

  /// A place is a wordline of a crossbar.
  template <class Visit>
  Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    const std::vector<Block> blocks = blocks_of(mask);
    Index wordline = 0;
    for (Index height = taps_; height >= 1; --height) {
      Index bitline = 0;  // on the present shelf
      for (const Block& block : blocks) {
        if (block.n_rows() != height) continue;
        for (Index c = 0; c < block.n_cols();) {
          if (bitline == shape_.xbar_cols) {
            bitline = 0;
            wordline += height;
          }
          const Index width =
              std::min({block.n_cols() - c, shape_.ou_cols, shape_.xbar_cols - bitline});
          visit_piece(block, c, width, wordline, visit);
          bitline += width;
          c += width;
        }
      }
      if (bitline > 0) wordline += height;
    }
    return {wordline, shape_.xbar_rows};
  }

 private:
  struct Block {
    std::vector<std::int32_t> rows, columns;
    [[nodiscard]] Index n_rows() const noexcept { return static_cast<Index>(rows.size()); }
    [[nodiscard]] Index n_cols() const noexcept { return static_cast<Index>(columns.size()); }
  };

  /// Of every input channel, its kernels by pattern.
  [[nodiscard]] std::vector<Block> blocks_of(const PruneMask& mask) const {
    std::vector<Block> blocks;
    std::vector<std::uint64_t> patterns(static_cast<std::size_t>(mask.cols()));
    std::unordered_map<std::uint64_t, std::size_t> block_of;  // of a pattern of this channel
    for (Index row = 0; row < mask.rows(); row += taps_) {
      std::fill(patterns.begin(), patterns.end(), std::uint64_t{0});
      for (Index r = row; r < std::min(mask.rows(), row + taps_); ++r) {
        const std::uint8_t* flags = mask.flags(r / mask.granularity()).data();
        for (std::size_t c = 0; c < patterns.size(); ++c)
          patterns[c] |= std::uint64_t{flags[c]} << (r - row);
      }
      block_of.clear();
      std::uint64_t last = 0;
      std::size_t block = 0;
      for (std::size_t c = 0; c < patterns.size(); ++c) {
        if (patterns[c] == 0) continue;
        if (patterns[c] != last) {
          last = patterns[c];
          const auto [found, is_new] = block_of.try_emplace(last, blocks.size());
          if (is_new) blocks.push_back({rows_of(last, row), {}});
          block = found->second;
        }
        blocks[block].columns.push_back(static_cast<std::int32_t>(c));
      }
    }
    return blocks;
  }

  [[nodiscard]] static std::vector<std::int32_t> rows_of(std::uint64_t pattern, Index first) {
    std::vector<std::int32_t> rows;
    for (; pattern != 0; pattern &= pattern - 1)
      rows.push_back(static_cast<std::int32_t>(first + std::countr_zero(pattern)));
    return rows;
  }

  /// `width` columns of a block, on the wordlines from `wordline` on: one OU, unless they are more
  /// than can be active or lie in two crossbars.
  template <class Visit>
  void visit_piece(const Block& block, Index column, Index width, Index wordline,
                   Visit&& visit) const {
    const std::span<const std::int32_t> rows = block.rows, columns = block.columns;
    for (Index r = 0; r < block.n_rows();) {
      const Index crossbar = (wordline + r) / shape_.xbar_rows;
      const Index height = std::min(
          {block.n_rows() - r, shape_.ou_rows, (crossbar + 1) * shape_.xbar_rows - wordline - r});
      visit(RoutedOu{
          rows.subspan(static_cast<std::size_t>(r), static_cast<std::size_t>(height)),
          columns.subspan(static_cast<std::size_t>(column), static_cast<std::size_t>(width)),
          crossbar});
      r += height;
    }
  }

  ArrayShape shape_;
  Index taps_;
};

}  // namespace autoprune::mapping
