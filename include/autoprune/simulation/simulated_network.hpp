/// @file simulated_network.hpp
/// A whole network on the accelerator (the slides' acc_reram): matrix layers go through the data
/// path, everything else stays digital and in floating point.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/mapping/crossbar_mapper.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/product_guard.hpp"
#include "autoprune/simulation/simulated_layer.hpp"

namespace autoprune::simulation {

enum class AdcKind {
  ideal,
  saturating,
  rounding,
  scaled,  ///< signed, to the range of the layer's outputs
  fixed    ///< signed, to the largest sum of an OU
};

struct SimulationConfig {
  DataPathConfig data_path;
  AdcKind adc = AdcKind::ideal;
  Index adc_bits = 6;
  RealDevices devices;
  std::uint64_t seed = 1;  ///< of the cells
  bool walk_all = false;   ///< visit bitlines whose ADC can't err, too: slower, the same bits

  /// Whether seeds matter.
  [[nodiscard]] bool noisy() const noexcept {
    return !devices.ideal() || data_path.read_noise > 0.0;
  }
  /// The same integers on hardware that makes no errors.
  [[nodiscard]] SimulationConfig ideal() const {
    SimulationConfig config = *this;
    config.adc = AdcKind::ideal;
    config.devices = {};
    config.data_path.read_noise = 0.0;
    return config;
  }
};

/// Holds references: the session has to outlive it.
class SimulatedNetwork {
 public:
  /// The session's network under `masks` (one a matrix layer) on the places that a method gave
  /// them, with the ranges that calibrate() found. Throws shape_mismatch, and what the layers
  /// throw.
  SimulatedNetwork(nn::Session& session, const Geometry<>& geometry,
                   std::span<const PruneMask> masks, std::span<const mapping::Placement> placements,
                   std::span<const LayerRanges> ranges, const SimulationConfig& config)
      : session_(session), nodes_(session.network().matrix_layers()), activity_(nodes_.size()) {
    if (masks.size() != nodes_.size() || placements.size() != nodes_.size() ||
        ranges.size() != nodes_.size())
      fail(ErrorId::shape_mismatch, masks.size(), " masks, ", placements.size(), " placements and ",
           ranges.size(), " layers' ranges for ", nodes_.size(),
           " layers with weights; one each is needed");
    for (std::size_t k = 0; k < nodes_.size(); ++k)
      layers_.push_back(make_layer(k, geometry, masks[k], placements[k], ranges[k], config));
  }

  /// The same for column-vectors.
  SimulatedNetwork(nn::Session& session, const Geometry<>& geometry,
                   std::span<const PruneMask> masks, std::span<const LayerRanges> ranges,
                   const SimulationConfig& config)
      : SimulatedNetwork(session, geometry, masks,
                         place_vectors(geometry, config.data_path.mapping, masks), ranges, config) {
  }

  /// Accuracy on the accelerator; what it did is added to activity().
  [[nodiscard]] nn::Accuracy evaluate(std::span<const nn::Batch> batches) {
    const nn::ProductGuard guard(session_, [this](Index node, const nn::Activation& x,
                                                  nn::Activation& y) {
      const auto k =
          static_cast<std::size_t>(std::find(nodes_.begin(), nodes_.end(), node) - nodes_.begin());
      layers_[k].product(x, y, counts_ ? &activity_[k] : nullptr, session_.pool());
    });
    return nn::evaluate(session_, batches);
  }

  /// Whether activity() is counted; on by default.
  void count_activity(bool counts) { counts_ = counts; }
  /// Of every matrix layer, over all images so far.
  [[nodiscard]] const std::vector<Activity>& activity() const noexcept { return activity_; }

 private:
  static std::vector<mapping::Placement> place_vectors(const Geometry<>& geometry,
                                                       const mapping::MappingOptions& options,
                                                       std::span<const PruneMask> masks) {
    const mapping::CrossbarMapper mapper(geometry, options);
    std::vector<mapping::Placement> placements;
    for (const PruneMask& mask : masks) placements.push_back(mapper.map(mask));
    return placements;
  }

  SimulatedLayer make_layer(std::size_t k, const Geometry<>& geometry, const PruneMask& mask,
                            const mapping::Placement& placement, const LayerRanges& ranges,
                            const SimulationConfig& config) {
    const nn::Network& network = session_.network();
    const nn::Node& node = network.node(nodes_[k]);
    const DataPathConfig& path = config.data_path;
    nn::check_parameters(node);
    const StoredLayer layer{
        network, node, mask, placement, quantise(node.weight, mask, path.mapping.weight_bits),
        ranges};
    // Cells of different layers are drawn independently.
    const std::uint64_t seed = config.seed + (std::uint64_t{k} << 32);
    const auto with = [&](const auto& adc) {
      if (config.devices.ideal())
        return SimulatedLayer::make(layer, geometry, adc, path, IdealDevices{}, seed,
                                    config.walk_all, session_.pool());
      return SimulatedLayer::make(layer, geometry, adc, path, config.devices, seed, config.walk_all,
                                  session_.pool());
    };
    const mapping::OuShape& shape = placement.ous.shape();
    const Index active =
        shape.granularity > 0 ? std::min(shape.granularity, geometry.ou_rows) : geometry.ou_rows;
    const double full_scale = static_cast<double>(active) * largest_code(geometry.cell_bits) *
                              largest_code(path.input.dac_bits);
    switch (config.adc) {
      case AdcKind::saturating:
        return with(SaturatingAdc(config.adc_bits));
      case AdcKind::rounding:
        return with(RoundingAdc::over(full_scale, config.adc_bits));
      case AdcKind::fixed:
        return with(RoundingAdc::signed_over(full_scale, config.adc_bits));
      case AdcKind::scaled:
        return with(RoundingAdc::signed_to_outputs(
            output_range(ranges) / (layer.weights.step * input_step(ranges.input, path.input)),
            highest_place(path, geometry.cell_bits),
            shape.granularity > 0 ? shape.groups() : ceil_div(shape.rows, geometry.ou_rows),
            config.adc_bits));
      case AdcKind::ideal:
        return with(IdealAdc{});
    }
    fail_enum("kind of ADC", config.adc);
  }

  /// Any range does for outputs that were zeros.
  static double output_range(const LayerRanges& ranges) {
    return ranges.output.largest > 0.0 ? ranges.output.largest : 1.0;
  }

  /// Place value of the highest digits of an input and of a weight.
  static double highest_place(const DataPathConfig& path, Index cell_bits) {
    const Index weight = (path.mapping.slices(cell_bits) - 1) * cell_bits;
    const Index input = (path.input.digits() - 1) * path.input.dac_bits;
    return std::exp2(static_cast<double>(weight + input));
  }

  nn::Session& session_;
  std::vector<Index> nodes_;
  std::vector<SimulatedLayer> layers_;
  std::vector<Activity> activity_;
  bool counts_ = true;
};

}  // namespace autoprune::simulation
