/// @file window.hpp
/// Where a window can stand on a map.
#pragma once

#include <algorithm>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/op.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn::detail {

/// The input's channels at every position of the window; `ceil` lets the last one reach past the
/// padding, as long as it begins before. Throws out_of_range and invalid_graph.
[[nodiscard]] inline Shape3 windowed(const OpInputs& in, const Window& window, bool ceil = false) {
  const auto extent = [&](Index size, Index k, Index s, Index p, Index behind, Index d) {
    const bool known = std::min({k, s, d}) >= 1 && std::max({k, s, d}) <= kMaxMap;
    const Index reach = known ? (k - 1) * d + 1 : 0;
    if (!known || std::min(p, behind) < 0 || std::max(p, behind) >= reach)
      in.fail(ErrorId::out_of_range, "kernel ", k, ", stride ", s, ", dilation ", d, ", padding ",
              p, " and ", behind, "; needs kernel, stride and dilation from 1 to ", kMaxMap,
              ", 0 <= padding < dilation * (kernel - 1) + 1");
    if (size + p + behind < reach)
      in.fail(ErrorId::invalid_graph, "a kernel of ", reach, " is larger than its input of ", size,
              " with padding ", p, " and ", behind);
    const Index steps = (size + p + behind - reach + (ceil ? s - 1 : 0)) / s;
    return steps * s < size + p ? steps + 1 : steps;
  };
  const auto& [kernel, stride, padding, dilation] = window;
  const Shape3& map = in.front();
  return {map.channels,
          extent(map.height, kernel.h, stride.h, padding.h, padding.h_end, dilation.h),
          extent(map.width, kernel.w, stride.w, padding.w, padding.w_end, dilation.w)};
}

}  // namespace autoprune::nn::detail
