/// @file progress.hpp
/// How far long work is: one line that changes on a terminal, lines now and then elsewhere.
#pragma once

#include <autoprune/study/observers.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace autoprune::cli {

class Progress {
 public:
  /// `what` names the work; a run that was resumed begins at `start` of it, in [0, 1].
  Progress(std::string what, bool quiet, double start = 0.0);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `done` of the work is done, in [0, 1]. Shown on a terminal; elsewhere only when it is a
  /// milestone.
  void show(double done, const std::string& text, bool milestone = false);

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::string time_left(double done) const;

  std::string what_;
  bool quiet_, terminal_, open_ = false;
  double start_;
  Clock::time_point began_ = Clock::now(), shown_{};
};

/// One line for the search, and one for the training, called `training` ("fine-tune").
class Watching final : public study::Watcher {
 public:
  explicit Watching(bool quiet, std::string training = "fine-tune")
      : quiet_(quiet), training_(std::move(training)) {}

  void begin(const study::Study& study) override { episodes_ = study.spec.search.episodes; }
  study::Flow episode(const search::Search<>& search) override;
  void step(const study::TrainingPoint& point) override { show(point, false); }
  study::Flow epoch(const study::TrainingPoint& point) override {
    show(point, true);
    return study::Flow::go_on;
  }
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

/// A line on standard error that --quiet doesn't silence; not while a Progress is shown.
void warn(const std::string& text);

}  // namespace autoprune::cli
