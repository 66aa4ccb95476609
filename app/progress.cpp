#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <autoprune/io/format.hpp>
#include <iostream>

namespace autoprune::cli {

namespace {

/// Columns of the terminal; a longer line would not be overwritten by the next one.
std::size_t terminal_width() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col - 1u : 79u;
}

}  // namespace

Progress::Progress(std::string what, bool quiet, double start)
    : what_(std::move(what)),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) != 0),
      start_(start) {}

Progress::~Progress() {
  if (open_) std::cerr << '\n';
}

std::string Progress::time_left(double done) const {
  if (!(done > start_) || done >= 1.0) return {};
  const double elapsed = std::chrono::duration<double>(Clock::now() - began_).count();
  return io::format_seconds(elapsed * (1.0 - done) / (done - start_)) + " left  ";
}

void Progress::show(double done, const std::string& text, bool milestone) {
  using namespace std::chrono_literals;
  if (quiet_ || (!terminal_ && !milestone)) return;
  const std::string line = what_ + "  " + time_left(done) + text;
  if (!terminal_) {
    std::cerr << line << '\n';
    return;
  }
  if (!milestone && Clock::now() - shown_ < 200ms) return;
  shown_ = Clock::now();
  std::cerr << "\r\033[K" << line.substr(0, terminal_width()) << std::flush;
  open_ = true;
}

study::Flow Watching::episode(const search::Search<>& search) {
  const auto count = static_cast<Index>(search.episodes().size());
  const double all = static_cast<double>(std::max<Index>(1, episodes_));
  if (!line_) line_.emplace("search", quiet_, static_cast<double>(count - 1) / all);
  const search::Episode& best = search.episodes()[static_cast<std::size_t>(search.best())];
  const mapping::CrossbarCount& crossbars = best.outcome.crossbars;
  const Index tenth = std::max<Index>(1, episodes_ / 10);
  line_->show(static_cast<double>(count) / all,
              concat(count, '/', episodes_, " episodes  best reward ",
                     io::format_number(best.outcome.reward, 4), " (", search.kind(best), ")  CR ",
                     io::format_number(crossbars.compression_per_layer(), 2), " per layer, ",
                     io::format_number(crossbars.compression_pooled(), 2), " pooled  accuracy ",
                     io::format_number(best.outcome.accuracy, 2), " %"),
              count % tenth == 0 || count == episodes_);
  return study::Flow::go_on;
}

void Watching::show(const study::TrainingPoint& point, bool milestone) {
  const auto epochs = static_cast<double>(point.epochs);
  if (!trains_) {
    line_.reset();
    line_.emplace(training_, quiet_, point.done / epochs);
    trains_ = true;
  }
  std::string text =
      concat("epoch ", io::format_number(point.done, milestone ? 0 : 2), '/', point.epochs);
  if (!point.history.empty()) {
    const io::EpochFigures& last = point.history.back();
    text += "  loss " + io::format_number(last.loss, 3);
    if (last.keep_ratio < 1.0)
      text += "  CR " + io::format_number(last.compression_pooled, 2) + " pooled";
    text += "  held-out Acc1 " + io::format_number(last.held_out_top1, 2) + " %";
  }
  line_->show(point.done / epochs, text, milestone);
}

void warn(const std::string& text) { std::cerr << "autoprune: warning: " << text << '\n'; }

}  // namespace autoprune::cli
