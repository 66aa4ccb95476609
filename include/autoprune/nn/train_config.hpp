/// @file train_config.hpp
/// How a network is trained.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "autoprune/core/number.hpp"
#include "autoprune/nn/loss.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/ops/batch_norm.hpp"

namespace autoprune::nn {

struct SgdConfig {
  double momentum = 0.9;
  double weight_decay = 5e-4;
};

/// The learning rate of a network for which none is given. Batch-norm makes up for steps that are
/// too long; without it they end a training at chance.
[[nodiscard]] inline double default_learning_rate(const Network& network) {
  const auto& nodes = network.nodes();
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const Node& node) { return node.op.is<BatchNorm>(); })
             ? 0.05
             : 0.01;
}

struct TrainConfig {
  Index epochs = 20;
  Index batch = 256;  ///< images a step; the last, smaller batch of an epoch is left out
  /// At the start; falls along a half cosine to 0. Not given: default_learning_rate().
  std::optional<double> learning_rate = {};
  SgdConfig sgd = {};              ///< momentum and weight decay
  bool augment = true;             ///< shift, and mirror where the data set allows it
  Distillation distillation = {};  ///< used when there is a teacher
  /// Distinct augmentations of an image; later epochs repeat them, and take the teacher's logits
  /// from memory. 0: always new ones.
  Index variants = 8;
  Index mask_updates = 4;  ///< times an epoch that the masks may change
  std::uint64_t seed = 1;

  void validate() const {
    constexpr Index kMost = 1'000'000;
    constexpr double kLargestRate = std::numeric_limits<float>::max();  // steps are floats
    require_range(epochs, "number of epochs", 1, kMost);
    require_range(batch, "number of images in a batch", 1, kMost);
    require_range(variants, "number of an image's variants", 0, kMost);
    require_range(mask_updates, "number of an epoch's mask updates", 1, kMost);
    if (learning_rate && !(*learning_rate > 0.0 && *learning_rate <= kLargestRate))
      fail(ErrorId::out_of_range, "learning rate ", *learning_rate, " is not in (0, ", kLargestRate,
           ']');
    require_range(sgd.momentum, "momentum", 0.0, 1.0);
    require_range(sgd.weight_decay, "weight decay", 0.0, 1.0);
    require_range(distillation.weight, "distillation weight", 0.0, 1.0);
    require_range(distillation.temperature, "distillation temperature", 1e-3, 1e6);
  }
};

}  // namespace autoprune::nn
