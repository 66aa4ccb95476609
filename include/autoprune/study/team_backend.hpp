/// @file team_backend.hpp
/// A training whose steps a team shares: the leader trains as ever, and orders its helpers to do
/// the same with their images of each batch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/io/training_checkpoint.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/peers.hpp"
#include "autoprune/search/archive.hpp"
#include "autoprune/search/team.hpp"

namespace autoprune::study {

/// What all members of a team train; all of it has to outlive the training.
struct TeamTraining {
  search::Team& team;
  const nn::ImageSource& images;
  nn::TrainConfig config;
  nn::MakeBackend make;      ///< of the backend that each member trains on
  std::uint64_t inputs = 0;  ///< fingerprint of what members must have in common
};

namespace detail {

/// What a leader orders; behind it, in the order's bytes, what it takes.
enum class TeamOrder : std::uint64_t { begin, masks, codes, weights, step, evaluate, compare };

/// What peers do together, the leader among them.
class SharedTraining {
 public:
  SharedTraining(nn::Peers& peers, nn::Backend& backend) : peers_(peers), backend_(backend) {}

  /// Parameters and momentum of the leader's.
  void take_weights() {
    for (const auto& all : {backend_.network().parameters(), backend_.momentum()})
      for (const nn::NamedTensor& t : all) {
        std::vector<Index> begins(count() + 1, static_cast<Index>(t.tensor->size()));
        begins.front() = 0;
        nn::gather(peers_, t.tensor->data(), begins);
      }
    backend_.weights_changed();
  }

  /// Over batches that the leader has, each of so many images; what the others need is sent.
  [[nodiscard]] nn::Accuracy evaluate(std::span<const nn::Batch> leaders,
                                      std::span<const Index> sizes,
                                      std::span<const nn::Label> labels) {
    std::vector<nn::Batch> own;
    Index images = 0;
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      const nn::Part part(peers_, sizes[k]);
      nn::Batch batch = deal(part, leaders.empty() ? nullptr : &leaders[k].images);
      const auto mine = part.own(labels.first(static_cast<std::size_t>(sizes[k])));
      batch.labels.assign(mine.begin(), mine.end());
      labels = labels.subspan(static_cast<std::size_t>(sizes[k]));
      images += batch.images.images();
      if (!batch.labels.empty()) own.push_back(std::move(batch));
    }
    const nn::Accuracy found = own.empty() ? nn::Accuracy{} : backend_.evaluate(own);
    std::vector<double> all(3 * count());
    double* const figures = all.data() + 3 * peers_.self();
    figures[0] = static_cast<double>(images), figures[1] = found.top1, figures[2] = found.top5;
    nn::gather(peers_, all.data(), each(3));
    nn::Tally tally;
    for (std::size_t i = 0; i < all.size(); i += 3)
      if (all[i] > 0.0) tally.add({all[i + 1], all[i + 2]}, static_cast<Index>(all[i]));
    return tally.accuracy();
  }

  /// Throws checkpoint_mismatch when the members' networks have become others.
  void compare() {
    search::Fingerprint print;
    for (const nn::NamedTensor& t : backend_.network().parameters())
      print.add(std::span<const float>(t.tensor->data(), t.tensor->size()));
    std::vector<std::uint64_t> all(count());
    all[static_cast<std::size_t>(peers_.self())] = print.value();
    nn::gather(peers_, all.data(), each(1));
    for (std::size_t p = 0; p < all.size(); ++p)
      if (all[p] != all.front())
        fail(ErrorId::checkpoint_mismatch, "process ", p, " has trained other weights than the ",
             "first one; its processor rounds differently, so take machines of one kind");
  }

 private:
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(peers_.count()); }
  [[nodiscard]] std::vector<Index> each(Index entries) const {
    std::vector<Index> begins;
    for (Index p = 0; p <= peers_.count(); ++p) begins.push_back(p * entries);
    return begins;
  }

