/// @file fine_tune.hpp
/// Recovers the accuracy of a policy: the masks tighten gradually while the network trains, are
/// ranked anew on the weights of the moment (a pruned vector may come back), and stay fixed for the
/// rest. Pruning to the end in one step makes a network collapse above a compression of about 10.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/train.hpp"
#include "autoprune/prune/schedule.hpp"
#include "autoprune/prune/zero_mask.hpp"
#include "autoprune/search/policy.hpp"
#include "autoprune/search/pricing.hpp"
#include "autoprune/search/quantiser.hpp"
#include "autoprune/search/reconstruction.hpp"

namespace autoprune::search {

struct FineTuneConfig {
  nn::TrainConfig train = {};            ///< epochs, learning rate, distillation and so on
  prune::GradualSchedule schedule = {};  ///< share of the epochs in which the masks tighten
};

/// A fine-tuning run, epoch by epoch, so that its owner can measure and save in between.
class FineTuner {
 public:
  /// Trains `network` in place towards `policy`, where `make` says; `teacher`, the dense network,
  /// may be null.
  FineTuner(nn::Network& network, const nn::ImageSource& data, std::vector<Index> indices,
            Policy policy, Constraints constraints, const Compressor& compressor,
            FineTuneConfig config, ThreadPool& pool, nn::Network* teacher = nullptr,
            const nn::MakeBackend& make = nn::cpu_backend)
      : network_(network),
        data_(data),
        ranking_images_(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                               indices.size(), kRankingImages))),
        policy_(std::move(policy)),
        constraints_(std::move(constraints)),
        compressor_(compressor.with(policy_)),
        config_(config),
        trainer_(network, data, std::move(indices), config.train, pool, teacher, make) {
    config_.schedule.validate();
  }

  [[nodiscard]] bool done() const noexcept { return trainer_.done(); }
  [[nodiscard]] nn::Trainer& trainer() noexcept { return trainer_; }
  [[nodiscard]] const std::vector<PruneMask>& masks() const noexcept { return trainer_.masks(); }

  /// Before the first epoch: prunes as far as the schedule begins, and fits what is kept to the
  /// dense network. Throws what the constraints and the compressor throw, and mask_mismatch for a
  /// reconstruction of another network.
  template <class Scalar>
  void reconstruct(const BasicReconstruction<Scalar>& reconstruction) {
    if (auto masks = tighten(0.0)) trainer_.set_masks(std::move(*masks));
    reconstruction.apply(network_, masks(), trainer_.backend().pool());
    trainer_.backend().weights_changed();
  }

  /// Before the first epoch: the network trains under these masks to the end.
  void hold(std::vector<PruneMask> masks) {
    trainer_.set_masks(std::move(masks));
    tightened_ = true;
  }

  /// Before the first epoch: what the last masks, which are ranked anew, cost, so that they keep to
  /// the budgets. Of the policy's compressor.
  void keep_to_budgets(Pricing pricing) { pricing_ = std::move(pricing); }

  /// From now on the network trains with an accelerator's codes, found anew after each epoch. Call
  /// it when everything else is set: masks, and what is resumed.
  void quantise(Quantiser quantiser) {
    quantiser_.emplace(std::move(quantiser));
    quantiser_->set_codes(trainer_.backend());
  }

  nn::EpochReport run_epoch(const std::function<void(Index, Index)>& on_step = {}) {
    nn::EpochReport report =
        trainer_.run_epoch([this](double progress) { return tighten(progress); }, on_step);
    // A training of few steps, or a ramp to its end, has none left that could tighten the masks.
    if (trainer_.done())
      if (auto masks = tighten(1.0)) trainer_.set_masks(std::move(*masks));
    if (quantiser_) quantiser_->set_codes(trainer_.backend());
    return report;
  }

  /// Goes on from a checkpoint: the network's parameters and trainer().state() have been restored.
  void resume(Index epoch, std::vector<PruneMask> masks, bool tightened) {
    trainer_.resume(epoch, std::move(masks));
    tightened_ = tightened;
  }
  /// The masks have reached their final form.
  [[nodiscard]] bool tightened() const noexcept { return tightened_; }

  /// In the end: weights of pruned vectors become zero, what the masks say in the weights
  /// themselves, and those that were trained as codes become what these stand for.
  void settle_weights() {
    const std::vector<Index> layers = network_.matrix_layers();
    for (std::size_t k = 0; k < masks().size(); ++k)
      prune::erase_pruned(weight_matrix(network_.node(layers[k]).weight), masks()[k]);
    if (quantiser_) quantiser_->write_codes(network_, masks(), trainer_.backend().pool());
  }

 private:
  static constexpr std::size_t kRankingImages = 512;

  [[nodiscard]] std::vector<Ranking> rank() {
    if (!compressor_.needs_gradients()) return compressor_.rank(network_);
    nn::Backend& backend = trainer_.backend();
    const auto batches = nn::load_batches(data_, ranking_images_, backend.pool());
    return compressor_.rank(network_, backend.loss_gradients(batches));
  }

  std::optional<std::vector<PruneMask>> tighten(double progress) {
    if (tightened_) return {};
    tightened_ = config_.schedule.reached(progress);
    const std::vector<Ranking> layers = rank();
    Policy now;
    for (const LayerPlan& plan : policy_)
      now.emplace_back(config_.schedule.keep_ratio(plan.keep, std::min(1.0, progress)));
    // The ranking has moved since the search: scale the last masks once more.
    if (tightened_) {
      LayerCounts counts(compressor_, layers);
      now = scale_to_target(now, constraints_, counts);
      if (pricing_ && constraints_.budgets.any())
        now = scale_to_budgets(now, constraints_, [&](const Policy& policy) {
          const std::vector<PruneMask> masks = Compressor::masks(layers, policy);
          return pricing_.price(masks);
        });
    }
    return Compressor::masks(layers, now);
  }

  nn::Network& network_;
  const nn::ImageSource& data_;
  std::vector<Index> ranking_images_;  // of criteria that need gradients
  Policy policy_;
  Constraints constraints_;
  Compressor compressor_;  // of the policy
  FineTuneConfig config_;
  nn::Trainer trainer_;
  std::optional<Quantiser> quantiser_;
  Pricing pricing_;
  bool tightened_ = false;
};

}  // namespace autoprune::search
