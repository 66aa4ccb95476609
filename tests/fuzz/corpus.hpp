/// @file corpus.hpp
/// The files that every harness starts from: tests/fuzz/corpus/<harness>/.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace autoprune::fuzz {

[[nodiscard]] inline std::filesystem::path corpus_of(const std::string& harness) {
  return std::filesystem::path(AUTOPRUNE_SOURCE_DIR) / "tests/fuzz/corpus" / harness;
}

/// In the order of their names; none when the directory isn't there.
[[nodiscard]] inline std::vector<std::filesystem::path> files_of(const std::string& harness) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(corpus_of(harness), ignored))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace autoprune::fuzz