  /// A member's part of a batch that the leader has.
  [[nodiscard]] nn::Batch deal(const nn::Part& part, const nn::Activation* leaders) {
    const auto floats = [&](const nn::Activation& a, Index block, Index blocks) {
      return std::span(a.block(block), static_cast<std::size_t>(blocks * a.block_stride()));
    };
    nn::Batch batch;
    if (leaders != nullptr) {
      nn::Activation room;
      batch.images = part.part_of(*leaders, room);
    } else {
      const Index end = std::min(part.images(), part.first_block(part.self() + 1) * nn::kLanes);
      const Index begin = std::min(part.images(), part.first_block() * nn::kLanes);
      batch.images.resize(backend_.network().input_shape(), end - begin);
    }
    std::vector<nn::Peers::Bytes> to(count());
    std::vector<nn::Peers::Room> from(count());
    if (leaders == nullptr)
      from[0] = std::as_writable_bytes(
          std::span(batch.images.block(0),
                    static_cast<std::size_t>(batch.images.blocks() * batch.images.block_stride())));
    else
      for (Index p = 0; p < peers_.count(); ++p)
        to[static_cast<std::size_t>(p)] = std::as_bytes(
            floats(*leaders, part.first_block(p), part.first_block(p + 1) - part.first_block(p)));
    peers_.exchange(to, from);
    return batch;
  }

  nn::Peers& peers_;
  nn::Backend& backend_;
};

/// A list of numbers, its length in front.
template <class Archive, class Number>
void visit_numbers(Archive& archive, std::string_view name, std::vector<Number>& numbers) {
  std::uint64_t size = numbers.size();
  archive(name, size);
  numbers.resize(size);
  archive(name, std::span(reinterpret_cast<std::uint8_t*>(numbers.data()), size * sizeof(Number)));
}

/// Codes of layers, as numbers.
template <class Archive>
void visit_codes(Archive& archive, std::vector<nn::LayerCodes>& codes) {
  std::uint64_t layers = codes.size();
  archive("layers", layers);
  codes.resize(layers);
  for (nn::LayerCodes& layer : codes) {
    for (nn::Codes* of : {&layer.weights, &layer.inputs}) {
      Index negative = of->negative;
      search::visit_integer(archive, "bits", of->bits, 16);
      search::visit_finite(archive, "largest", {&of->largest, 1});
      search::visit_integer(archive, "negative", negative, 1);
      of->negative = negative != 0;
    }
    visit_numbers(archive, "ranges", layer.ranges);
  }
}

/// A step, in memory of its own.
struct OrderedStep {
  std::vector<Index> images = {}, next = {};
  nn::Augmentation augmentation = {};
  std::uint64_t augmented = 0, number = 0;
  double learning_rate = 0.0;

  template <class Archive>
  void visit(Archive& archive) {
    visit_numbers(archive, "images", images);
    visit_numbers(archive, "next", next);
    archive("augmented", augmented);
    search::visit_integer(archive, "shift", augmentation.shift, 1'000'000);
    search::visit_integer(archive, "flip", augmentation.flip, 1);
    archive("seed", augmentation.seed);
    archive("variant", augmentation.variant);
    archive("number", number);
    archive("learning_rate", learning_rate);
  }
};

}  // namespace detail

/// The leader's. Training and evaluation are shared from begin_training() on, where the backends
/// can share: by a block of images a member at least. All else the leader does alone.
class TeamBackend final : public nn::Backend {
 public:
  TeamBackend(TeamTraining training, nn::Network& network, ThreadPool& pool)
      : Backend(network, pool),
        training_(std::move(training)),
        own_(training_.make(network, pool)) {}

  void set_codes(std::span<const nn::LayerCodes> codes) override {
    own_->set_codes(codes);
    codes_.assign(codes.begin(), codes.end());
    codes_known_ = false;
  }
  void weights_changed() override {
    own_->weights_changed();
    weights_known_ = false;
  }
  void fetch() override { own_->fetch(); }

