/// @file train.hpp
/// Training, dense or under masks that change on the way, with an optional dense teacher.
/// Everything random is a function of (seed, epoch, image), so that a run can stop after any epoch
/// and go on to the same bits.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/loss.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/nn/sgd.hpp"

namespace autoprune::nn {

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

struct EpochReport {
  Index epoch = 0;             ///< counted from 1
  double loss = 0.0;           ///< mean over the epoch
  double learning_rate = 0.0;  ///< at its end
  double seconds = 0.0;
};

/// Masks for a point of the training, progress in [0, 1]; nothing means: as they are.
using MaskSchedule = std::function<std::optional<std::vector<PruneMask>>(double progress)>;

class Trainer {
 public:
  /// Trains `network` in place on images `indices` of `data`. `teacher` may be null.
  Trainer(Network& network, const ImageSource& data, std::vector<Index> indices, TrainConfig config,
          ThreadPool& pool, Network* teacher = nullptr)
      : data_(data),
        indices_(std::move(indices)),
        config_(config),
        learning_rate_(config.learning_rate.value_or(default_learning_rate(network))),
        session_(network, pool),
        sgd_(network, config.sgd) {
    config_.validate();
    if (steps() < 1)
      fail(ErrorId::empty_data, indices_.size(), " training images make no batch of ",
           config_.batch);
    if (data.shape() != network.input_shape())
      fail(ErrorId::shape_mismatch, "images of ", data.name, " are ", shape_text(data.shape()),
           "; the network takes ", shape_text(network.input_shape()));
    if (teacher != nullptr && config_.distillation.weight > 0.0) teacher_.emplace(*teacher, pool);
  }

  [[nodiscard]] Index epoch() const noexcept { return epoch_; }
  [[nodiscard]] bool done() const noexcept { return epoch_ >= config_.epochs; }
  [[nodiscard]] const std::vector<PruneMask>& masks() const noexcept { return masks_; }
  [[nodiscard]] Session& session() noexcept { return session_; }
  /// At the start.
  [[nodiscard]] double learning_rate() const noexcept { return learning_rate_; }
  /// Steps in an epoch.
  [[nodiscard]] Index steps() const noexcept {
    return static_cast<Index>(indices_.size()) / config_.batch;
  }

  /// Momentum, for a checkpoint; with the network's parameters, the masks and epoch() it is all
  /// that a run needs to go on.
  [[nodiscard]] std::vector<NamedTensor> state() { return sgd_.state(); }
  void resume(Index epoch, std::vector<PruneMask> masks) {
    epoch_ = epoch;
    set_masks(std::move(masks));
    session_.weights_changed();
  }

  void set_masks(std::vector<PruneMask> masks) {
    masks_ = std::move(masks);
    session_.set_masks(masks_);
  }

  /// One pass over the training images. `on_step(done, steps)` may be empty. Throws not_finite for
  /// a network that isn't in order, and diverged when training makes it so, or its loss.
  EpochReport run_epoch(const MaskSchedule& schedule = {},
                        const std::function<void(Index, Index)>& on_step = {}) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Index> order =
        Random(config_.seed, 0x5EED0000u + static_cast<std::uint64_t>(epoch_))
            .permutation(static_cast<Index>(indices_.size()));
    const Index interval = std::max<Index>(1, steps() / config_.mask_updates);
    EpochReport report;
    for (Index s = 0; s < steps(); ++s) {
      if (schedule && s % interval == 0)
        while_finite(s, [&] {
          if (auto masks = schedule(progress(s))) set_masks(std::move(*masks));
        });
      report.learning_rate = rate(progress(s));
      report.loss += step(order, s, report.learning_rate) / static_cast<double>(steps());
      if (on_step) on_step(s + 1, steps());
    }
    while_finite(steps(), [&] { session_.check_parameters(); });
    report.epoch = ++epoch_;
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
  }

