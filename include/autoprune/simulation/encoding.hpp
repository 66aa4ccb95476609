/// @file encoding.hpp
/// How weights meet the array: as levels of cells.
#pragma once

#include <cstdint>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/hardware/input_code.hpp"
#include "autoprune/hardware/weight_code.hpp"
#include "autoprune/simulation/quantisation.hpp"

namespace autoprune::simulation {

/// One of the arrays that hold a layer: its codes count sign * 2^shift.
struct CellArray {
  std::int32_t sign;
  Index shift;
};

/// Weights as levels 0 .. 2^cell_bits - 1 of one cell in every array.
class WeightEncoding {
 public:
  /// Throws out_of_range.
  WeightEncoding(const hardware::WeightCode& options, Index cell_bits)
      : options_(options), cell_bits_(cell_bits) {
    options.validate();
    for (Index s = 0; s < options.slices(cell_bits); ++s) {
      arrays_.push_back({1, s * cell_bits});
      if (options.sign == hardware::SignEncoding::pair) arrays_.push_back({-1, s * cell_bits});
    }
  }

  [[nodiscard]] const std::vector<CellArray>& arrays() const noexcept { return arrays_; }
  [[nodiscard]] Index cell_bits() const noexcept { return cell_bits_; }
  /// What every stored weight is raised by, and the data path has to take off again.
  [[nodiscard]] std::int32_t offset() const noexcept {
    return options_.sign == hardware::SignEncoding::offset ? 1 << options_.weight_bits : 0;
  }

  /// Level of the cell of a weight in one array.
  [[nodiscard]] std::int32_t level(std::int32_t code, const CellArray& array) const noexcept {
    const std::int32_t stored = array.sign * code + offset();
    return stored > 0 ? (stored >> array.shift) & largest_code(cell_bits_) : 0;
  }

 private:
  hardware::WeightCode options_;
  Index cell_bits_;
  std::vector<CellArray> arrays_;
};

}  // namespace autoprune::simulation