  [[nodiscard]] nn::Accuracy evaluate(std::span<const nn::Batch> batches) override {
    if (!peers_) return own_->evaluate(batches);
    std::vector<Index> sizes;
    std::vector<nn::Label> labels;
    for (const nn::Batch& batch : batches) {
      sizes.push_back(batch.images.images());
      labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
    }
    settle();
    nn::Accuracy accuracy;
    order(
        detail::TeamOrder::evaluate,
        [&](auto& out) {
          detail::visit_numbers(out, "sizes", sizes);
          detail::visit_numbers(out, "labels", labels);
        },
        [&] { accuracy = shared().evaluate(batches, sizes, labels); });
    return accuracy;
  }
  void recalibrate(std::span<const nn::Batch> batches) override {
    own_->recalibrate(batches);
    weights_known_ = false;
  }
  void inputs_of_layers(const nn::Batch& batch, const nn::SeeInputs& see) override {
    own_->inputs_of_layers(batch, see);
  }
  [[nodiscard]] std::vector<Tensor> loss_gradients(std::span<const nn::Batch> batches) override {
    return own_->loss_gradients(batches);
  }

  void begin_training(const nn::ImageSource& images, const nn::TrainConfig& config,
                      nn::Network* teacher) override {
    const Index members = std::min(training_.team.members(), ceil_div(config.batch, nn::kLanes));
    if (members > 1) peers_ = training_.team.peers(members);
    if (peers_ && !own_->share(*peers_)) peers_.reset();
    if (!peers_) return own_->begin_training(images, config, teacher);
    std::uint64_t count = static_cast<std::uint64_t>(members), taught = teacher != nullptr;
    order(
        detail::TeamOrder::begin,
        [&](auto& out) {
          out("members", count);
          out("inputs", training_.inputs);
          out("taught", taught);
        },
        [&] { own_->begin_training(images, config, teacher); });
  }
  double train_step(const nn::TrainStep& step) override {
    if (!peers_) return own_->train_step(step);
    settle();
    detail::OrderedStep ordered{{step.images.begin(), step.images.end()},
                                {step.next.begin(), step.next.end()}};
    if (step.augmentation != nullptr) ordered.augmentation = *step.augmentation;
    ordered.augmented = step.augmentation != nullptr;
    ordered.number = step.number;
    ordered.learning_rate = step.learning_rate;
    double value = 0.0;
    order(
        detail::TeamOrder::step, [&](auto& out) { ordered.visit(out); },
        [&] { value = own_->train_step(step); });
    return value;
  }
  void check_parameters() override {
    own_->check_parameters();
    if (peers_)
      order(
          detail::TeamOrder::compare, [](auto&) {}, [&] { shared().compare(); });
  }
  [[nodiscard]] std::vector<nn::NamedTensor> momentum() override { return own_->momentum(); }

 private:
  void use_masks(std::span<const PruneMask> masks) override {
    own_->set_masks({masks.begin(), masks.end()});
    masks_known_ = false;
  }

  [[nodiscard]] detail::SharedTraining shared() { return {*peers_, *own_}; }

  /// Tells the helpers what they don't know.
  void settle() {
    if (!masks_known_)
      order(
          detail::TeamOrder::masks,
          [&](auto& out) {
            std::vector<PruneMask> masks = own_->masks();
            io::detail::visit_masks(out, network(), masks);
          },
          [] {});
    masks_known_ = true;
    if (!codes_known_)
      order(
          detail::TeamOrder::codes, [&](auto& out) { detail::visit_codes(out, codes_); }, [] {});
    codes_known_ = true;
    if (!weights_known_)
      order(
          detail::TeamOrder::weights, [](auto&) {}, [&] { shared().take_weights(); });
    weights_known_ = true;
  }

  /// Has the helpers do what `own` does here; what stops one, stops all.
  template <class Visit, class Own>
  void order(detail::TeamOrder what, const Visit& visit, const Own& own) {
    search::ArchiveWriter out;
    auto kind = static_cast<std::uint64_t>(what);
    out("order", kind);
    visit(out);
    training_.team.order(out.bytes(), peers_->count());
    nn::together(*peers_, own);
  }

  TeamTraining training_;
  std::unique_ptr<nn::Peers> peers_;  // null: trains alone
  std::unique_ptr<nn::Backend> own_;
  std::vector<nn::LayerCodes> codes_;
  bool masks_known_ = false, codes_known_ = true, weights_known_ = false;  // to the helpers
};

}  // namespace autoprune::study
