/// @file mnsim_schedule.hpp
/// When the layers of the MNSIM-2.0 reference model start and finish one image.
#pragma once

#include <algorithm>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/mnsim_latency.hpp"
#include "autoprune/cost/mnsim_layers.hpp"
#include "autoprune/cost/units.hpp"

namespace autoprune::cost {

struct MnsimTimes {
  Ns start, finish;
};

namespace detail {

/// When the input of a position is there. `finished` holds the times of each layer's positions.
class MnsimInputs {
 public:
  MnsimInputs(const std::vector<MnsimLayer>& layers, const std::vector<std::vector<Ns>>& finished,
              bool pipelined)
      : layers_(layers), finished_(finished), pipelined_(pipelined) {}

  [[nodiscard]] Ns ready(const MnsimLayer& layer, Index row, Index col) const {
    Ns latest;
    for (const Index input : layer.inputs)
      if (input != kMnsimImage) latest = std::max(latest, ready(layer, input, row, col));
    return latest;
  }

 private:
  [[nodiscard]] Ns ready(const MnsimLayer& layer, Index input, Index row, Index col) const {
    const nn::Shape3& made = layers_[static_cast<std::size_t>(input)].out;
    const std::vector<Ns>& times = finished_[static_cast<std::size_t>(input)];
    // Who reads a map flattened waits for all of it.
    const bool flattened = made.height != layer.in.height || made.width != layer.in.width;
    // Quirk: residual sums stay in the pipeline where there is none.
    if (flattened || (!pipelined_ && layer.kind != MnsimKind::sum)) return times.back();
    const Index y = last_needed(layer.kernel.h, layer.stride.h, layer.padding.h, row, made.height);
    const Index x = last_needed(layer.kernel.w, layer.stride.w, layer.padding.w, col, made.width);
    return times[static_cast<std::size_t>(y * made.width + x)];
  }

  /// The lowest row, or rightmost column, of a window.
  [[nodiscard]] static Index last_needed(Index kernel, Index stride, Index padding, Index position,
                                         Index size) {
    return std::min(std::max<Index>(kernel - padding, 1) + stride * position, size) - 1;
  }

  const std::vector<MnsimLayer>& layers_;
  const std::vector<std::vector<Ns>>& finished_;
  bool pipelined_;
};

}  // namespace detail

/// A layer computes its positions one after another, row by row, each when its input is there;
/// without a pipeline, when all of the layer's input is there.
[[nodiscard]] inline std::vector<MnsimTimes> mnsim_schedule(const std::vector<MnsimLayer>& layers,
                                                            const std::vector<MnsimSteps>& steps,
                                                            bool pipelined) {
  std::vector<MnsimTimes> times;
  std::vector<std::vector<Ns>> finished;
  const detail::MnsimInputs inputs(layers, finished, pipelined);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const MnsimLayer& layer = layers[l];
    const Ns start = inputs.ready(layer, 0, 0);
    std::vector<Ns> done;
    done.reserve(static_cast<std::size_t>(layer.out.height * layer.out.width));
    Ns now = start;
    for (Index row = 0; row < layer.out.height; ++row)
      for (Index col = 0; col < layer.out.width; ++col) {
        now = std::max(now, inputs.ready(layer, row, col)) + steps[l].at(row, col).total;
        done.push_back(now);
      }
    finished.push_back(std::move(done));
    times.push_back({start, now});
  }
  return times;
}

}  // namespace autoprune::cost
