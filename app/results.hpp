/// @file results.hpp
/// Where a command's results go.
#pragma once

#include <autoprune/io/output_directory.hpp>
#include <autoprune/study/progress.hpp>
#include <filesystem>
#include <string>

#include "options.hpp"

namespace autoprune::cli {

class Job;

/// Throws cannot_write unless the file can be written; makes its directory.
void prove_writable(const std::filesystem::path& file);

/// Throws cannot_write unless --json names a file that can be written; makes its directory.
void prove_json_writable(const Options& options);

/// Writes a report, its page and, when it isn't null, mapping.json into --out, the report to
/// --json, and `text` to standard output unless the report goes there.
void write_report(const Job& job, const io::Json& report, const io::Json& mapping,
                  const std::string& text);

/// Writes `document` into --out as `name` and to --json, and `text` to standard output unless the
/// document goes there.
void write_result(const Job& job, const std::string& name, const io::Json& document,
                  const std::string& text);

/// The same, of a document that is in --out already.
void hand_over(const Options& options, const io::Json& document, const std::string& text);

/// Where progress is shown.
[[nodiscard]] study::ProgressStream shown(bool quiet);

/// A line on standard error that --quiet doesn't silence; not while a ProgressLine is shown.
void warn(const std::string& text);

}  // namespace autoprune::cli
