/// @file answer.hpp
/// What a network answers to images: in floating point, in integers, or on the accelerator.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/methods/compressor.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/simulation/simulated_network.hpp"
#include "autoprune/study/spec.hpp"

namespace autoprune::study {

/// Runs a network under masks, one a matrix layer, in the numbers that were asked for. The same
/// bits for an image whatever the batches are, as long as all but the last are whole blocks of
/// nn::kLanes images.
template <class Adcs = hardware::AdcKinds>
class Answering {
 public:
  /// `calibration` sets the ranges of integers; floating point needs none. Of the spec, its
  /// calibration and seed. Holds references. Throws what calibrate() and the layers throw.
  Answering(nn::Network& network, const std::vector<PruneMask>& masks,
            const methods::Compressor& compressor, const hardware::Accelerator& accelerator,
            AccuracyKind numbers, std::span<const nn::Batch> calibration, const StudySpec& spec,
            ThreadPool& pool)
      : session_(network, pool) {
    if (numbers == AccuracyKind::real) {
      session_.set_masks(masks);
      return;
    }
    const hardware::Accelerator chip =
        numbers == AccuracyKind::quantised ? accelerator.ideal() : accelerator;
    simulated_.emplace(session_, chip, masks, compressor.map(masks).layers,
                       simulation::calibrate(session_, masks, calibration, spec.calibration),
                       simulation::Draw{.seed = spec.seed});
    simulated_->count_activity(false);
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

  /// Valid until the next call.
  const nn::Activation& logits(const nn::Activation& images) {
    return simulated_ ? simulated_->forward(images) : session_.logits_of(images);
  }

 private:
  nn::Session session_;
  std::optional<simulation::BasicSimulatedNetwork<Adcs>> simulated_;
};

}  // namespace autoprune::study
