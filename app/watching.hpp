/// @file watching.hpp
/// Shows how far a study is.
#pragma once

#include <autoprune/study/observers.hpp>
#include <optional>
#include <string>
#include <utility>

#include "progress.hpp"

namespace autoprune::cli {

/// One line for the search, and one for the training, called `training` ("fine-tune").
class Watching final : public study::Watcher {
 public:
  explicit Watching(bool quiet, std::string training = "fine-tune")
      : quiet_(quiet), training_(std::move(training)) {}

  void begin(const study::Study& study) override { episodes_ = study.spec.search.episodes; }
  study::Flow episode(const search::Search<>& search) override;
  void step(const study::TrainingPoint& point) override { show(point, false); }
  study::Flow epoch(const study::TrainingPoint& point) override;
  /// Leaves the line as it is, so that others may print.
  void finish() { line_.reset(); }

 private:
  void show(const study::TrainingPoint& point, bool milestone);

  bool quiet_;
  std::string training_;
  Index episodes_ = 0;
  std::optional<Progress> line_;
  bool trains_ = false;  ///< the line is the training's
};

}  // namespace autoprune::cli