 private:
  [[nodiscard]] double progress(Index s) const {
    const auto at = static_cast<double>(epoch_ * steps() + s);
    return at / static_cast<double>(config_.epochs * steps());
  }
  [[nodiscard]] double rate(double progress) const {
    return 0.5 * learning_rate_ * (1.0 + std::cos(std::numbers::pi * progress));
  }

  double step(const std::vector<Index>& order, Index s, double learning_rate) {
    std::vector<Index> images;
    for (Index i = s * config_.batch; i < (s + 1) * config_.batch; ++i)
      images.push_back(indices_[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
    const Index variant = config_.variants > 0 ? epoch_ % config_.variants : epoch_;
    const Augmentation augmentation{4, data_.mirrors, config_.seed,
                                    static_cast<std::uint64_t>(variant)};
    data_.load(images, config_.augment ? &augmentation : nullptr, batch_, session_.pool());
    const Activation* taught = teacher_ ? &teach(images, variant) : nullptr;

    session_.set_dropout_step(config_.seed, static_cast<std::uint64_t>(epoch_ * steps() + s));
    while_finite(s, [&] { session_.forward(batch_.images, Mode::training); });
    const Activation& logits = session_.logits();
    const double value = loss(logits, batch_.labels, taught, config_.distillation, dlogits_);
    if (!std::isfinite(value)) fail_diverged(concat("the loss became ", value));
    session_.backward(dlogits_);
    sgd_.step(session_, learning_rate, masks_);
    return value;
  }

  /// Calls f before step s. Numbers that aren't finite then were made so by the steps before it; a
  /// network that isn't in order before the first step came like that.
  template <class F>
  void while_finite(Index s, F&& f) const {
    try {
      f();
    } catch (const Error& error) {
      if (error.id() != ErrorId::not_finite || epoch_ + s == 0) throw;
      const std::string_view what = error.what();  // behind its code
      fail_diverged(what.substr(what.find("] ") + 2));
    }
  }
  [[noreturn]] void fail_diverged(std::string_view how) const {
    fail(ErrorId::diverged, "training diverged in epoch ", epoch_ + 1,
         "; take a smaller learning rate than ", learning_rate_, ": ", how);
  }

  /// The teacher's logits for the loaded batch, computed once a (variant, image).
  const Activation& teach(const std::vector<Index>& images, Index variant) {
    const bool repeats = config_.variants > 0 || !config_.augment;
    if (!repeats) return teacher_->forward(batch_.images, Mode::inference);
    const Index classes = session_.network().outputs();
    auto& known = taught_[config_.augment ? variant : 0];
    if (known.empty())
      known.assign(static_cast<std::size_t>(data_.size() * classes),
                   std::numeric_limits<float>::quiet_NaN());
    const auto at = [&](Index image, Index c) -> float& {
      return known[static_cast<std::size_t>(images[static_cast<std::size_t>(image)] * classes + c)];
    };
    const auto count = static_cast<Index>(images.size());
    bool missing = false;
    for (Index i = 0; i < count; ++i) missing = missing || std::isnan(at(i, 0));
    teacher_logits_.resize({classes, 1, 1}, count);
    if (missing) {
      const Activation& logits = teacher_->forward(batch_.images, Mode::inference);
      for (Index i = 0; i < count; ++i)
        for (Index c = 0; c < classes; ++c) at(i, c) = logits.at(i, c, 0, 0);
    }
    for (Index i = 0; i < count; ++i)
      for (Index c = 0; c < classes; ++c) teacher_logits_.at(i, c, 0, 0) = at(i, c);
    return teacher_logits_;
  }

  const ImageSource& data_;
  std::vector<Index> indices_;
  TrainConfig config_;
  double learning_rate_;
  Session session_;
  Sgd sgd_;
  std::optional<Session> teacher_;
  std::map<Index, std::vector<float>> taught_;  // [variant] -> [image][class]
  std::vector<PruneMask> masks_;
  Batch batch_;
  Activation dlogits_, teacher_logits_;
  Index epoch_ = 0;
};

}  // namespace autoprune::nn
