/// @file lamp.hpp
/// Keep ratios for all layers of a network without a search: uniform, or by the LAMP ranking.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/prune/importance.hpp"
#include "autoprune/prune/ranking.hpp"

namespace autoprune::prune {

namespace detail {

/// Appends the LAMP scores of all vectors of a layer but its best, descending. The best one's is 1
/// in every layer, which is why no layer can lose everything.
inline void append_lamp(const Scores& scores, std::vector<float>& lamp) {
  check_finite(scores);
  std::vector<float> sorted(scores.data(), scores.data() + scores.size());
  std::sort(sorted.begin(), sorted.end(), std::greater<>{});
  double sum = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double square = static_cast<double>(sorted[i]) * static_cast<double>(sorted[i]);
    sum += square;
    if (i > 0) lamp.push_back(sum > 0.0 ? static_cast<float>(square / sum) : 0.0F);
  }
}

}  // namespace detail

/// Every layer keeps the same ratio, rounded to whole vectors (at least one). Throws out_of_range.
[[nodiscard]] inline std::vector<double> uniform_policy(std::span<const Scores> layers,
                                                        double keep_ratio) {
  std::vector<double> ratios;
  for (const Scores& scores : layers)
    ratios.push_back(static_cast<double>(keep_count(scores.size(), keep_ratio)) /
                     static_cast<double>(scores.size()));
  return ratios;
}

/// Keep ratio of each layer when `keep_ratio` of all vectors of the network are kept (at least one
/// a layer), ranked over the network by score^2 / sum of score^2 over the layer's vectors that rank
/// no lower. Lee et al., "Layer-adaptive sparsity for the magnitude-based pruning", ICLR 2021, on
/// column-vectors. Scores must not be negative. Ties go to the earlier layer. Throws out_of_range
/// or not_finite.
[[nodiscard]] inline std::vector<double> lamp_policy(std::span<const Scores> layers,
                                                     double keep_ratio) {
  std::vector<float> lamp;
  std::vector<std::size_t> ends;
  for (const Scores& scores : layers) {
    detail::append_lamp(scores, lamp);
    ends.push_back(lamp.size());
  }
  const auto n_layers = static_cast<Index>(layers.size());
  const Index kept = keep_count(static_cast<Index>(lamp.size()) + n_layers, keep_ratio);
  std::vector<float> values = lamp;
  detail::Cut cut = detail::cut_at(
      values, std::clamp<Index>(kept - n_layers, 0, static_cast<Index>(lamp.size())));

  std::vector<double> ratios;
  std::size_t i = 0;
  for (const std::size_t end : ends) {
    const std::size_t begin = i;
    Index count = 1;
    for (; i < end; ++i) count += cut.takes(lamp[i]) ? 1 : 0;
    ratios.push_back(static_cast<double>(count) / static_cast<double>(end - begin + 1));
  }
  return ratios;
}

}  // namespace autoprune::prune
