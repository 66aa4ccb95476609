/// @file backend.hpp
/// Networks on LibTorch: on the processor or on a GPU.
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/torch/graph.hpp"
#include "autoprune/torch/images.hpp"
#include "autoprune/torch/loss.hpp"
#include "autoprune/torch/sgd.hpp"

namespace autoprune::libtorch {

/// Keeps parameters and momentum on the device. On the processor LibTorch takes as many threads as
/// the pool; its results are the same bits for one number of threads, and never those of
/// nn::CpuBackend.
class TorchBackend final : public nn::Backend {
 public:
  /// Throws what find_device() and expressions_of() throw.
  TorchBackend(nn::Network& network, ThreadPool& pool, Options options = {})
      : Backend(network, pool), options_(std::move(options)), graph_(network, options_, pool) {
    if (graph_.device().is_cpu()) at::set_num_threads(static_cast<int>(pool.threads()));
  }

  void set_codes(std::span<const nn::LayerCodes> codes) override { graph_.set_codes(codes); }
  void weights_changed() override {
    detail::own_errors([&] {
      graph_.upload();
      if (training_) training_->sgd.upload();
    });
  }
  void fetch() override {
    detail::own_errors([&] {
      graph_.download();
      if (training_) training_->sgd.download();
    });
  }

  [[nodiscard]] nn::Accuracy evaluate(std::span<const nn::Batch> batches) override {
    return detail::own_errors([&] {
      const at::NoGradGuard guard;
      graph_.check_parameters();
      Index images = 0;
      std::vector<at::Tensor> first, five;
      for (const nn::Batch& batch : batches) {
        const at::Tensor rank = ranks(infer(batch), batch.labels);
        first.push_back((rank < 1).sum());
        five.push_back((rank < 5).sum());
        images += batch.images.images();
      }
      if (images == 0) fail(ErrorId::empty_data, "accuracy of no images");
      const auto percent = [&](const std::vector<at::Tensor>& right) {
        return 100.0 / static_cast<double>(images) * at::stack(right).sum().item<double>();
      };
      return nn::Accuracy{percent(first), percent(five)};
    });
  }

  /// In inference, on the host: a map of one position an image.
  [[nodiscard]] nn::Activation logits(const nn::Batch& batch) {
    return detail::own_errors([&] {
      const at::NoGradGuard guard;
      graph_.check_parameters();
      return host_maps(detail::one_position(infer(batch)));
    });
  }

  void recalibrate(std::span<const nn::Batch> batches) override {
    detail::own_errors([&] {
      const at::NoGradGuard guard;
      graph_.check_parameters();
      for (std::size_t k = 0; k < batches.size(); ++k)
        run(batches[k],
            {.mode = nn::Mode::statistics, .momentum = 1.0 / static_cast<double>(k + 1)});
      graph_.download(/*statistics_alone=*/true);
    });
  }

  void inputs_of_layers(const nn::Batch& batch, const nn::SeeInputs& see) override {
    detail::own_errors([&] {
      const at::NoGradGuard guard;
      graph_.check_parameters();
      Index layer = 0;
      run(batch, {}, [&](Index i, std::span<const at::Tensor> x, const at::Tensor&) {
        if (network().node(i).has_matrix()) see(layer++, host_maps(x.front()));
      });
    });
  }

  [[nodiscard]] std::vector<Tensor> loss_gradients(std::span<const nn::Batch> batches) override {
    return detail::own_errors([&] {
      Index images = 0;
      for (const nn::Batch& batch : batches) images += batch.images.images();
      if (images == 0) fail(ErrorId::empty_data, "gradients of no image; give some");
      graph_.check_parameters();
      std::vector<at::Tensor> weights, sums;
      for (const Graph::Trained& p : graph_.trained())
        if (network().node(p.node).has_matrix() &&
            graph_.parameter(p).tensor == &nn::Node::weight) {
          weights.push_back(graph_.tensor(p));
          sums.push_back(at::zeros_like(weights.back().detach()));
        }
      Run how{.mode = nn::Mode::training, .keeps_statistics = false, .masked = false};
      for (const nn::Batch& batch : batches) {
        const at::Tensor labels = labels_of(batch.labels, batch.images.images());
        const at::Tensor value = loss(run(batch, how), labels, {}, {});
        const double share =
            static_cast<double>(batch.images.images()) / static_cast<double>(images);
        const auto gradients = gradients_of(value, weights);
        for (std::size_t k = 0; k < sums.size(); ++k)
          if (gradients[k].defined()) sums[k].add_(gradients[k], share);
        ++how.step;
      }
      std::vector<Tensor> found;
      for (const at::Tensor& sum : sums) found.push_back(host_copy(sum));
      return found;
    });
  }

