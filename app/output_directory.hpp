/// @file output_directory.hpp
/// The places where results go.
#pragma once

#include <autoprune/io/directory_lock.hpp>
#include <filesystem>
#include <string>
#include <utility>

#include "options.hpp"

namespace autoprune::cli {

/// --out. No other run writes there while this lives.
class OutputDirectory {
 public:
  /// Makes it when it is missing. Throws directory_in_use or cannot_write.
  explicit OutputDirectory(std::filesystem::path path) : path_(std::move(path)), lock_(path_) {}

  /// Where the result `name` ("report.json", "cells/1.json") goes; what runs that were killed while
  /// they wrote it have left is removed. Throws cannot_write.
  [[nodiscard]] std::filesystem::path file(const std::string& name) const;

 private:
  std::filesystem::path path_;
  io::DirectoryLock lock_;
};

/// Throws cannot_write unless --json names a file that can be written; makes its directory.
void prove_json_writable(const Options& options);

}  // namespace autoprune::cli
