/// @file encoding.hpp
/// How integers meet the array: a weight as levels of cells, an input as digits that the DACs drive
/// one after another.
#pragma once

#include <cstdint>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/mapping/mapping_options.hpp"
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
  WeightEncoding(const mapping::MappingOptions& options, Index cell_bits)
      : options_(options), cell_bits_(cell_bits) {
    options.validate();
    for (Index s = 0; s < options.slices(cell_bits); ++s) {
      arrays_.push_back({1, s * cell_bits});
      if (options.sign == mapping::SignEncoding::pair) arrays_.push_back({-1, s * cell_bits});
    }
  }

  [[nodiscard]] const std::vector<CellArray>& arrays() const noexcept { return arrays_; }
  [[nodiscard]] Index cell_bits() const noexcept { return cell_bits_; }
  /// What every stored weight is raised by, and the data path has to take off again.
  [[nodiscard]] std::int32_t offset() const noexcept {
    return options_.sign == mapping::SignEncoding::offset ? 1 << options_.weight_bits : 0;
  }

  /// Level of the cell of a weight in one array.
  [[nodiscard]] std::int32_t level(std::int32_t code, const CellArray& array) const noexcept {
    const std::int32_t stored = array.sign * code + offset();
    return stored > 0 ? (stored >> array.shift) & largest_code(cell_bits_) : 0;
  }

 private:
  mapping::MappingOptions options_;
  Index cell_bits_;
  std::vector<CellArray> arrays_;
};

/// Inputs as digits of dac_bits, the lowest first; the sign of an input is that of its digits.
struct InputEncoding {
  Index bits = 8;         ///< magnitude bits of an input
  Index dac_bits = 1;     ///< bits that a wordline carries at a time: 1, 2 or 4
  bool negative = false;  ///< inputs may be below 0: their digits are driven in a pass of their own

  /// Throws out_of_range.
  void validate() const {
    if (bits < 1 || bits > 8)
      fail(ErrorId::out_of_range, "inputs of ", bits, " magnitude bits; 1 to 8 can be simulated");
    if (dac_bits != 1 && dac_bits != 2 && dac_bits != 4)
      fail(ErrorId::out_of_range, "a DAC of ", dac_bits, " bits; 1, 2 and 4 can be simulated");
  }
  [[nodiscard]] Index digits() const noexcept { return ceil_div(bits, dac_bits); }
  [[nodiscard]] std::int32_t digit(std::int32_t magnitude, Index t) const noexcept {
    return (magnitude >> (t * dac_bits)) & largest_code(dac_bits);
  }
};

}  // namespace autoprune::simulation
