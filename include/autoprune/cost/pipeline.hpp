/// @file pipeline.hpp
/// When the layers of a network start and finish one image, each on hardware of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/cost/units.hpp"

namespace autoprune::cost {

/// One T an output position of a layer. Positions differ in how much of their input is new: in the
/// corner, in the rest of the first column, in the rest of the first row, and elsewhere.
template <class T>
struct ByPosition {
  T corner, first_col, first_row, inside;

  [[nodiscard]] const T& at(Index row, Index col) const noexcept {
    if (col == 0) return row == 0 ? corner : first_col;
    return row == 0 ? first_row : inside;
  }
};

struct LayerTimes {
  Ns start, finish;
};

namespace detail {

/// When the input of a position is there. `finished` holds the times of each layer's positions.
class GraphInputs {
 public:
  GraphInputs(const std::vector<GraphLayer>& layers, const std::vector<std::vector<Ns>>& finished)
      : layers_(layers), finished_(finished) {}

  /// @param whole  all of the input is waited for
  [[nodiscard]] Ns ready(const GraphLayer& layer, Index row, Index col, bool whole) const {
    Ns latest;
    for (const Index input : layer.inputs)
      if (input != kImage) latest = std::max(latest, ready(layer, input, row, col, whole));
    return latest;
  }

 private:
  [[nodiscard]] Ns ready(const GraphLayer& layer, Index input, Index row, Index col,
                         bool whole) const {
    const nn::Shape3& made = layers_[static_cast<std::size_t>(input)].out;
    const std::vector<Ns>& times = finished_[static_cast<std::size_t>(input)];
    // Who reads a map flattened waits for all of it.
    const bool flattened = made.height != layer.in.height || made.width != layer.in.width;
    if (flattened || whole) return times.back();
    const nn::Size2 reach = layer.reach();
    const Index y = last_needed(reach.h, layer.stride.h, layer.padding.h, row, made.height);
    const Index x = last_needed(reach.w, layer.stride.w, layer.padding.w, col, made.width);
    return times[static_cast<std::size_t>(y * made.width + x)];
  }

  /// The lowest row, or rightmost column, of a window.
  [[nodiscard]] static Index last_needed(Index kernel, Index stride, Index padding, Index position,
                                         Index size) {
    return std::min(std::max<Index>(kernel - padding, 1) + stride * position, size) - 1;
  }

  const std::vector<GraphLayer>& layers_;
  const std::vector<std::vector<Ns>>& finished_;
};

}  // namespace detail

/// A layer computes its positions one after another, row by row, each when its input is there.
/// @param steps          how long each layer takes for a position
/// @param waits_for_all  whether a layer begins only when all of its input is there; none does
///                       where nothing is given
[[nodiscard]] inline std::vector<LayerTimes> schedule(
    const std::vector<GraphLayer>& layers, const std::vector<ByPosition<Ns>>& steps,
    const std::function<bool(const GraphLayer&)>& waits_for_all = {}) {
  std::vector<LayerTimes> times;
  std::vector<std::vector<Ns>> finished;
  const detail::GraphInputs inputs(layers, finished);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const GraphLayer& layer = layers[l];
    const bool whole = waits_for_all && waits_for_all(layer);
    const Ns start = inputs.ready(layer, 0, 0, whole);
    std::vector<Ns> done;
    done.reserve(static_cast<std::size_t>(layer.out.height * layer.out.width));
    Ns now = start;
    for (Index row = 0; row < layer.out.height; ++row)
      for (Index col = 0; col < layer.out.width; ++col) {
        now = std::max(now, inputs.ready(layer, row, col, whole)) + steps[l].at(row, col);
        done.push_back(now);
      }
    finished.push_back(std::move(done));
    times.push_back({start, now});
  }
  return times;
}

}  // namespace autoprune::cost
