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
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/shelf_placer.hpp"

namespace autoprune::mapping {

/// The highest blocks come first, so that blocks of equal height share shelves.
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
    ShelfPlacer placer(shape_);
    for (Index height = taps_; height >= 1; --height)
      for (const Block& block : blocks)
        if (static_cast<Index>(block.rows.size()) == height)
          placer.place(block.rows, block.columns, height, visit);
    return placer.slots();
  }

 private:
  struct Block {
    std::vector<std::int32_t> rows, columns;
  };

  /// Of every input channel, its kernels by pattern.
  [[nodiscard]] std::vector<Block> blocks_of(const PruneMask& mask) const {
    std::vector<Block> blocks;
    std::vector<std::uint64_t> patterns(static_cast<std::size_t>(mask.cols()));
    std::unordered_map<std::uint64_t, std::size_t> block_of;  // of a pattern of this channel
    for (Index row = 0; row < mask.rows(); row += taps_) {
      std::fill(patterns.begin(), patterns.end(), std::uint64_t{0});
      for (Index r = row; r < std::min(mask.rows(), row + taps_); ++r) {
        const std::uint8_t* flags = mask.flags(mask.group_of(r)).data();
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

  ArrayShape shape_;
  Index taps_;
};

}  // namespace autoprune::mapping
