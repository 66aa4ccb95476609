/// @file reproduce_rows.hpp
/// Rows of the tables of `reproduce`: of each method the highest compression whose loss of accuracy
/// is allowed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reproduce_cells.hpp"

namespace autoprune::cli {

struct Row {
  Cell cell;
  io::Json figures;     ///< as of measure_cell()
  double drop1, drop5;  ///< against the dense network, in points
  bool allowed;         ///< its loss of top-1 accuracy; else it is the smallest one measured

  [[nodiscard]] double operator[](const char* figure) const {
    return figures[figure].get<double>();
  }
  /// In the counting of its network.
  [[nodiscard]] double compression() const {
    const bool pooled = cell.subject.counting() == search::Counting::pooled;
    return (*this)[pooled ? "compression_pooled" : "compression_per_layer"];
  }
};

/// A network with what was measured of it.
struct SubjectRows {
  Subject subject;
  io::Json dense;
  std::vector<Row> rows;
  std::vector<std::string> out_of_reach;  ///< methods that reach no compression of the ladder
};

/// `show(text)` tells what is being measured.
using Show = std::function<void(const std::string&)>;

/// The row of a method, or none. Starts from the slides' compression, or 4.
[[nodiscard]] std::optional<Row> measure_row(const Options& options, const Subject& subject,
                                             const Method& method, Index granularity,
                                             const Budget& budget, const io::Json& dense,
                                             const Show& show);

}  // namespace autoprune::cli
