/// @file backend.hpp
/// The seam between a network and where it runs. Whoever only evaluates or trains takes a Backend
/// and doesn't know whether a processor or a card computes; what hooks into the products of
/// matrices (the simulation) takes a Session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/nn/accuracy.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/layer_codes.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/peers.hpp"
#include "autoprune/nn/tally.hpp"
#include "autoprune/nn/train_config.hpp"

namespace autoprune::nn {

/// A step of a training.
struct TrainStep {
  std::span<const Index> images;               ///< of the source, in this order
  const Augmentation* augmentation = nullptr;  ///< null: images as they are
  double learning_rate = 0.0;
  /// From the beginning of the training, from 0; with the seed it names what dropout draws.
  std::uint64_t number = 0;
  std::span<const Index> next = {};  ///< images of the step behind it
};

/// Called with a matrix layer, from 0 in the network's order, and what it reads, valid for the
/// call.
using SeeInputs = std::function<void(Index layer, const Activation& x)>;

/// Runs and trains one network, whose parameters it may keep anywhere between weights_changed() and
/// fetch(). Parameters in use, images or outputs that aren't finite numbers are not_finite, naming
/// the layer. Not for several threads at once.
class Backend {
 public:
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] Network& network() noexcept { return network_; }
  [[nodiscard]] ThreadPool& pool() noexcept { return pool_; }

  /// Runs and trains under these masks, one a matrix layer in order; none: dense. Throws
  /// mask_mismatch when they don't fit.
  void set_masks(std::vector<PruneMask> masks) {
    use_masks(masks);
    masks_ = std::move(masks);
  }
  [[nodiscard]] const std::vector<PruneMask>& masks() const noexcept { return masks_; }

  /// Runs and trains with weights and inputs that are rounded to these codes, one pair a matrix
  /// layer in order; none: real numbers. Parameters stay real numbers. Throws shape_mismatch,
  /// out_of_range or not_finite.
  virtual void set_codes(std::span<const LayerCodes> codes) = 0;

  /// Weights in: network() or momentum() has been changed from outside.
  virtual void weights_changed() = 0;
  /// Weights out: network() and momentum() are what training has made of them.
  virtual void fetch() {}

  /// Throws empty_data, shape_mismatch or bad_label.
  [[nodiscard]] virtual Accuracy evaluate(std::span<const Batch> batches) = 0;
  /// Sets every batch-norm's running statistics, network()'s too, to the mean over the batches of
  /// the statistics that it has under the present masks.
  virtual void recalibrate(std::span<const Batch> batches) = 0;
  /// Of a batch in inference.
  virtual void inputs_of_layers(const Batch& batch, const SeeInputs& see) = 0;
  /// dL/dw of every matrix layer, in order, of the mean cross-entropy over all images, without
  /// masks and as in training; the network stays as it is. Throws empty_data.
  [[nodiscard]] virtual std::vector<Tensor> loss_gradients(std::span<const Batch> batches) = 0;

  /// From now on each step of training is shared with peers, which take it, too, with the same
  /// network: what one throws, all throw. They have to outlive it. Whether this backend can.
  [[nodiscard]] virtual bool share(Peers&) { return false; }

  /// Momentum 0, and from now on steps on these images. `teacher` may be null; where the config
  /// distils, its logits for the augmented images are part of the loss. All have to outlive the
  /// training.
  virtual void begin_training(const ImageSource& images, const TrainConfig& config,
                              Network* teacher) = 0;
  /// One step of SGD by the loss of loss.hpp, which it returns: the mean over the images, before
  /// the step. Weights of pruned column-vectors, and their momentum, stay as they are. Where the
  /// loss isn't finite the training ends. Throws wrong_order before begin_training().
  virtual double train_step(const TrainStep& step) = 0;
  /// Throws not_finite for a parameter that takes part and isn't a finite number.
  virtual void check_parameters() = 0;
  /// Of every parameter that SGD changes, under its name and ".velocity", in the network's order.
  [[nodiscard]] virtual std::vector<NamedTensor> momentum() = 0;

 protected:
  Backend(Network& network, ThreadPool& pool) : network_(network), pool_(pool) {}
  virtual void use_masks(std::span<const PruneMask> masks) = 0;

 private:
  Network& network_;
  ThreadPool& pool_;
  std::vector<PruneMask> masks_;
};

/// Makes what runs a network; both have to outlive it.
using MakeBackend = std::function<std::unique_ptr<Backend>(Network&, ThreadPool&)>;

/// Accuracy on images of a source, loaded batch by batch.
[[nodiscard]] inline Accuracy evaluate(Backend& backend, const ImageSource& source,
                                       std::span<const Index> indices) {
  return evaluate_each(source, indices, backend.pool(),
                       [&](std::span<const Batch> batches) { return backend.evaluate(batches); });
}

}  // namespace autoprune::nn
