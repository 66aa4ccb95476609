/// @file results.hpp
/// What a command leaves behind, and where.
#pragma once

#include <autoprune/io/directory_lock.hpp>
#include <filesystem>
#include <string>
#include <utility>

#include "options.hpp"

namespace autoprune::cli {

class Job;

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

/// Throws cannot_write unless the file can be written; makes its directory.
void prove_writable(const std::filesystem::path& file);

/// Throws cannot_write unless --json names a file that can be written; makes its directory.
void prove_json_writable(const Options& options);

/// Writes report.json, report.html and, when it isn't null, mapping.json into --out, the report to
/// --json, and `text` to standard output unless the report goes there.
void write_report(const Job& job, const io::Json& report, const io::Json& mapping,
                  const std::string& text);

/// Writes `document` into --out as `name` and to --json, and `text` to standard output unless the
/// document goes there.
void write_result(const Job& job, const std::string& name, const io::Json& document,
                  const std::string& text);

/// The same, of a document that is in --out already.
void hand_over(const Options& options, const io::Json& document, const std::string& text);

}  // namespace autoprune::cli
