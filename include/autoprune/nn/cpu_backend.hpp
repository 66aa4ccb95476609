/// @file cpu_backend.hpp
/// Networks on the processor: a Session runs them, Sgd moves their weights.
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/gradients.hpp"
#include "autoprune/nn/loss.hpp"
#include "autoprune/nn/session.hpp"
#include "autoprune/nn/sgd.hpp"
#include "autoprune/nn/teacher.hpp"

namespace autoprune::nn {

/// Works on the network's own parameters. The same bits with any number of threads.
class CpuBackend final : public Backend {
 public:
  CpuBackend(Network& network, ThreadPool& pool)
      : Backend(network, pool), session_(network, pool) {}

  [[nodiscard]] Session& session() noexcept { return session_; }

  void set_codes(std::span<const LayerCodes> codes) override { session_.set_codes(codes); }
  void weights_changed() override { session_.weights_changed(); }

  [[nodiscard]] Accuracy evaluate(std::span<const Batch> batches) override {
    return nn::evaluate(session_, batches);
  }
  void recalibrate(std::span<const Batch> batches) override { nn::recalibrate(session_, batches); }
  void inputs_of_layers(const Batch& batch, const SeeInputs& see) override {
    session_.forward(batch.images, Mode::inference);
    Index layer = 0;
    for (const Index i : network().matrix_layers())
      see(layer++, session_.output(network().node(i).inputs.front()));
  }
  [[nodiscard]] std::vector<Tensor> loss_gradients(std::span<const Batch> batches) override {
    return nn::loss_gradients(network(), batches, pool());
  }

  [[nodiscard]] bool share(Peers& peers) override {
    peers_ = &peers;
    return true;
  }
  void begin_training(const ImageSource& images, const TrainConfig& config,
                      Network* teacher) override {
    training_.emplace(images, config, Sgd(network(), config.sgd));
    if (teacher == nullptr || config.distillation.weight == 0.0) return;
    constexpr Index kMostLogits = Index{1} << 28;  // that are remembered: a GiB
    const Index logits = images.size() * teacher->outputs();
    const Index variants = config.augment ? config.variants : 1;
    training_->teacher.emplace(*teacher, session_, images.size(),
                               variants > 0 && logits <= kMostLogits / variants);
  }
  double train_step(const TrainStep& step) override {
    Training& t = training();
    const auto images = static_cast<Index>(step.images.size());
    const Part part = peers_ != nullptr ? Part(*peers_, images) : Part(images);
    if (!step.next.empty()) t.images.expect(part.own(step.next));
    t.images.load(part.own(step.images), step.augmentation, t.batch, pool());
    const Activation* taught = nullptr;
    if (t.teacher)
      taught = &t.teacher->logits(step.images,
                                  step.augmentation != nullptr ? step.augmentation->variant : 0,
                                  t.batch, part);
    session_.set_dropout_step(t.config.seed, step.number);
    const Activation& own = session_.forward(t.batch.images, Mode::training, part);
    t.labels.clear();
    for (const Index image : step.images) t.labels.push_back(t.images.label(image));
    // A few numbers an image: all peers compute the loss of all.
    const Activation& logits = part.whole(own, t.logits);
    const double value = loss(logits, t.labels, taught, t.config.distillation, t.dlogits);
    if (!std::isfinite(value)) return value;
    session_.backward(part.part_of(t.dlogits, t.own_dlogits));
    t.sgd.step(session_, step.learning_rate, masks());
    return value;
  }
  void check_parameters() override { session_.check_parameters(); }
  [[nodiscard]] std::vector<NamedTensor> momentum() override { return training().sgd.state(); }

 private:
  struct Training {
    Training(const ImageSource& source, const TrainConfig& how, Sgd rule)
        : images(source), config(how), sgd(std::move(rule)) {}

    const ImageSource& images;
    TrainConfig config;
    Sgd sgd;
    std::optional<Teacher> teacher = {};
    Batch batch = {};
    std::vector<Label> labels = {};  // of the whole batch, as these two
    Activation logits = {}, dlogits = {}, own_dlogits = {};
  };

  void use_masks(std::span<const PruneMask> masks) override { session_.set_masks(masks); }
  [[nodiscard]] Training& training() {
    if (!training_) fail(ErrorId::wrong_order, "a step of a training that hasn't begun");
    return *training_;
  }

  Session session_;
  Peers* peers_ = nullptr;
  std::optional<Training> training_;
};

[[nodiscard]] inline std::unique_ptr<Backend> cpu_backend(Network& network, ThreadPool& pool) {
  return std::make_unique<CpuBackend>(network, pool);
}

}  // namespace autoprune::nn
