/// @file training_checkpoint.hpp
/// Everything that a training run, dense or fine-tuning, needs to go on to the same bits.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/nn/train.hpp"
#include "autoprune/search/archive.hpp"

namespace autoprune::io {

/// What a run has reached, besides the parameters and their momentum.
struct TrainingState {
  Index epoch = 0;
  bool tightened = false;        ///< fine-tuning: the masks are final
  std::vector<PruneMask> masks;  ///< none: dense
  std::vector<EpochFigures> history;
};

namespace detail {

inline constexpr Index kMaxEpochs = 1'000'000;

template <class Archive>
void visit_order(Archive& archive, const std::string& layer, PruneMask& mask) {
  bool ordered = mask.order() != nullptr;
  search::visit_integer(archive, layer + ".ordered", ordered, 1);
  if (!ordered) return;
  std::vector<double> rows(static_cast<std::size_t>(mask.rows()), 0.0);
  if (mask.order()) std::copy(mask.order()->begin(), mask.order()->end(), rows.begin());
  archive(layer + ".rows", std::span<double>(rows));
  auto order = std::make_shared<std::vector<std::int32_t>>();
  std::vector<bool> named(rows.size(), false);
  for (const double stored : rows) {
    const Index row = search::stored_integer(stored, layer + ".rows", mask.rows() - 1);
    if (named[static_cast<std::size_t>(row)])
      fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: row ", row, " of layer '",
           layer, "' is named twice");
    named[static_cast<std::size_t>(row)] = true;
    order->push_back(static_cast<std::int32_t>(row));
  }
  mask = std::move(mask).in_order(std::move(order));
}

template <class Archive>
void visit_mask(Archive& archive, const std::string& layer, PruneMask& mask) {
  std::vector<std::uint8_t> kept;
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c) kept.push_back(mask.kept(g, c) ? 1 : 0);
  archive(layer + ".mask", std::span<std::uint8_t>(kept));
  for (const std::uint8_t flag : kept)
    if (flag > 1)
      fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: a vector of layer '", layer,
           "' is kept ", int{flag}, " times");
  visit_order(archive, layer, mask);
  auto at = kept.begin();
  for (Index g = 0; g < mask.groups(); ++g)
    for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, *at++ != 0);
}

template <class Archive>
void visit_masks(Archive& archive, const nn::Network& network, std::vector<PruneMask>& masks) {
  bool masked = !masks.empty();
  search::visit_integer(archive, "masked", masked, 1);
  if (!masked) return;
  const std::vector<Index> layers = network.matrix_layers();
  masks.resize(layers.size());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const nn::Node& node = network.node(layers[k]);
    Index granularity = masks[k].granularity();
    search::visit_integer(archive, node.name + ".granularity", granularity, kMaxMaskSize);
    if (granularity < 1)
      fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: row groups of ", granularity,
           " rows in layer '", node.name, "'");
    if constexpr (Archive::loading) {
      const ConstMatrixView weights = weight_matrix(node.weight);
      masks[k] = PruneMask(weights.cols(), weights.rows(), granularity).in_matrices(node.matrices);
    }
    visit_mask(archive, node.name, masks[k]);
  }
}

template <class Archive>
void visit_training(Archive& archive, nn::Network& network, nn::Trainer& trainer,
                    TrainingState& state) {
  const auto visit_all = [&](const std::vector<nn::NamedTensor>& tensors) {
    for (const nn::NamedTensor& t : tensors)
      archive(t.name, std::span<float>(t.tensor->data(), t.tensor->size()));
  };
  visit_all(network.parameters());
  visit_all(trainer.state());
  search::visit_integer(archive, "epoch", state.epoch, kMaxEpochs);
  search::visit_integer(archive, "tightened", state.tightened, 1);
  visit_masks(archive, network, state.masks);
  state.history.resize(static_cast<std::size_t>(state.epoch));
  for (EpochFigures& e : state.history) {
    search::visit_integer(archive, "history.epoch", e.epoch, kMaxEpochs);
    for (double* figure : {&e.loss, &e.learning_rate, &e.keep_ratio, &e.compression_pooled,
                           &e.held_out_top1, &e.seconds})
      archive("history.figure", *figure);
  }
}

/// Reads a checkpoint's numbers, and of its tensors only whether they fit.
class FitReader {
 public:
  static constexpr bool loading = true;

  explicit FitReader(std::string_view bytes) : in_(bytes) {}

  void operator()(std::string_view name, std::span<float> values) {
    std::vector<float> aside(values.size());
    in_(name, std::span<float>(aside));
  }
  template <class Value>
  void operator()(std::string_view name, Value&& value) {
    in_(name, value);
  }
  void finish() const { in_.finish(); }

 private:
  search::ArchiveReader in_;
};

}  // namespace detail

/// Writes the run, a tensor at a time. `state.history` holds one entry an epoch.
inline void save_training(nn::Network& network, nn::Trainer& trainer, TrainingState state,
                          const Write& write) {
  search::ArchiveWriter out(write);
  detail::visit_training(out, network, trainer, state);
}

/// Sets the network's parameters and the trainer's momentum; the caller hands the state that comes
/// back to Trainer::resume() or FineTuner::resume(). Throws checkpoint_mismatch or truncated_file,
/// and sets nothing then.
[[nodiscard]] inline TrainingState load_training(std::string_view bytes, nn::Network& network,
                                                 nn::Trainer& trainer) {
  const auto visit = [&](auto&& in) {
    TrainingState state;
    detail::visit_training(in, network, trainer, state);
    in.finish();
    return state;
  };
  (void)visit(detail::FitReader(bytes));
  return visit(search::ArchiveReader(bytes));
}

}  // namespace autoprune::io
