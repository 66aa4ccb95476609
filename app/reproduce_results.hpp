/// @file reproduce_results.hpp
/// What `reproduce` found, as text, JSON and pictures.
#pragma once

#include <string>
#include <vector>

#include "output_directory.hpp"
#include "reproduce_rows.hpp"

namespace autoprune::cli {

struct Results {
  std::vector<SubjectRows> subjects;
  std::vector<Row> granularities;    ///< of fig10
  std::vector<std::string> skipped;  ///< networks without weights or data
};

/// Whether a part of the paper was asked for.
[[nodiscard]] inline bool asked(const Options& options, const std::string& part) {
  return options.reproduce.part == part || options.reproduce.part == "all";
}

[[nodiscard]] std::string results_text(const Options& options, const Results& results);
[[nodiscard]] std::string results_markdown(const Options& options, const Results& results);
[[nodiscard]] io::Json results_json(const Options& options, const Results& results);

/// Writes the pictures of what was asked for.
void write_pictures(const Options& options, const OutputDirectory& out, const Results& results);

}  // namespace autoprune::cli
