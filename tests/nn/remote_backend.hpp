// A backend that keeps the network where nobody else sees it, as a card with memory of its own
// does.
#pragma once

#include <memory>
#include <vector>

#include "autoprune/nn/cpu_backend.hpp"

namespace autoprune::nn::test {

/// What changes here is elsewhere after weights_changed() alone, and what is learned there is here
/// after fetch() alone.
class RemoteBackend final : public Backend {
 public:
  static inline Index steps = 0, evaluations = 0;  ///< of all of them

  RemoteBackend(Network& network, ThreadPool& pool)
      : Backend(network, pool), away_(network), cpu_(away_, pool) {}

  void set_codes(std::span<const LayerCodes> codes) override { cpu_.set_codes(codes); }
  void weights_changed() override {
    copy(network().parameters(), away_.parameters());
    if (!momentum_.empty()) copy(momentum(), cpu_.momentum());
    cpu_.weights_changed();
  }
  void fetch() override {
    copy(away_.parameters(), network().parameters());
    copy(cpu_.momentum(), momentum());
  }
  Accuracy evaluate(std::span<const Batch> batches) override {
    ++evaluations;
    return cpu_.evaluate(batches);
  }
  void recalibrate(std::span<const Batch> batches) override {
    cpu_.recalibrate(batches);
    copy(away_.parameters(), network().parameters(), "running_");
  }
  void inputs_of_layers(const Batch& batch, const SeeInputs& see) override {
    cpu_.inputs_of_layers(batch, see);
  }
  std::vector<Tensor> loss_gradients(std::span<const Batch> batches) override {
    return cpu_.loss_gradients(batches);
  }
  void begin_training(const ImageSource& images, const TrainConfig& config,
                      Network* teacher) override {
    cpu_.begin_training(images, config, teacher);
    for (const NamedTensor& t : cpu_.momentum()) momentum_.push_back(*t.tensor);
  }
  double train_step(const TrainStep& step) override {
    ++steps;
    return cpu_.train_step(step);
  }
  void check_parameters() override { cpu_.check_parameters(); }
  std::vector<NamedTensor> momentum() override {
    std::vector<NamedTensor> all = cpu_.momentum();
    for (std::size_t i = 0; i < all.size(); ++i) all[i].tensor = &momentum_[i];
    return all;
  }

 private:
  void use_masks(std::span<const PruneMask> masks) override {
    cpu_.set_masks({masks.begin(), masks.end()});
  }
  static void copy(const std::vector<NamedTensor>& from, const std::vector<NamedTensor>& to,
                   const char* of = "") {
    for (std::size_t i = 0; i < from.size(); ++i)
      if (from[i].name.find(of) != std::string::npos) *to[i].tensor = *from[i].tensor;
  }

  Network away_;
  CpuBackend cpu_;
  std::vector<Tensor> momentum_;
};

inline std::unique_ptr<Backend> remote_backend(Network& network, ThreadPool& pool) {
  return std::make_unique<RemoteBackend>(network, pool);
}

}  // namespace autoprune::nn::test
