#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <autoprune/io/format.hpp>
#include <iostream>
#include <utility>

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

void warn(const std::string& text) { std::cerr << "autoprune: warning: " << text << '\n'; }

}  // namespace autoprune::cli
