/// @file output_directory.hpp
/// Where results go.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "autoprune/io/directory_lock.hpp"
#include "autoprune/io/file.hpp"

namespace autoprune::io {

/// Where the result `name` ("report.json", "cells/1.json") of a directory goes; what runs that were
/// killed while they wrote it have left is removed. Throws cannot_write.
[[nodiscard]] inline std::filesystem::path result_path(const std::filesystem::path& directory,
                                                       const std::string& name) {
  const std::filesystem::path file = directory / name;
  if (file.parent_path() != directory) make_directory(file.parent_path());
  remove_leftovers(file);
  return file;
}

/// No other run writes there while this lives.
class OutputDirectory {
 public:
  /// Makes it when it is missing. Throws directory_in_use or cannot_write.
  explicit OutputDirectory(std::filesystem::path path) : path_(std::move(path)), lock_(path_) {}

  /// result_path() there.
  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return result_path(path_, name);
  }

 private:
  std::filesystem::path path_;
  DirectoryLock lock_;
};

}  // namespace autoprune::io
