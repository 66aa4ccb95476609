/// @file progress.hpp
/// How far long work is: one line that changes on a terminal, lines now and then elsewhere.
#pragma once

#include <chrono>
#include <string>

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

/// A line on standard error that --quiet doesn't silence; not while a Progress is shown.
void warn(const std::string& text);

}  // namespace autoprune::cli
