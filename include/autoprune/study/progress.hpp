/// @file progress.hpp
/// How far long work is: one line that changes on a terminal (POSIX), lines now and then elsewhere.
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "autoprune/io/format.hpp"
#include "autoprune/study/observers.hpp"

namespace autoprune::study {

/// Where it is shown.
struct ProgressStream {
  std::ostream& out;
  int descriptor;  ///< of the stream, which may be a terminal: STDERR_FILENO of std::cerr; -1: none
  bool quiet = false;
};

class ProgressLine {
 public:
  /// `what` names the work; a run that was resumed begins at `start` of it, in [0, 1].
  ProgressLine(const ProgressStream& to, std::string what, double start = 0.0)
      : to_(to), terminal_(::isatty(to.descriptor) != 0), what_(std::move(what)), start_(start) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (open_) to_.out << '\n';
  }

  /// `done` of the work is done, in [0, 1]. Shown on a terminal; elsewhere only when it is a
  /// milestone.
  void show(double done, const std::string& text, bool milestone = false) {
    constexpr std::chrono::milliseconds kPause(200);
    if (to_.quiet || (!terminal_ && !milestone)) return;
    const std::string line = what_ + "  " + time_left(done) + text;
    if (!terminal_) {
      to_.out << line << '\n';
      return;
    }
    if (!milestone && Clock::now() - shown_ < kPause) return;
    shown_ = Clock::now();
    to_.out << "\r\033[K" << line.substr(0, terminal_width()) << std::flush;
    open_ = true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// A longer line would not be overwritten by the next one.
  [[nodiscard]] std::size_t terminal_width() const {
    winsize size{};
    const bool known = ::ioctl(to_.descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1u : 79u;
  }
  [[nodiscard]] std::string time_left(double done) const {
    if (!(done > start_) || done >= 1.0) return {};
    const double elapsed = std::chrono::duration<double>(Clock::now() - began_).count();
    return io::format_seconds(elapsed * (1.0 - done) / (done - start_)) + " left  ";
  }

  ProgressStream to_;
  bool terminal_, open_ = false;
  std::string what_;
  double start_;
  Clock::time_point began_ = Clock::now(), shown_{};
};

/// An observer (observers.hpp) with one line for the search, and one for the training, called
/// `training`.
class ShowProgress {
 public:
  explicit ShowProgress(const ProgressStream& to, std::string training = "fine-tune")
      : to_(to), training_(std::move(training)) {}

  void on_begin(const Study& study) {
    finish();
    episodes_ = study.spec.search.episodes;
  }
  void on_episode(const search::Search<>& search) {
    const auto count = static_cast<Index>(search.episodes().size());
    const double all = static_cast<double>(std::max<Index>(1, episodes_));
    const search::Episode& best = search.episodes()[static_cast<std::size_t>(search.best())];
    const mapping::CrossbarCount& crossbars = best.outcome.crossbars;
    const Index tenth = std::max<Index>(1, episodes_ / 10);
    line("search", static_cast<double>(count - 1) / all)
        .show(static_cast<double>(count) / all,
              concat(count, '/', episodes_, " episodes  best reward ",
                     io::format_number(best.outcome.reward, 4), " (", search.kind(best), ")  CR ",
                     io::format_number(crossbars.compression_per_layer(), 2), " per layer, ",
                     io::format_number(crossbars.compression_pooled(), 2), " pooled  accuracy ",
                     io::format_number(best.outcome.accuracy, 2), " %"),
              count % tenth == 0 || count == episodes_);
  }
  void on_step(const TrainingPoint& point) { show(point, false); }
  void on_epoch(const TrainingPoint& point) { show(point, true); }
  void on_policy(const Record&) { finish(); }
  void on_trained(const Record&) { finish(); }
  /// Leaves the line as it is, so that others may print.
  void finish() { line_.reset(); }

 private:
  /// The line of that work, which begins at `start` of it if it isn't there yet.
  ProgressLine& line(const std::string& what, double start) {
    if (!line_ || shown_ != what) {
      line_.reset();  // ends it
      line_.emplace(to_, what, start);
      shown_ = what;
    }
    return *line_;
  }
  void show(const TrainingPoint& point, bool milestone) {
    const auto epochs = static_cast<double>(point.epochs);
    std::string text =
        concat("epoch ", io::format_number(point.done, milestone ? 0 : 2), '/', point.epochs);
    if (!point.history.empty()) {
      const io::EpochFigures& last = point.history.back();
      text += "  loss " + io::format_number(last.loss, 3);
      if (last.keep_ratio < 1.0)
        text += "  CR " + io::format_number(last.compression_pooled, 2) + " pooled";
      text += "  held-out Acc1 " + io::format_number(last.held_out_top1, 2) + " %";
    }
    line(training_, point.done / epochs).show(point.done / epochs, text, milestone);
  }

  ProgressStream to_;
  std::string training_;
  Index episodes_ = 0;
  std::optional<ProgressLine> line_;
  std::string shown_;  ///< whose line it is
};

}  // namespace autoprune::study
