/// @file pim_prune_ou.hpp
/// PIM-Prune on hardware that works by OUs, which its paper doesn't have: rows and columns of
/// blocks are pruned, and what is left of them is cut into OUs.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/mapping/ou_placer.hpp"
#include "autoprune/methods/pim_prune.hpp"

namespace autoprune::methods {

/// Filters of a row strip (xbar_rows rows) with the same rows left stand side by side, whichever
/// blocks they come from; pruned rows are squeezed out.
class BlockMapper {
 public:
  static constexpr bool kIndexed = true;

  explicit BlockMapper(const mapping::ArrayShape& shape) : shape_(shape) {}
  [[nodiscard]] const mapping::ArrayShape& shape() const noexcept { return shape_; }

  /// A place is an OU.
  template <class Visit>
  mapping::Slots for_each_ou(const PruneMask& mask, Visit&& visit) const {
    mapping::OuPlacer placer(shape_, mask.matrices());
    mapping::for_each_matrix(mask, [&](const PruneMask& one, std::int32_t first) {
      for (Index r = 0; r < one.rows(); r += shape_.xbar_rows)
        for (const auto& [left, columns] :
             blocks(one, r, std::min(one.rows(), r + shape_.xbar_rows)))
          placer.place(rows_of(left, r), columns, mapping::counted_from(first, visit));
    });
    return placer.slots();
  }

 private:
  using RowSet = std::vector<std::uint64_t>;  // one bit a row of the strip
  using Blocks = std::map<RowSet, std::vector<std::int32_t>>;

  /// Filters of one strip by the rows that are left of them; those without any are left out.
  [[nodiscard]] static Blocks blocks(const PruneMask& mask, Index begin, Index end) {
    const auto cols = static_cast<std::size_t>(mask.cols());
    const auto words = static_cast<std::size_t>(ceil_div(end - begin, 64));
    std::vector<std::uint64_t> sets(words * cols, 0);  // [word][filter]
    for (Index r = begin; r < end; ++r) {
      const std::span<const std::uint8_t> flags = mask.flags(mask.group_of(r));
      const Index bit = (r - begin) % 64;
      std::uint64_t* word = sets.data() + static_cast<std::size_t>((r - begin) / 64) * cols;
      for (std::size_t c = 0; c < cols; ++c) word[c] |= std::uint64_t{flags[c]} << bit;
    }
    Blocks blocks;
    auto last = blocks.end();
    RowSet left(words);
    for (std::size_t c = 0; c < cols; ++c) {
      for (std::size_t w = 0; w < words; ++w) left[w] = sets[w * cols + c];
      if (std::ranges::all_of(left, [](std::uint64_t word) { return word == 0; })) continue;
      // Neighbours mostly lie in one block; only others are looked for.
      if (last == blocks.end() || last->first != left) last = blocks.try_emplace(left).first;
      last->second.push_back(static_cast<std::int32_t>(c));
    }
    return blocks;
  }

  [[nodiscard]] static std::vector<std::int32_t> rows_of(const RowSet& set, Index first) {
    std::vector<std::int32_t> rows;
    for (std::size_t w = 0; w < set.size(); ++w)
      for (std::uint64_t word = set[w]; word != 0; word &= word - 1)
        rows.push_back(
            static_cast<std::int32_t>(first + static_cast<Index>(w) * 64 + std::countr_zero(word)));
    return rows;
  }

  mapping::ArrayShape shape_;
};

struct PimPruneOu : MethodBase {
  static constexpr const char* kName = "pim-prune-ou";
  using MethodBase::MethodBase;

  [[nodiscard]] BlockMapper placer(Index) const { return BlockMapper(shape); }
  [[nodiscard]] Ranking rank(const nn::Node& node) const {
    auto ranked = rank_pim_blocks(weight_matrix(node.weight), pim_shape(shape), node.matrices);
    prune::Scores ous = ranked.ou_scores(ou_weights());
    return element_wise(std::move(ranked), std::move(ous));
  }
};

}  // namespace autoprune::methods
