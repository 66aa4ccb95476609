// A small trained network, its data and its chip for the tests of the room.
#pragma once

#include <unistd.h>

#include <filesystem>

#include "../search/helpers.hpp"
#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study::test {

inline const hardware::Accelerator& chip() {
  static const hardware::Accelerator one = cost::ou_preset("paper", search::test::SmallGeometry{});
  return one;
}

inline const io::Datasets& datasets() {
  static const io::Datasets data{search::test::images(), nn::test::quarters(100, 8)};
  return data;
}

/// Small enough to run in a second, and with every stage.
inline StudySpec small_spec() {
  StudySpec s;
  s.options.granularity = 8;
  s.constraints = search::test::target(3.0);
  s.search.episodes = 6;
  s.held_out = 128;
  s.held_out_images = 64;
  s.calibration_images = 96;
  s.fine_tune.train.epochs = 3;
  s.fine_tune.train.batch = 32;
  s.reconstruct = true;
  s.seed = 5;
  return s;
}

/// A directory of its own that is no longer there when the test is over.
class Directory {
 public:
  Directory() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            concat("autoprune-study-", ::getpid(), "-", number++);
    std::filesystem::remove_all(path_);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace autoprune::study::test
