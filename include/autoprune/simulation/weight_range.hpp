/// @file weight_range.hpp
/// How far the codes of a layer's weights should reach.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/layer_codes.hpp"

namespace autoprune::simulation {

/// The codes that kept weights lose least by, in squares: few bits do better when they cut off what
/// is far out. The range is a multiple of 2 % of the largest magnitude, so that some weight takes
/// the largest code; its step is one of float32, so that a product in float32 makes the same
/// weights of codes everywhere. Of layers of more weights than a sample, every n-th counts.
[[nodiscard]] inline nn::Codes least_squares_codes(const Tensor& weight, const PruneMask& mask,
                                                   Index bits) {
  constexpr std::size_t kSample = 1 << 16;
  const ConstMatrixView w = weight_matrix(weight);
  std::vector<float> kept;
  for (Index c = 0; c < mask.cols(); ++c)
    mask.for_kept_rows(c, [&](Index begin, Index end) {
      for (Index r = begin; r < end; ++r) kept.push_back(std::abs(w(c, r)));
    });
  const float largest = kept.empty() ? 0.0F : *std::max_element(kept.begin(), kept.end());
  nn::Codes best{bits, static_cast<double>(largest), true};
  double least = std::numeric_limits<double>::infinity();
  const std::size_t stride = std::max<std::size_t>(1, kept.size() / kSample);
  const double most = largest_code(bits);
  for (int percent = 100; percent >= 10 && largest > 0.0F; percent -= 2) {
    const auto fine = static_cast<float>(0.01 * percent * static_cast<double>(largest) / most);
    const nn::Codes codes{bits, most * static_cast<double>(fine), true};
    const double step = codes.step();
    double lost = 0.0;
    for (std::size_t i = 0; i < kept.size(); i += stride) {
      const auto v = static_cast<double>(kept[i]);
      const double off = v - nn::to_code(v, step, bits) * step;
      lost += off * off;
    }
    if (lost < least) {
      least = lost;
      best = codes;
    }
  }
  return best;
}

}  // namespace autoprune::simulation
