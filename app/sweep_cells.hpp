/// @file sweep_cells.hpp
/// The measurements of the command `sweep`.
#pragma once

#include <string>
#include <vector>

#include "job.hpp"

namespace autoprune::cli {

/// One measurement. Figures that its key names, in the order of the CSV file; without a data set
/// there is no accuracy.
struct SweepCell {
  Geometry<> geometry;
  Index granularity = 0;
  double target = 1.0;  ///< compression that was asked for
  io::Json figures;     ///< null where the layers' bounds can't allow the target

  [[nodiscard]] double operator[](const char* figure) const {
    return figures[figure].get<double>();
  }
  [[nodiscard]] bool has_accuracy() const { return figures.contains("top1"); }
};

struct SweepResult {
  std::vector<SweepCell> cells;      ///< those that could be measured
  std::vector<std::string> skipped;  ///< hardware and targets that can't be, and why
  Index measured = 0;                ///< of the cells; the others were found in --out
};

[[nodiscard]] SweepResult run_sweep(Job& job);

}  // namespace autoprune::cli
