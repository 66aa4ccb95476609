/// @file job.hpp
/// What every command works with: the inputs, read and checked against one another before any work
/// begins, and the places where results go, held and proven writable.
#pragma once

#include <autoprune/core/thread_pool.hpp>
#include <autoprune/io/dataset.hpp>
#include <autoprune/io/report_json.hpp>
#include <autoprune/io/safetensors.hpp>
#include <autoprune/nn/evaluate.hpp>
#include <autoprune/study/measure.hpp>
#include <autoprune/study/pruned_file.hpp>
#include <autoprune/study/record.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "options.hpp"
#include "results.hpp"

namespace autoprune::cli {

/// What a command expects of the network's weights.
enum class Weights { needed, optional, random };

class Job {
  // First, because reading the network needs and fills them.
  std::optional<nn::Shape3> images_;      ///< where the network leaves their shape open
  std::optional<Index> softmax_;          ///< node at the network's end, behind the logits
  study::PrunedAs file_;                  ///< what the file of the network, or of its masks, says
  std::optional<io::Safetensors> masks_;  ///< --masks

 public:
  /// `images`: of their shape, where a network leaves it open; else the options say.
  Job(const Options& options, Weights weights, std::optional<nn::Shape3> images = {});

  Options options;  ///< their numbers of images fitted to a small data set
  mutable ThreadPool pool;
  std::optional<io::Datasets> data;
  nn::Network network;                ///< as it was given
  bool random_weights = false;        ///< as none were given
  hardware::Accelerator accelerator;  ///< of --hardware, the options over it, and the plan
  study::StudySpec spec;              ///< of the options and the network's file
  search::Compressor compressor;      ///< of the accelerator, the granularity and the plan
  search::Constraints constraints;    ///< with the bounds of every layer

  /// Of the job's network and data. Throws missing_value without data.
  [[nodiscard]] study::Study study() const;
  /// Of pixels that are no data set's: as it is asked for, else the network's, else the data set's.
  /// Throws missing_value when none is known.
  [[nodiscard]] nn::Normalisation normalisation() const;
  /// A network of the job's nodes as it was given: the job's own puts out what a softmax at its end
  /// reads.
  [[nodiscard]] nn::Network as_given(nn::Network of) const;
  [[nodiscard]] std::optional<Index> softmax() const noexcept { return softmax_; }
  /// Masks of --masks, whose weights are proved to be zero; else those that the network's zeros
  /// spell out. They keep everything of one that isn't pruned.
  [[nodiscard]] std::vector<PruneMask> present_masks() const;
  /// Masks of --policy or of --keep, else present_masks(); ranked by gradients of the calibration
  /// images where the method needs them.
  [[nodiscard]] std::vector<PruneMask> chosen_masks();

  /// What reports say of the run.
  [[nodiscard]] io::RunDescription description() const;
  /// The report of the network under masks, without what a command adds to it.
  [[nodiscard]] io::Json report(const std::vector<PruneMask>& masks,
                                const mapping::NetworkPlacement& mapping) const;
  /// Where the result `name` goes; throws what OutputDirectory::file() throws.
  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return out_->file(name);
  }

 private:
  [[nodiscard]] nn::Network read_network();
  /// Reads --data, unless it is there, for a network that takes images of that shape, if it has
  /// one.
  void read_data(const std::optional<nn::Shape3>& shape);
  /// Numbers of images that weren't given, but are too large for the data set.
  void fit_images();
  [[nodiscard]] nn::Shape3 open_shape();
  void check_inputs(Weights weights) const;
  [[nodiscard]] search::Constraints read_constraints() const;

  std::optional<io::OutputDirectory> out_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// The accelerator of --hardware and of the options that override it, with the crossbars that a
/// network was pruned for, unless --geometry names others. Throws what io::read_accelerator() and
/// Accelerator::validate() throw.
[[nodiscard]] hardware::Accelerator accelerator_of(const Options& options,
                                                   const std::optional<Geometry<>>& stored = {});

/// The policy of the job's --policy file.
[[nodiscard]] methods::Policy read_policy(const Job& job);

}  // namespace autoprune::cli
