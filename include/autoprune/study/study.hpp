/// @file study.hpp
/// A study: a network, its images, an accelerator, a method, and what is asked of them. Its stages
/// (search.hpp, training.hpp, measure.hpp) share what is here.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "autoprune/core/thread_pool.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/io/checkpoint_file.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/hardware_json.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/training_checkpoint.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/search/policy_archive.hpp"
#include "autoprune/study/spec.hpp"

namespace autoprune::study {

/// Names of the checkpoints in StudySpec::out.
inline constexpr const char* kSearchCheckpoint = "search.checkpoint";
inline constexpr const char* kFineTuneCheckpoint = "fine_tune.checkpoint";
inline constexpr const char* kTrainCheckpoint = "train.checkpoint";

/// Holds references: what they refer to has to outlive it.
struct Study {
  const nn::Network& network;  ///< dense and trained
  const io::Datasets& data;
  const hardware::Accelerator& accelerator;
  const methods::Compressor& compressor;  ///< of the accelerator
  const search::Constraints& constraints;
  const StudySpec& spec;
  ThreadPool& pool;

  /// Images for training, and images held out of it.
  [[nodiscard]] nn::Split split() const { return nn::split(data.train, spec.held_out); }

  /// Runs a network where the spec says.
  [[nodiscard]] std::unique_ptr<nn::Backend> run(nn::Network& of) const {
    return spec.backend(of, pool);
  }

  [[nodiscard]] std::vector<nn::Batch> held_out_batches() const {
    std::vector<Index> images = split().held_out;
    if (spec.held_out_images < 1)
      fail(ErrorId::out_of_range, "held_out_images = ", spec.held_out_images,
           "; at least 1 is needed");
    images.resize(static_cast<std::size_t>(
        std::min(spec.held_out_images, static_cast<Index>(images.size()))));
    return nn::load_batches(data.train, images, pool);
  }
  /// The first ones of the images for training.
  [[nodiscard]] std::vector<nn::Batch> calibration_batches() const {
    return calibration_batches(static_cast<Index>(split().train.size()));
  }
  /// The same, where none of `all` are held out.
  [[nodiscard]] std::vector<nn::Batch> calibration_batches(Index all) const {
    const Index taken = spec.calibration_images;
    if (taken < 1 || taken > all)
      fail(ErrorId::out_of_range, "calibration_images = ", taken, " of ", all, " training images");
    return nn::load_batches(data.train, nn::range(0, taken), pool);
  }
  /// Of the test set.
  [[nodiscard]] Index test_images() const {
    const Index all = data.test.size();
    if (spec.images < 0 || spec.images > all)
      fail(ErrorId::out_of_range, "images = ", spec.images, " of a test set of ", all);
    return spec.images == 0 ? all : spec.images;
  }

  /// The layers of a network under the plans of a policy, or none; by gradients of the calibration
  /// images where the method needs them.
  [[nodiscard]] std::vector<methods::Ranking> rank(const nn::Network& of,
                                                   const methods::Policy& policy = {}) const {
    const methods::Compressor planned = compressor.with(policy);
    if (!planned.needs_gradients()) return planned.rank(of);
    nn::Network copy = of;
    return planned.rank(of, run(copy)->loss_gradients(calibration_batches()));
  }

