/// @file ou_rounding.hpp
/// What to do with part-filled OUs. An OU takes the same place whether full or not, so the kept
/// vectors of a row group are best a multiple of the OU's columns; in each weight matrix, where a
/// layer has several.
#pragma once

#include <algorithm>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::prune {

enum class OuRounding {
  none,    ///< leave the mask as it is
  refill,  ///< fill a group's last OU with its best pruned vectors: accuracy for nothing
  nearest  ///< fill the last OU when it is at least half full, else drop it
};

namespace detail {

/// Vectors that a row group shall keep. A group can't fill an OU beyond its `cols` filters, so the
/// last reachable count is `cols`, whole OUs or not.
[[nodiscard]] inline Index rounded_count(Index kept, Index cols, Index ou_cols,
                                         OuRounding rounding) {
  const Index below = kept / ou_cols * ou_cols;
  const Index above = std::min(cols, ceil_div(kept, ou_cols) * ou_cols);
  const bool drop = rounding == OuRounding::nearest && kept - below < above - kept;
  return drop ? below : above;
}

/// The vectors of a row group in one weight matrix: those of filters [begin, end).
struct GroupVectors {
  Index group, begin, end, kept, target;
};

/// Keeps `target` vectors: the worst kept ones go or the best pruned ones return.
inline void resize_group(PruneMask& mask, const Scores& scores, const GroupVectors& vectors,
                         std::vector<float>& values) {
  const auto& [group, begin, end, kept, target] = vectors;
  if (kept == target) return;
  const bool drop = target < kept;
  values.clear();
  for (Index c = begin; c < end; ++c)
    if (mask.kept(group, c) == drop) values.push_back(scores(group, c));
  Cut cut = cut_at(values, drop ? target : target - kept);
  for (Index c = begin; c < end; ++c)
    if (mask.kept(group, c) == drop) mask.set(group, c, cut.takes(scores(group, c)));
}

}  // namespace detail

/// The mask with every row group's count rounded to whole OUs of `ou_cols` filters, or to all of
/// the matrix's filters where these don't fill an OU. `nearest` would empty a layer of which no
/// group reaches half an OU; the fullest group (the first of them) is refilled then.
/// Throws out_of_range, shape_mismatch or not_finite.
[[nodiscard]] inline PruneMask round_to_ous(PruneMask mask, const Scores& scores, Index ou_cols,
                                            OuRounding rounding = OuRounding::refill) {
  if (rounding == OuRounding::none) return mask;
  if (ou_cols < 1) fail(ErrorId::out_of_range, "OU of ", ou_cols, " columns; at least 1 is needed");
  detail::check_scores(scores, mask);
  std::vector<detail::GroupVectors> all;
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); c += mask.matrix_cols()) {
      const auto flags = mask.flags(g).begin() + c;
      const Index kept = std::count(flags, flags + mask.matrix_cols(), 1);
      all.push_back({g, c, c + mask.matrix_cols(), kept,
                     detail::rounded_count(kept, mask.matrix_cols(), ou_cols, rounding)});
    }
  if (std::all_of(all.begin(), all.end(), [](const auto& v) { return v.target == 0; })) {
    const auto fullest = std::max_element(
        all.begin(), all.end(), [](const auto& a, const auto& b) { return a.kept < b.kept; });
    fullest->target =
        detail::rounded_count(fullest->kept, mask.matrix_cols(), ou_cols, OuRounding::refill);
  }
  std::vector<float> values;
  for (const detail::GroupVectors& vectors : all)
    detail::resize_group(mask, scores, vectors, values);
  return mask;
}

}  // namespace autoprune::prune
