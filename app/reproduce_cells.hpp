/// @file reproduce_cells.hpp
/// One cell of `reproduce`: a network pruned by one method to one compression, fine-tuned,
/// measured.
#pragma once

#include <string>

#include "options.hpp"
#include "reproduce_plan.hpp"

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

struct Cell {
  Subject subject;
  Method method;
  double target;           ///< crossbar compression
  Index granularity = 32;  ///< of column-vectors

  [[nodiscard]] std::string name() const;
};

/// Figures of the dense network.
[[nodiscard]] io::Json measure_dense(const Options& options, const Subject& subject,
                                     const Budget& budget);

/// Figures of a cell, null when the method can't reach its compression. A cell that --out holds
/// already is read; one that was stopped goes on from its checkpoints.
[[nodiscard]] io::Json measure_cell(const Options& options, const Cell& cell, const Budget& budget);

}  // namespace autoprune::cli
