/// @file answer.hpp
/// What a network answers to images: in floating point, in integers, or on the accelerator.
#pragma once

#include <algorithm>
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

/// Of images, one after another.
struct Logits {
  std::vector<Index> shape;  ///< images by classes, and by rows and columns of maps
  std::vector<float> values;
};

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
      : pool_(pool), session_(network, pool) {
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

  /// Of all images; show(done) is told how many are.
  template <class Show>
  [[nodiscard]] Logits all(const nn::ImageSource& images, const Show& show) {
    const Index size = nn::batch_size(images.shape());
    Logits found;
    nn::Batch batch;
    for (Index first = 0; first < images.size(); first += size) {
      const Index last = std::min(first + size, images.size());
      images.load(nn::range(first, last), nullptr, batch, pool_);
      const nn::Activation& maps = logits(batch.images);
      const nn::Shape3& out = maps.shape();
      found.shape = {images.size(), out.channels};
      if (out.height * out.width > 1)
        found.shape.insert(found.shape.end(), {out.height, out.width});
      for (Index i = 0; i < maps.images(); ++i)
        for (Index c = 0; c < out.channels; ++c)
          for (Index h = 0; h < out.height; ++h)
            for (Index w = 0; w < out.width; ++w) found.values.push_back(maps.at(i, c, h, w));
      show(last);
    }
    return found;
  }

 private:
  ThreadPool& pool_;
  nn::Session session_;
  std::optional<simulation::BasicSimulatedNetwork<Adcs>> simulated_;
};

}  // namespace autoprune::study
