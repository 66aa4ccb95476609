/// @file window.hpp
/// Where a window can stand on a map.
#pragma once

#include "autoprune/core/error.hpp"
#include "autoprune/nn/op.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn::detail {

/// The input's channels at every position of the window. Throws out_of_range and invalid_graph.
[[nodiscard]] inline Shape3 windowed(const OpInputs& in, const Window& window) {
  const auto extent = [&](Index size, Index k, Index s, Index p) {
    if (k < 1 || s < 1 || p < 0 || p >= k || k > kMaxMap || s > kMaxMap)
      in.fail(ErrorId::out_of_range, "kernel ", k, ", stride ", s, ", padding ", p,
              "; needs kernel and stride from 1 to ", kMaxMap, ", 0 <= padding < kernel");
    if (size + 2 * p < k)
      in.fail(ErrorId::invalid_graph, "a kernel of ", k, " is larger than its input of ", size,
              " with padding ", p);
    return (size + 2 * p - k) / s + 1;
  };
  const auto& [kernel, stride, padding] = window;
  const Shape3& map = in.front();
  return {map.channels, extent(map.height, kernel.h, stride.h, padding.h),
          extent(map.width, kernel.w, stride.w, padding.w)};
}

}  // namespace autoprune::nn::detail
