/// @file measure.hpp
/// The last stage: what came out, on the test set and on the accelerator.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/nn/tally.hpp"
#include "autoprune/prune/zero_mask.hpp"
#include "autoprune/search/quantiser.hpp"
#include "autoprune/simulation/simulated_network.hpp"
#include "autoprune/study/accuracy_kind.hpp"
#include "autoprune/study/record.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study {

/// Float accuracy of a network under masks, or without any, on the study's test images.
[[nodiscard]] inline nn::Accuracy test_accuracy(const Study& study, nn::Network& network,
                                                const std::vector<PruneMask>& masks) {
  const auto backend = study.run(network);
  backend->set_masks(masks);
  return nn::evaluate(*backend, study.data.test, nn::range(0, study.test_images()));
}

/// Masks of the compressor's that keep everything.
[[nodiscard]] inline std::vector<PruneMask> dense_masks(const nn::Network& network,
                                                        const methods::Compressor& compressor) {
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const ConstMatrixView weights = weight_matrix(network.node(i).weight);
    const Index granularity = compressor.granularity(std::ssize(masks));
    masks.push_back(PruneMask(weights.cols(), weights.rows(), granularity)
                        .in_matrices(network.node(i).matrices));
  }
  return masks;
}

[[nodiscard]] inline bool all_kept(std::span<const PruneMask> masks) {
  return std::all_of(masks.begin(), masks.end(),
                     [](const PruneMask& m) { return m.kept_count() == m.vectors(); });
}

/// Masks that a network's zeros spell out in the compressor's row groups; none when nothing is.
[[nodiscard]] inline std::vector<PruneMask> masks_of_zeros(const nn::Network& network,
                                                           const methods::Compressor& compressor) {
  std::vector<PruneMask> masks;
  bool any = false;
  for (const Index i : network.matrix_layers()) {
    masks.push_back(prune::zero_mask(weight_matrix(network.node(i).weight),
                                     compressor.granularity(std::ssize(masks)), compressor.rows(),
                                     network.node(i).matrices));
    any = any || masks.back().kept_count() > 0;
  }
  return any && !all_kept(masks) ? masks : std::vector<PruneMask>{};
}

/// Accuracy of the record's network on an accelerator, over the first `images` of the test set.
template <class Adcs = hardware::AdcKinds>
[[nodiscard]] nn::Accuracy simulated(const Study& study, Record& record,
                                     const hardware::Accelerator& accelerator, Index images) {
  nn::Session session(record.network, study.pool);
  session.set_masks(record.masks);
  const auto ranges = simulation::calibrate(session, record.masks, study.calibration_batches(),
                                            study.spec.calibration);
  simulation::BasicSimulatedNetwork<Adcs> network(session, accelerator, record.masks,
                                                  record.placement.layers, ranges,
                                                  {.seed = study.spec.seed});
  network.count_activity(false);
  return nn::evaluate_each(study.data.test, nn::range(0, images), study.pool,
                           [&](auto batches) { return network.evaluate(batches); });
}

/// Maps, prices and measures what the record's network and masks are.
template <class Adcs = hardware::AdcKinds>
void measure(const Study& study, Record& record) {
  const hardware::Accelerator chip = methods::planned(study.accelerator, record.policy);
  const cost::OuModel prices(study.network, chip);
  record.placement = study.compressor.with(record.policy).map(record.masks);
  record.dense_cost = prices.price_dense();
  record.cost = prices.price(record.placement.layers);
  record.images = study.test_images();
  nn::Network dense = study.spec.teacher.value_or(study.network);
  if (all_kept(masks_of_zeros(dense, study.compressor)))
    record.dense = test_accuracy(study, dense, {});
  record.pruned = test_accuracy(study, record.network, record.masks);
  // Of coarse integers the accuracy in floating point isn't what the accelerator reaches.
  const bool coarse = search::coarse(chip, std::ssize(record.masks));
  const Index asked = std::min(study.spec.simulated_images, study.data.test.size());
  const bool converted = asked > 0 || accuracy_kind(study) == AccuracyKind::on_crossbar;
  record.simulated_images = asked > 0 ? asked : coarse || converted ? record.images : 0;
  if (record.simulated_images < 1) return;
  record.quantised = simulated<Adcs>(study, record, chip.ideal(), record.simulated_images);
  if (converted) record.on_crossbar = simulated<Adcs>(study, record, chip, record.simulated_images);
}

}  // namespace autoprune::study
