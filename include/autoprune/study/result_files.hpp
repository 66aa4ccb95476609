/// @file result_files.hpp
/// What a study leaves behind in a directory.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "autoprune/core/number.hpp"
#include "autoprune/io/cost_json.hpp"
#include "autoprune/io/front_report.hpp"
#include "autoprune/io/json_file.hpp"
#include "autoprune/io/mapping_json.hpp"
#include "autoprune/io/masks_file.hpp"
#include "autoprune/io/output_directory.hpp"
#include "autoprune/io/report_html.hpp"
#include "autoprune/io/report_json.hpp"
#include "autoprune/study/pruned_file.hpp"
#include "autoprune/study/record.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study {

/// The pruned network and its masks, in the directory.
inline constexpr const char* kPrunedFile = "pruned.safetensors";
inline constexpr const char* kMasksFile = "masks.safetensors";

/// report.json and report.html and, when it isn't null, mapping.json.
inline void write_report(const std::filesystem::path& directory, const io::Json& report,
                         const io::Json& mapping) {
  const auto file = [&](const char* name) { return io::result_path(directory, name); };
  if (!mapping.is_null()) io::write_file(file("mapping.json"), io::json_text(mapping) + "\n");
  io::write_file(file("report.html"), io::report_html(report, mapping));
  io::write_json(file("report.json"), report);
}

/// The report of a record that was measured: crossbars, accuracies, cost, and its stages.
[[nodiscard]] inline io::Json record_report(const Study& study, const Record& record,
                                            const io::RunDescription& run,
                                            const io::RunSeconds& seconds) {
  io::Json report = io::report_json(run, study.compressor, record.network, record.masks,
                                    record.placement, seconds);
  const auto accuracy = [&](Index images, const nn::Accuracy& pruned, const std::string& kind) {
    report["accuracy"] = io::accuracy_json(images, record.dense, pruned, kind);
  };
  const char* const beside = record.dense ? " (dense: float)" : "";
  if (record.on_crossbar)
    accuracy(record.simulated_images, *record.on_crossbar, concat("on-crossbar", beside));
  else if (record.quantised)
    accuracy(record.simulated_images, *record.quantised, concat("quantised", beside));
  else
    accuracy(record.images, record.pruned, "float");
  report["cost"] = io::cost_summary_json(study.accelerator.name, record.dense_cost, record.cost);
  if (!record.search.episodes.empty())
    report["search"] = io::search_json(record.search, record.objective);
  if (!record.training.epochs.empty())
    report["fine_tune"] = io::fine_tune_json(record.training.epochs, record.training.course);
  return report;
}

/// An observer (observers.hpp) that writes what a study has found as soon as it is there:
/// policy.json, pruned.safetensors and masks.safetensors, the policies and pictures of the search's
/// front, mapping.json, report.json and report.html.
class ResultFiles {
 public:
  /// `run`: its name, the network's and its options. `output`: the node that the written network
  /// puts out, where the study's ends before it.
  explicit ResultFiles(std::filesystem::path directory, io::RunDescription run = {},
                       std::optional<Index> output = {})
      : directory_(std::move(directory)), run_(std::move(run)), output_(output) {}

  [[nodiscard]] const io::Json& report() const noexcept { return report_; }

  /// Throws cannot_write where the directory of a search's front can't be made.
  void require_front() const {
    const std::filesystem::path front = file("front");
    if (std::filesystem::exists(front) && !std::filesystem::is_directory(front))
      fail(ErrorId::cannot_write, "'", front.string(), "' is a file, where the policies of the ",
           "search's front go; move it, or take another directory");
  }

  /// Holds the directory until on_end(), so that no other run writes to it; StudySpec::out is held
  /// by whoever began the study. Throws directory_in_use.
  void on_begin(const Study& study) {
    study_ = &study;
    began_ = Clock::now();
    if (std::error_code none; !std::filesystem::equivalent(directory_, study.spec.out, none))
      lock_.emplace(directory_);
  }
  void on_episode(const search::Search<>&) const { require_front(); }
  void on_policy(const Record& record) const {
    io::write_json(file("policy.json"), io::policy_to_json(record.network, record.policy));
  }
  void on_trained(const Record& record) const {
    const io::Metadata about =
        pruning_metadata(record.network, record.policy, study_->compressor, study_->data.train);
    nn::Network whole = record.network;
    if (output_) whole.set_output(*output_);
    io::save_network(whole, file(kPrunedFile), about);
    io::write_masks(file(kMasksFile), whole, record.masks, about);
  }
  void on_end(const Record& record) {
    run_.images = &study_->data.train;
    run_.seed = study_->spec.seed;
    run_.threads = study_->pool.threads();
    run_.plan = record.policy;
    const std::chrono::duration<double> took = Clock::now() - began_;
    // Stages may have gone on from earlier runs.
    const double stages = record.search_seconds + record.training.seconds;
    report_ = record_report(
        *study_, record, run_,
        {record.search_seconds, record.training.seconds, std::max(took.count(), stages)});
    if (!record.search.episodes.empty()) write_front(record);
    write_report(directory_, report_,
                 io::mapping_to_json(record.network, study_->compressor.with(record.policy),
                                     record.placement));
    lock_.reset();
  }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return io::result_path(directory_, name);
  }
  /// In place of an earlier search's.
  void write_front(const Record& record) const {
    namespace fs = std::filesystem;
    std::error_code error;  // what stays is replaced, or stops the writing
    for (const fs::path& old :
         fs::directory_iterator(file("front/crossbars.svg").parent_path(), error))
      if (old.extension() == ".json" && parse_number<Index>(old.stem().string()))
        fs::remove(old, error);
    for (const Index i : record.search.front) {
      const search::Policy& policy =
          record.search.episodes[static_cast<std::size_t>(i)].outcome.policy;
      io::write_json(
          file(concat("front/", i, ".json")),
          io::policy_to_json(record.network, methods::decided(policy, study_->spec.plan)));
    }
    const io::SearchFigures figures = *io::read_report(report_).search;
    using enum io::FrontAxis;
    io::write_file(file("front/crossbars.svg"), io::front_picture(figures, crossbars));
    io::write_file(file("front/energy.svg"), io::front_picture(figures, energy));
  }

  std::filesystem::path directory_;
  std::optional<io::DirectoryLock> lock_;
  io::RunDescription run_;
  std::optional<Index> output_;
  const Study* study_ = nullptr;
  io::Json report_;
  Clock::time_point began_ = Clock::now();
};

}  // namespace autoprune::study
