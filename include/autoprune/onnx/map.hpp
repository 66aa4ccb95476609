/// @file map.hpp
/// A tensor of the graph that depends on the images, as a view of a feature map of the network.
/// Reshapes and transpositions change the view alone: what an exporter makes of `x.view(...)`,
/// `permute` and back vanishes, and layers on channels-last tensors are layers of the same map.
#pragma once

#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::onnx {

/// Axes behind that of the images, whose numbers lie `strides` apart in the map of a draft in
/// PyTorch's order (channel, row, column). Views hold every number of their map once.
struct Map {
  Index draft = 0;
  std::vector<Index> extents = {}, strides = {};
  nn::Padding padding = {};  ///< zeros around the last two axes that the map itself hasn't; part of
                             ///< `extents`, but not of the map
  bool known = true;         ///< false behind a node that can't be read: there is no view

  [[nodiscard]] bool padded() const { return !(padding == nn::Padding{}); }
};

}  // namespace autoprune::onnx