  void begin_training(const nn::ImageSource& images, const nn::TrainConfig& config,
                      nn::Network* teacher) override {
    detail::own_errors([&] {
      training_.emplace(Training{TrainingImages(images, graph_.device(), options_.resident_bytes),
                                 config, Sgd(graph_, config.sgd), nullptr});
      if (teacher != nullptr && config.distillation.weight > 0.0)
        training_->teacher = std::make_unique<Teacher>(*teacher, options_, pool(), images.size(),
                                                       config.variants > 0 || !config.augment);
    });
  }

  double train_step(const nn::TrainStep& step) override {
    return detail::own_errors([&] {
      Training& t = training();
      graph_.check_new_parameters();
      if (!step.next.empty()) t.images.source().expect(step.next);
      const at::Tensor x = t.images.load(step.images, step.augmentation, pool());
      const at::Tensor labels = t.images.labels(step.images, network().outputs());
      at::Tensor taught;
      if (t.teacher)
        taught = t.teacher->logits(
            step.images, step.augmentation != nullptr ? step.augmentation->variant : 0, x);
      const Run how{.mode = nn::Mode::training, .seed = t.config.seed, .step = step.number};
      const at::Tensor logits = graph_.forward(x, how);
      const at::Tensor value = loss(logits, labels, taught, t.config.distillation);
      const at::Tensor known =
          at::stack({value.detach(), graph_.finite().to(at::kFloat)}).to(at::kCPU);
      if (known[1].item<float>() == 0.0F) graph_.find_fault(x, how);
      const auto found = known[0].item<double>();
      if (!std::isfinite(found)) return found;
      std::vector<at::Tensor> parameters;
      for (const Graph::Trained& p : graph_.trained()) parameters.push_back(graph_.tensor(p));
      t.sgd.step(gradients_of(value, parameters), step.learning_rate);
      return found;
    });
  }

  void check_parameters() override {
    detail::own_errors([&] { graph_.check_parameters(); });
  }
  [[nodiscard]] std::vector<nn::NamedTensor> momentum() override { return training().sgd.state(); }

 private:
  struct Training {
    TrainingImages images;
    nn::TrainConfig config;
    Sgd sgd;
    std::unique_ptr<Teacher> teacher;
  };

  void use_masks(std::span<const PruneMask> masks) override {
    detail::own_errors([&] { graph_.set_masks(masks); });
  }
  [[nodiscard]] Training& training() {
    if (!training_) fail(ErrorId::wrong_order, "a step of a training that hasn't begun");
    return *training_;
  }

  /// Logits of a batch of the host.
  at::Tensor run(const nn::Batch& batch, const Run& how, const Watch& watch = {}) {
    if (batch.images.images() < 1) fail(ErrorId::empty_data, "a batch without images");
    const at::Tensor x = copy_to(graph_.device(), batch.images);
    at::Tensor logits = graph_.forward(x, how, watch);
    if (!graph_.finite().item<bool>()) graph_.find_fault(x, how);
    return logits;
  }
  at::Tensor infer(const nn::Batch& batch) { return run(batch, {}); }

  [[nodiscard]] at::Tensor labels_of(std::span<const nn::Label> labels, Index images) {
    if (static_cast<Index>(labels.size()) != images)
      fail(ErrorId::shape_mismatch, labels.size(), " labels for ", images, " images");
    for (const nn::Label label : labels)
      if (label < 0 || label >= network().outputs())
        fail(ErrorId::bad_label, "label ", label, "; the network has ", network().outputs(),
             " classes");
    return copy_to(graph_.device(), labels, at::kInt).to(at::kLong);
  }
  /// How many logits of each image come before its label's, as rank_of_label() counts them.
  [[nodiscard]] at::Tensor ranks(const at::Tensor& logits, std::span<const nn::Label> labels) {
    const at::Tensor label = labels_of(labels, logits.size(0)).unsqueeze(1);
    const at::Tensor own = logits.gather(1, label);
    const at::Tensor classes = at::arange(logits.size(1), label.options()).unsqueeze(0);
    return (logits > own).logical_or((logits == own).logical_and(classes < label)).sum(1);
  }
  [[nodiscard]] static std::vector<at::Tensor> gradients_of(const at::Tensor& value,
                                                            const std::vector<at::Tensor>& of) {
    return ::torch::autograd::grad({value}, of, {}, {}, false, /*allow_unused=*/true);
  }

  Options options_;
  Graph graph_;
  std::optional<Training> training_;
};

/// Makes such backends: StudySpec::backend = libtorch::backend({.device = "cuda"}).
[[nodiscard]] inline nn::MakeBackend backend(Options options = {}) {
  return [options = std::move(options)](nn::Network& network, ThreadPool& pool) {
    return std::make_unique<TorchBackend>(network, pool, options);
  };
}

}  // namespace autoprune::libtorch
