/// @file quantisation.hpp
/// From floating point to the integers that crossbars compute with, and back.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/layer_codes.hpp"

namespace autoprune::simulation {

/// A layer's R x C weight matrix, or several side by side, as integers: weight = code * step.
struct QuantisedWeights {
  Index rows = 0, cols = 0;
  Index bits = 0;                   ///< magnitude bits
  double step = 0.0;                ///< weight of code 1
  std::vector<std::int32_t> codes;  ///< [filter][row]

  [[nodiscard]] std::int32_t operator()(Index row, Index col) const noexcept {
    return codes[static_cast<std::size_t>(col * rows + row)];
  }
};

/// Symmetric quantisation of a whole layer, its largest magnitude taking the largest code; weights
/// that the mask prunes become 0. Throws out_of_range, mask_mismatch, not_finite.
[[nodiscard]] inline QuantisedWeights quantise(const Tensor& weight, const PruneMask& mask,
                                               Index bits) {
  if (bits < 1 || bits > 8)
    fail(ErrorId::out_of_range, "weights of ", bits, " magnitude bits; 1 to 8 can be simulated");
  const ConstMatrixView w = weight_matrix(weight);
  if (mask.rows() != w.cols() || mask.cols() != w.rows())
    fail(ErrorId::mask_mismatch, "a mask of ", mask.rows(), 'x', mask.cols(), " for ", w.cols(),
         'x', w.rows(), " weights");
  if (!w.allFinite())
    fail(ErrorId::not_finite, "the weights to quantise hold NaN or infinity; check the file");
  QuantisedWeights q{w.cols(), w.rows(), bits, 0.0, std::vector<std::int32_t>(weight.size(), 0)};
  const double largest = w.size() > 0 ? static_cast<double>(w.cwiseAbs().maxCoeff()) : 0.0;
  q.step = largest > 0.0 ? largest / largest_code(bits) : 1.0;
  for (Index c = 0; c < q.cols; ++c)
    for (Index g = 0; g < mask.groups(); ++g) {
      if (!mask.kept(g, c)) continue;
      mask.for_rows(g, [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r)
          q.codes[static_cast<std::size_t>(c * q.rows + r)] =
              nn::to_code(static_cast<double>(w(c, r)), q.step, bits);
      });
    }
  return q;
}

}  // namespace autoprune::simulation
