/// @file quantiser.hpp
/// Training for an accelerator of few bits: the network computes with the integers that it will be
/// stored as, and ends at weights that are those integers.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/batch.hpp"
#include "autoprune/nn/equalise.hpp"
#include "autoprune/nn/layer_codes.hpp"
#include "autoprune/simulation/calibration.hpp"
#include "autoprune/simulation/weight_range.hpp"

namespace autoprune::search {

/// Whether rounding to its integers costs accuracy: where some layer's weights or inputs have fewer
/// than 8 magnitude bits. `layers`: how many have weights.
[[nodiscard]] inline bool coarse(const hardware::Accelerator& accelerator, Index layers) {
  for (Index k = 0; k < layers; ++k) {
    const hardware::Accelerator own = accelerator.layer(k);
    if (own.weights.weight_bits < 8 || own.inputs.bits < 8) return true;
  }
  return false;
}

/// The codes that the kept weights of every matrix layer lose least by, its channels equalised
/// where that is free. Bits are the accelerator's, layer by layer. No masks: all weights are kept.
[[nodiscard]] inline std::vector<nn::LayerCodes> weight_codes(
    const nn::Network& network, std::span<const PruneMask> masks,
    const hardware::Accelerator& accelerator) {
  const std::vector<Index> layers = network.matrix_layers();
  std::vector<PruneMask> all;
  if (masks.empty()) {
    for (const Index i : layers) {
      const ConstMatrixView w = weight_matrix(network.node(i).weight);
      all.emplace_back(w.cols(), w.rows(), w.cols());
    }
    masks = all;
  }
  std::vector<std::vector<float>> ranges = nn::channel_ranges(network, masks);
  std::vector<nn::LayerCodes> codes;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    Tensor weight = network.node(layers[k]).weight;
    nn::divide_channels(weight, ranges[k]);
    const Index bits = accelerator.layer(static_cast<Index>(k)).weights.weight_bits;
    codes.push_back(
        {simulation::least_squares_codes(weight, masks[k], bits), {}, std::move(ranges[k])});
  }
  return codes;
}

/// The network's weights become integers of the accelerator: simulation::quantise() reads the same
/// codes out of them. Those of pruned column-vectors have to be zero.
inline void write_codes(nn::Network& network, std::span<const PruneMask> masks,
                        const hardware::Accelerator& accelerator, ThreadPool& pool) {
  nn::equalise(network, nn::channel_ranges(network, masks));
  for (Index k = 0; const Index i : network.matrix_layers()) {
    Tensor& weight = network.node(i).weight;
    const Index bits = accelerator.layer(k).weights.weight_bits;
    const PruneMask& mask = masks[static_cast<std::size_t>(k++)];
    nn::round_weights(weight, {simulation::least_squares_codes(weight, mask, bits), {}}, weight,
                      pool);
  }
}

/// Finds the codes of a network's layers and puts them to use. Codes follow from weights, masks and
/// calibration images alone, so that a run that resumes finds them again.
class Quantiser {
 public:
  /// Bits are the accelerator's, layer by layer. Throws empty_data for no images, and what the
  /// config throws.
  Quantiser(const hardware::Accelerator& accelerator, std::vector<nn::Batch> images,
            simulation::CalibrationConfig config = {})
      : accelerator_(accelerator), images_(std::move(images)), config_(config) {
    config_.validate();
    if (images_.empty()) fail(ErrorId::empty_data, "codes of inputs from no images; give some");
  }

  /// Gives the backend the codes of its network as it is now, inputs as the rounded weights make
  /// them.
  void set_codes(nn::Backend& backend) const {
    backend.fetch();
    std::vector<nn::LayerCodes> codes =
        weight_codes(backend.network(), backend.masks(), accelerator_);
    backend.set_codes(codes);
    std::vector<simulation::RangeObserver> seen(codes.size(), simulation::RangeObserver(config_));
    for (const nn::Batch& batch : images_)
      backend.inputs_of_layers(batch, [&](Index layer, const nn::Activation& x) {
        seen[static_cast<std::size_t>(layer)].observe(x);
      });
    for (std::size_t k = 0; k < codes.size(); ++k) {
      const simulation::Range range = seen[k].range();
      codes[k].inputs = {accelerator_.layer(static_cast<Index>(k)).inputs.bits, range.largest,
                         range.negative};
    }
    backend.set_codes(codes);
  }

  /// search::write_codes() for its accelerator.
  void write_codes(nn::Network& network, std::span<const PruneMask> masks, ThreadPool& pool) const {
    search::write_codes(network, masks, accelerator_, pool);
  }

 private:
  hardware::Accelerator accelerator_;
  std::vector<nn::Batch> images_;
  simulation::CalibrationConfig config_;
};

}  // namespace autoprune::search
