/// @file input_codes.hpp
/// A layer's inputs as the integers that its wordlines are driven with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/mapping/ou_list.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/matrix_plan.hpp"
#include "autoprune/simulation/calibration.hpp"
#include "autoprune/simulation/encoding.hpp"

namespace autoprune::simulation {

/// The code of inputs that were seen in a range.
[[nodiscard]] inline hardware::InputCode signed_as(const Range& input, hardware::InputCode code) {
  code.negative = input.negative;
  return code;
}

/// A layer's inputs within that range.
[[nodiscard]] inline nn::Codes codes_of(const Range& input, const hardware::InputCode& encoding) {
  return {encoding.bits, input.largest, encoding.negative};
}

/// The input vectors of one output position of a block: patch[input][lane], 0 beyond the border.
/// Rows of several weight matrices follow one another.
inline void gather_patch(const nn::detail::MatrixShape& shape, const nn::Activation& codes,
                         Index block, Index position, std::vector<std::int32_t>& patch) {
  patch.assign(static_cast<std::size_t>(shape.inputs() * nn::kLanes), 0);
  const Index oh = position / shape.out.width, ow = position % shape.out.width;
  const float* window = codes.block(block) + shape.window(oh, ow);
  for (Index kh = 0; kh < shape.kernel.h; ++kh) {
    const Index h = oh * shape.stride.h - shape.padding.h + kh * shape.dilation.h;
    if (h < 0 || h >= shape.in.height) continue;
    for (Index kw = 0; kw < shape.kernel.w; ++kw) {
      const Index w = ow * shape.stride.w - shape.padding.w + kw * shape.dilation.w;
      if (w < 0 || w >= shape.in.width) continue;
      for (Index r = kh * shape.kernel.w + kw; r < shape.inputs(); r += shape.taps()) {
        const float* from = window + shape.row_offset(r);
        std::int32_t* to = patch.data() + r * nn::kLanes;
        for (Index l = 0; l < nn::kLanes; ++l) to[l] = static_cast<std::int32_t>(from[l]);
      }
    }
  }
}

/// Throws mask_mismatch unless the OUs are of the layer's weight matrices.
inline void require_matrices(const nn::Node& node, const mapping::OuShape& ous) {
  if (ous.matrices != node.matrices)
    fail(ErrorId::mask_mismatch, "layer '", node.name, "' has ", node.matrices,
         " weight matrices, its OUs are of ", ous.matrices,
         "; say so of its mask with in_matrices()");
}

}  // namespace autoprune::simulation
