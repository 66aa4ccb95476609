/// @file train.hpp
/// Training, dense or under masks that change on the way, with an optional dense teacher, on any
/// backend. Everything random is a function of (seed, epoch, image), so that a run can stop after
/// any epoch and go on to the same bits.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <numbers>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/cpu_backend.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/train_config.hpp"

namespace autoprune::nn {

struct EpochReport {
  Index epoch = 0;             ///< counted from 1
  double loss = 0.0;           ///< mean over the epoch
  double learning_rate = 0.0;  ///< at its end
  double seconds = 0.0;
};

/// Masks for a point of the training, progress in [0, 1]; nothing means: as they are.
using MaskSchedule = std::function<std::optional<std::vector<PruneMask>>(double progress)>;

/// Which images a step takes, at what rate and under which masks; the backend takes it.
class Trainer {
 public:
  /// Trains `network` in place on images `indices` of `data`, where `make` says. `teacher` may be
  /// null; it, the network and the images have to outlive the trainer. Throws empty_data,
  /// out_of_range or shape_mismatch.
  Trainer(Network& network, const ImageSource& data, std::vector<Index> indices, TrainConfig config,
          ThreadPool& pool, Network* teacher = nullptr, const MakeBackend& make = cpu_backend)
      : data_(data),
        indices_(std::move(indices)),
        config_(config),
        learning_rate_(config.learning_rate.value_or(default_learning_rate(network))),
        backend_(make(network, pool)) {
    config_.validate();
    if (steps() < 1)
      fail(ErrorId::empty_data, indices_.size(), " training images make no batch of ",
           config_.batch);
    if (data.shape() != network.input_shape())
      fail(ErrorId::shape_mismatch, "images of ", data.name, " are ", shape_text(data.shape()),
           "; the network takes ", shape_text(network.input_shape()));
    backend_->begin_training(data_, config_, teacher);
  }

  [[nodiscard]] Index epoch() const noexcept { return epoch_; }
  [[nodiscard]] bool done() const noexcept { return epoch_ >= config_.epochs; }
  [[nodiscard]] const std::vector<PruneMask>& masks() const noexcept { return backend_->masks(); }
  [[nodiscard]] Backend& backend() noexcept { return *backend_; }
  /// At the start.
  [[nodiscard]] double learning_rate() const noexcept { return learning_rate_; }
  /// Steps in an epoch.
  [[nodiscard]] Index steps() const noexcept {
    return static_cast<Index>(indices_.size()) / config_.batch;
  }

  /// Momentum, for a checkpoint; with the network's parameters, the masks and epoch() it is all
  /// that a run needs to go on.
  [[nodiscard]] std::vector<NamedTensor> state() { return backend_->momentum(); }
  void resume(Index epoch, std::vector<PruneMask> masks) {
    epoch_ = epoch;
    set_masks(std::move(masks));
    backend_->weights_changed();
  }

  void set_masks(std::vector<PruneMask> masks) { backend_->set_masks(std::move(masks)); }

  /// One pass over the training images; the network holds what it has learned afterwards.
  /// `on_step(done, steps)` may be empty. Throws not_finite for a network that isn't in order, and
  /// diverged when training makes it so, or its loss.
  EpochReport run_epoch(const MaskSchedule& schedule = {},
                        const std::function<void(Index, Index)>& on_step = {}) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Index> order =
        Random(config_.seed, 0x5EED0000u + static_cast<std::uint64_t>(epoch_))
            .permutation(static_cast<Index>(indices_.size()));
    const Index interval = std::max<Index>(1, steps() / config_.mask_updates);
    EpochReport report;
    std::vector<Index> images = images_of(order, 0);
    for (Index s = 0; s < steps(); ++s) {
      if (schedule && s % interval == 0)
        while_finite(s, [&] {
          backend_->fetch();
          if (auto masks = schedule(progress(s))) set_masks(std::move(*masks));
        });
      report.learning_rate = rate(progress(s));
      std::vector<Index> next;
      if (s + 1 < steps()) next = images_of(order, s + 1);
      report.loss += step(s, images, next, report.learning_rate) / static_cast<double>(steps());
      images = std::move(next);
      if (on_step) on_step(s + 1, steps());
    }
    backend_->fetch();
    while_finite(steps(), [&] { backend_->check_parameters(); });
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

  [[nodiscard]] std::vector<Index> images_of(const std::vector<Index>& order, Index s) const {
    std::vector<Index> images;
    for (Index i = s * config_.batch; i < (s + 1) * config_.batch; ++i)
      images.push_back(indices_[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
    return images;
  }

  double step(Index s, std::span<const Index> images, std::span<const Index> next,
              double learning_rate) {
    const Index variant = config_.variants > 0 ? epoch_ % config_.variants : epoch_;
    const Augmentation augmentation{4, data_.mirrors, config_.seed,
                                    static_cast<std::uint64_t>(variant)};
    double value = 0.0;
    while_finite(s, [&] {
      value =
          backend_->train_step({images, config_.augment ? &augmentation : nullptr, learning_rate,
                                static_cast<std::uint64_t>(epoch_ * steps() + s), next});
    });
    if (!std::isfinite(value)) fail_diverged(concat("the loss became ", value));
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

  const ImageSource& data_;
  std::vector<Index> indices_;
  TrainConfig config_;
  double learning_rate_;
  std::unique_ptr<Backend> backend_;
  Index epoch_ = 0;
};

}  // namespace autoprune::nn
