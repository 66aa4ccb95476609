/// @file reproduce_results.hpp
/// What `reproduce` found, as text, JSON and pictures.
#pragma once

#include <autoprune/study/compare.hpp>
#include <string>
#include <vector>

#include "output_directory.hpp"

namespace autoprune::cli {

/// A trained network and its data set.
struct Subject {
  std::string network, data;    ///< e.g. "plain20", "cifar10"
  std::string weights, folder;  ///< file of the weights, and of the data set

  [[nodiscard]] std::string name() const { return network + "-" + data; }
  /// Small networks are compared in pooled crossbars: per layer Plain20 can't pass 2.95, so that
  /// the slides' 10.3 must be pooled, and LeNet-5 can't pass 1.5.
  [[nodiscard]] search::Counting counting() const {
    const bool small = network == "plain20" || network == "lenet5";
    return small ? search::Counting::pooled : search::Counting::per_layer;
  }
};

using Row = study::ComparedRow;

/// A network with what was measured of it.
struct SubjectRows {
  Subject subject;
  io::Json dense;
  std::vector<Row> rows;
  std::vector<std::string> out_of_reach;  ///< methods that reach no compression of the ladder
};

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