  /// Of all that every stage depends on: weights, images, accelerator, method, seed.
  [[nodiscard]] search::Fingerprint fingerprint() const {
    search::Fingerprint print;
    const std::string chip = io::json_text(io::hardware_to_json(accelerator));
    const std::string graph = io::json_text(io::network_to_json(network));
    for (const std::string* text : {&chip, &graph, &compressor.name()})
      print.add(std::span<const char>(*text));
    for (const nn::ConstNamedTensor& p : network.parameters())
      print.add(std::span<const float>(p.tensor->data(), p.tensor->size()));
    for (Index i = 0; i < data.train.size(); ++i) {
      const nn::Label label = data.train.label(i);
      print.add(std::span(&label, 1));
    }
    for (const std::vector<float>* numbers : {&data.train.mean, &data.train.stddev})
      print.add(std::span<const float>(*numbers));
    print.add(std::span(&spec.seed, 1));
    for (const Index n :
         {compressor.granularity(), static_cast<Index>(compressor.rows()),
          static_cast<Index>(spec.options.selection), static_cast<Index>(spec.options.importance),
          spec.held_out, spec.held_out_images, spec.calibration_images})
      print.add(static_cast<double>(n));
    if (spec.quantised_training)
      print.add(std::span<const char>("quantised")).add(*spec.quantised_training ? 1.0 : 0.0);
    if (!compressor.held().empty()) {
      search::ArchiveWriter masks;
      std::vector<PruneMask> held(compressor.held().begin(), compressor.held().end());
      io::detail::visit_masks(masks, network, held);
      print.add(std::span<const char>(masks.bytes()));
    }
    constraints.add_to(print);
    for (const hardware::LayerHardware& layer : accelerator.layers)
      search::add_plan(print, {1.0, {}, layer});
    for (const methods::LayerPlan& plan : spec.plan) search::add_plan(print, plan);
    return print;
  }
};

/// Throws shape_mismatch unless a network takes such images and has a logit for each of their
/// classes.
inline void require_images(const nn::Network& network, const io::Datasets& data) {
  const nn::ImageSource& images = data.train;
  if (images.shape() != network.input_shape())
    fail(ErrorId::shape_mismatch, "images of ", images.name, " are ", shape_text(images.shape()),
         ", but the network takes ", shape_text(network.input_shape()));
  if (const nn::Shape3& logits = network.node(network.output()).shape;
      logits.height * logits.width > 1)
    fail(ErrorId::shape_mismatch, "the network puts out maps of ", shape_text(logits),
         ", which are no logits of images; make another node its output (--output)");
  if (network.outputs() < images.classes)
    fail(ErrorId::shape_mismatch, "the network has ", network.outputs(), " outputs for the ",
         images.classes, " classes of ", images.name);
}

/// Where a checkpoint is; empty when none are kept. What runs that were killed while they wrote it
/// have left is removed.
[[nodiscard]] inline std::filesystem::path checkpoint_path(const StudySpec& spec,
                                                           const char* name) {
  if (spec.out.empty()) return {};
  const std::filesystem::path path = spec.out / name;
  io::remove_leftovers(path);
  return path;
}

/// Throws checkpoint_mismatch when there is one of these and the spec doesn't resume.
inline void refuse_checkpoints(const StudySpec& spec, std::span<const char* const> names) {
  std::error_code ignored;
  for (const char* name : names)
    if (const auto path = checkpoint_path(spec, name);
        !spec.resume && std::filesystem::exists(path, ignored))
      fail(ErrorId::checkpoint_mismatch, "'", path.string(),
           "' is the checkpoint of a run that didn't end; go on with it (resume = true), or choose "
           "another directory (out = DIR)");
}

inline void remove_checkpoints(const StudySpec& spec, std::span<const char* const> names) {
  std::error_code ignored;
  for (const char* name : names) std::filesystem::remove(checkpoint_path(spec, name), ignored);
}

namespace detail {

/// Seconds of work, those of the runs before it included, and the file that remembers them.
class Progress {
 public:
  Progress(std::filesystem::path path, std::uint64_t run) : path_(std::move(path)), run_(run) {}

  /// What was saved, or nothing. Throws checkpoint_mismatch for a checkpoint of another run.
  [[nodiscard]] std::optional<std::string> restore() {
    if (std::error_code ignored; path_.empty() || !std::filesystem::exists(path_, ignored))
      return {};
    io::Checkpoint saved = io::read_checkpoint(path_, run_);
    before_ = saved.seconds;
    return std::move(saved.bytes);
  }
  void keep(const io::Contents& contents) const {
    if (!path_.empty()) io::write_checkpoint(path_, run_, seconds(), contents);
  }
  [[nodiscard]] double seconds() const {
    return before_ + std::chrono::duration<double>(Clock::now() - began_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::filesystem::path path_;
  std::uint64_t run_;
  double before_ = 0.0;
  Clock::time_point began_ = Clock::now();
};

}  // namespace detail

}  // namespace autoprune::study
