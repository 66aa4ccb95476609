/// @file simulated_network.hpp
/// A whole network on the accelerator (the slides' acc_reram): matrix layers go through the data
/// path, everything else stays digital and in floating point.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/product_guard.hpp"
#include "autoprune/simulation/simulated_layer.hpp"

namespace autoprune::simulation {

/// What a simulation decides beside the accelerator.
struct Draw {
  std::uint64_t seed = 1;  ///< of the cells
  bool walk_all = false;   ///< visit bitlines whose ADC can't err, too: slower, the same bits
};

/// Of an accelerator whose converter is one of the kinds `Adcs`. Holds references: the session has
/// to outlive it.
template <class Adcs>
class BasicSimulatedNetwork {
 public:
  /// The session's network under `masks` (one a matrix layer) on the places that a method gave
  /// them, with the ranges that calibrate() found. Throws shape_mismatch, and what the layers
  /// throw.
  BasicSimulatedNetwork(nn::Session& session, const hardware::Accelerator& accelerator,
                        std::span<const PruneMask> masks,
                        std::span<const mapping::Placement> placements,
                        std::span<const LayerRanges> ranges, const Draw& draw = {})
      : session_(session), nodes_(session.network().matrix_layers()), activity_(nodes_.size()) {
    if (masks.size() != nodes_.size() || placements.size() != nodes_.size() ||
        ranges.size() != nodes_.size())
      fail(ErrorId::shape_mismatch, masks.size(), " masks, ", placements.size(), " placements and ",
           ranges.size(), " layers' ranges for ", nodes_.size(),
           " layers with weights; one each is needed");
    accelerator.require_layers(nodes_.size());
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      layers_.push_back(make_layer(k, accelerator.layer(static_cast<Index>(k)), masks[k],
                                   placements[k], ranges[k], draw));
  }

  /// The same for column-vectors.
  BasicSimulatedNetwork(nn::Session& session, const hardware::Accelerator& accelerator,
                        std::span<const PruneMask> masks, std::span<const LayerRanges> ranges,
                        const Draw& draw = {})
      : BasicSimulatedNetwork(session, accelerator, masks, place_vectors(accelerator, masks),
                              ranges, draw) {}

  /// Accuracy on the accelerator; what it did is added to activity().
  [[nodiscard]] nn::Accuracy evaluate(std::span<const nn::Batch> batches) {
    const nn::ProductGuard guard(session_, product());
    return nn::evaluate(session_, batches);
  }
  /// Logits of a batch, valid until the session's next call; what it did is added to activity().
  const nn::Activation& forward(const nn::Activation& images) {
    const nn::ProductGuard guard(session_, product());
    return session_.logits_of(images);
  }

  /// Whether activity() is counted; on by default.
  void count_activity(bool counts) { counts_ = counts; }
  /// Of every matrix layer, over all images so far.
  [[nodiscard]] const std::vector<Activity>& activity() const noexcept { return activity_; }

 private:
  [[nodiscard]] nn::Product product() {
    return [this](Index node, const nn::Activation& x, nn::Activation& y) {
      const auto k =
          static_cast<std::size_t>(std::find(nodes_.begin(), nodes_.end(), node) - nodes_.begin());
      layers_[k].product(x, y, counts_ ? &activity_[k] : nullptr, scratch_, session_.pool());
    };
  }

  static std::vector<mapping::Placement> place_vectors(const hardware::Accelerator& accelerator,
                                                       std::span<const PruneMask> masks) {
    std::vector<mapping::Placement> placements;
    for (const PruneMask& mask : masks) {
      const hardware::Accelerator own = accelerator.layer(std::ssize(placements));
      placements.push_back(mapping::CrossbarMapper(own.geometry, own.weights).map(mask));
    }
    return placements;
  }

  SimulatedLayer make_layer(std::size_t k, const hardware::Accelerator& accelerator,
                            const PruneMask& mask, const mapping::Placement& placement,
                            const LayerRanges& ranges, const Draw& draw) {
    const nn::Network& network = session_.network();
    const nn::Node& node = network.node(nodes_[k]);
    nn::check_parameters(node);
    const StoredLayer layer{network,
                            node,
                            mask,
                            placement,
                            quantise(node.weight, mask, accelerator.weights.weight_bits),
                            ranges};
    const DataPathConfig path{accelerator.weights, accelerator.inputs,
                              accelerator.devices.read_noise};
    // Cells of different layers are drawn independently.
    const std::uint64_t seed = draw.seed + (std::uint64_t{k} << 32);
    const hardware::CellKinds& devices = accelerator.devices.cells;
    std::optional<SimulatedLayer> made;
    hardware::with_adc<Adcs>(accelerator.adc, site_of(accelerator, layer), [&](const auto& adc) {
      const auto with = [&](const auto& cells) {
        made = SimulatedLayer::make(layer, accelerator.geometry, adc, path, cells, seed,
                                    draw.walk_all, session_.pool());
      };
      devices.ideal() ? with(hardware::IdealDevices{}) : with(devices);
    });
    return std::move(*made);
  }

  static hardware::AdcSite site_of(const hardware::Accelerator& accelerator,
                                   const StoredLayer& layer) {
    const Geometry<>& geometry = accelerator.geometry;
    const mapping::OuShape& shape = layer.placement.ous.shape();
    const bool groups = shape.granularity > 0;
    const Index active = groups ? std::min(shape.granularity, geometry.ou_rows) : geometry.ou_rows;
    const double input = codes_of(layer.ranges.input, accelerator.inputs).step();
    return {.full_scale = static_cast<double>(active) * largest_code(geometry.cell_bits) *
                          largest_code(accelerator.inputs.dac_bits),
            .output_range = output_range(layer.ranges) / (layer.weights.step * input),
            .highest_place = highest_place(accelerator),
            .parts = groups ? shape.matrix_groups() : ceil_div(shape.rows, geometry.ou_rows)};
  }

  /// Any range does for outputs that were zeros.
  static double output_range(const LayerRanges& ranges) {
    return ranges.output.largest > 0.0 ? ranges.output.largest : 1.0;
  }

  /// Place value of the highest digits of an input and of a weight.
  static double highest_place(const hardware::Accelerator& accelerator) {
    const Index cell_bits = accelerator.geometry.cell_bits;
    const Index weight = (accelerator.weights.slices(cell_bits) - 1) * cell_bits;
    const Index input = (accelerator.digits() - 1) * accelerator.inputs.dac_bits;
    return std::exp2(static_cast<double>(weight + input));
  }

  nn::Session& session_;
  std::vector<Index> nodes_;
  std::vector<SimulatedLayer> layers_;
  std::vector<Activity> activity_;
  SimulatedLayer::Scratch scratch_;
  bool counts_ = true;
};

using SimulatedNetwork = BasicSimulatedNetwork<hardware::AdcKinds>;

}  // namespace autoprune::simulation
