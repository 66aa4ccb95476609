/// @file environment.hpp
/// What answers a policy: masks, batch-norm statistics that fit them, accuracy on held-out images,
/// crossbars, and the reward of the two.
#pragma once

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/nn/evaluate.hpp"
#include "autoprune/search/archive.hpp"
#include "autoprune/search/compressor.hpp"
#include "autoprune/search/layer_counts.hpp"
#include "autoprune/search/oracle.hpp"
#include "autoprune/search/policy.hpp"
#include "autoprune/search/reward.hpp"
#include "autoprune/search/saving.hpp"
#include "autoprune/search/state.hpp"

namespace autoprune::search {

/// Which accuracy the reward reads.
enum class Metric { top1, top5 };

/// What the environment says of a policy.
struct Outcome {
  Policy keep_ratios;     ///< realised: after scaling to the target and rounding to whole OUs
  double accuracy = 0.0;  ///< held out, percent
  double reward = 0.0;    ///< minus 1 when the accuracy is below the allowed one
  bool feasible = true;   ///< within the allowed loss of accuracy
  mapping::CrossbarCount crossbars;
  Policy policy;  ///< as it was measured: gives the same masks again
};

template <RewardFunction Reward = CompressionReward>
class PruningEnvironment {
 public:
  /// Copies the network. The pool has to outlive the environment. With a `saving` the reward counts
  /// that instead of crossbars. Throws what the constraints, the compressor and the oracle throw.
  PruningEnvironment(nn::Network network, Compressor compressor, EnvironmentImages images,
                     Constraints constraints, ThreadPool& pool, Metric metric = Metric::top1,
                     Reward reward = {}, AccuracyOracle oracle = float_accuracy(),
                     Saving saving = {})
      : network_(std::move(network)),
        compressor_(std::move(compressor)),
        images_(std::move(images)),
        constraints_(std::move(constraints)),
        metric_(metric),
        reward_(std::move(reward)),
        oracle_(std::move(oracle)),
        saving_(std::move(saving)),
        session_(network_, pool),
        layers_(compressor_.rank(network_)),
        counts_(compressor_, layers_),
        states_(network_, compressor_.count(dense_masks())) {
    constraints_.validate(layers_.size());
    dense_accuracy_ = measure(dense_masks());
  }
  PruningEnvironment(const PruningEnvironment&) = delete;
  PruningEnvironment& operator=(const PruningEnvironment&) = delete;

  [[nodiscard]] Index layers() const noexcept { return states_.layers(); }
  [[nodiscard]] const StateTable& states() const noexcept { return states_; }
  [[nodiscard]] const Constraints& constraints() const noexcept { return constraints_; }
  [[nodiscard]] const Compressor& compressor() const noexcept { return compressor_; }
  [[nodiscard]] std::span<const Ranking> rankings() const noexcept { return layers_; }
  [[nodiscard]] const nn::Network& network() const noexcept { return network_; }
  /// Held-out accuracy of the unpruned network, percent.
  [[nodiscard]] double dense_accuracy() const noexcept { return dense_accuracy_; }

  /// The policy moved into the constraints that don't need an accuracy: bounds and target. What
  /// fills crossbars that are there anyway is free, but where energy or time are counted.
  [[nodiscard]] Policy allowed(const Policy& policy) {
    if (!saving_) return meet_constraints(policy, constraints_, counts_);
    if (!constraints_.target_compression) return clamp_to_bounds(policy, constraints_);
    return scale_to_target(policy, constraints_, counts_);
  }

  /// The keep ratios that an (allowed) policy comes to when whole OUs are kept.
  [[nodiscard]] Policy realised(const Policy& policy) {
    Policy keep_ratios;
    for (std::size_t k = 0; k < policy.size(); ++k) {
      const mapping::LayerCount& count = counts_.at(k, policy[k]);
      keep_ratios.push_back(static_cast<double>(count.kept) / static_cast<double>(count.vectors));
    }
    return keep_ratios;
  }

