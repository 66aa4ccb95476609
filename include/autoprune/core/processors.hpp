/// @file processors.hpp
/// How many processors this process may use (Linux): those of its affinity mask, and no more than
/// the quota of its control group, which is how containers are limited.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <locale>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "autoprune/core/types.hpp"

namespace autoprune {

namespace detail {

/// A quota of so much processor time a period as processors, rounded up; 0 when there is none.
[[nodiscard]] inline Index quota_processors(double quota, double period) {
  if (!(quota > 0.0 && period > 0.0 && quota / period < 1e6)) return 0;
  return static_cast<Index>(std::ceil(quota / period));
}

/// The numbers of the files in turn; 0 for one that isn't there or that begins with a word ("max").
template <class... Files>
[[nodiscard]] Index quota_of(const Files&... files) {
  double numbers[2] = {0.0, 0.0};
  std::size_t count = 0;
  const auto read = [&](const std::filesystem::path& path) {
    std::ifstream in(path);
    in.imbue(std::locale::classic());
    for (double number = 0.0; count < 2 && in >> number;) numbers[count++] = number;
  };
  (read(files), ...);
  return quota_processors(numbers[0], numbers[1]);
}

/// The smallest quota between the control group that `membership` (/proc/self/cgroup) names and the
/// root of the hierarchies under `mount` (/sys/fs/cgroup); 0 when there is none.
[[nodiscard]] inline Index cgroup_processors(const std::filesystem::path& membership,
                                             const std::filesystem::path& mount) {
  namespace fs = std::filesystem;
  Index least = 0;
  const auto take = [&](Index processors) {
    if (processors > 0) least = least == 0 ? processors : std::min(least, processors);
  };
  std::ifstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool unified = controllers.empty();
    if (!unified && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    const fs::path root = unified ? mount : mount / "cpu";
    // A container may see its group under another root than the path says; the root is always read.
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();;
         group = group.parent_path()) {
      const fs::path directory = root / group;
      take(unified ? quota_of(directory / "cpu.max")
                   : quota_of(directory / "cpu.cfs_quota_us", directory / "cpu.cfs_period_us"));
      if (group.empty()) break;
    }
  }
  return least;
}

}  // namespace detail

/// Processors that this process may use, at least 1.
[[nodiscard]] inline Index usable_processors() {
  Index processors = std::max<Index>(1, std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0)
    processors = std::max<Index>(1, CPU_COUNT(&mask));
  if (const Index quota = detail::cgroup_processors("/proc/self/cgroup", "/sys/fs/cgroup");
      quota > 0)
    processors = std::min(processors, quota);
#endif
  return processors;
}

}  // namespace autoprune