  /// Crossbars that layer k saves at a keep ratio.
  [[nodiscard]] double saved(Index k, double keep_ratio) {
    const mapping::LayerCount& count = counts_.at(static_cast<std::size_t>(k), keep_ratio);
    return static_cast<double>(count.crossbars_dense - count.crossbars);
  }

  /// Prunes under the (allowed) policy and measures. Throws not_finite when the reward isn't a
  /// number: it couldn't be compared.
  [[nodiscard]] Outcome evaluate(const Policy& policy) {
    const std::vector<PruneMask> masks = Compressor::masks(layers_, policy);
    Outcome out;
    out.policy = policy;
    for (const PruneMask& mask : masks) out.keep_ratios.push_back(mask.keep_ratio());
    out.crossbars = compressor_.count(masks).crossbars;
    session_.set_masks(masks);
    nn::recalibrate(session_, images_.calibration);
    out.accuracy = measure(masks);
    out.feasible = !constraints_.max_accuracy_drop ||
                   out.accuracy >= dense_accuracy_ - *constraints_.max_accuracy_drop;
    const double saved =
        saving_ ? saving_(masks) : compression(out.crossbars, constraints_.counting);
    out.reward = reward_({saved, out.accuracy, dense_accuracy_}) - (out.feasible ? 0.0 : 1.0);
    if (std::isnan(saved) || !std::isfinite(out.reward))
      fail(ErrorId::not_finite, "a policy that saves ", saved, " times, at an accuracy of ",
           out.accuracy, " %, has a reward of ", out.reward,
           "; check the reward, and the hardware when it counts energy or time");
    return out;
  }

  /// Of all that outcomes depend on. Pruner, mapping and reward, which may be of any type, are told
  /// apart by what they answer.
  [[nodiscard]] Fingerprint fingerprint() const {
    Fingerprint print;
    for (const nn::ConstNamedTensor& p : network_.parameters())
      if (p.name.find("running_") == std::string::npos)
        print.add(std::span<const float>(p.tensor->data(), p.tensor->size()));
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      const Ranking& layer = layers_[k];
      print.add(std::span<const float>(layer.vectors.data(),
                                       layer.vectors.data() + layer.vectors.size()));
      for (const double keep : {0.1, 0.3, 1.0}) {
        const mapping::LayerCount count =
            compressor_.count(static_cast<Index>(k), layer.mask(keep));
        for (const Index n : {count.kept, count.ous, count.crossbars, count.crossbars_dense})
          print.add(static_cast<double>(n));
      }
    }
    for (const auto* batches : {&images_.calibration, &images_.held_out})
      for (const nn::Batch& batch : *batches)
        print.add(std::span<const std::uint8_t>(batch.labels));
    if (saving_) print.add(saving_(Compressor::masks(layers_, Policy(layers_.size(), 0.3))));
    print.add(constraints_.target_compression.value_or(-1.0));
    print.add(constraints_.max_accuracy_drop.value_or(-1.0));
    print.add(static_cast<double>(constraints_.counting));
    for (const Bounds& b : constraints_.bounds) print.add(b.min).add(b.max);
    return print.add(reward_({3.0, 50.0, 60.0}))
        .add(static_cast<double>(metric_))
        .add(dense_accuracy_);
  }

 private:
  [[nodiscard]] std::vector<PruneMask> dense_masks() const {
    return Compressor::masks(layers_, Policy(layers_.size(), 1.0));
  }

  [[nodiscard]] double measure(std::span<const PruneMask> masks) {
    const nn::Accuracy accuracy = oracle_(session_, masks, images_);
    return metric_ == Metric::top5 ? accuracy.top5 : accuracy.top1;
  }

  nn::Network network_;
  Compressor compressor_;
  EnvironmentImages images_;
  Constraints constraints_;
  Metric metric_;
  Reward reward_;
  AccuracyOracle oracle_;
  Saving saving_;
  nn::Session session_;
  std::vector<Ranking> layers_;
  LayerCounts counts_;
  StateTable states_;
  double dense_accuracy_ = 0.0;
};

}  // namespace autoprune::search
