/// @file device.hpp
/// MNSIM-2.0's non-idealities. Each changes the cells of one array, given as their levels from 0
/// (high resistance) to 2^cell_bits - 1 (low resistance), which count as their conductances.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::mnsim {

/// Shares of the cells that can't be written.
struct StuckAt {
  double high = 0.001;  ///< stuck at high resistance: level 0
  double low = 0.001;   ///< stuck at low resistance: the top level

  /// Throws out_of_range.
  void validate() const {
    if (!(high >= 0.0 && low >= 0.0 && high + low <= 1.0))
      fail(ErrorId::out_of_range, "stuck at high ", high, " and low ", low,
           ": shares of the cells, so neither is negative and their sum is at most 1");
  }
};

/// Draws for each cell whether it is stuck. Throws out_of_range.
inline void stick(std::span<float> levels, Index cell_bits, const StuckAt& stuck, Random& random) {
  stuck.validate();
  const auto top = static_cast<float>((Index{1} << cell_bits) - 1);
  for (float& level : levels) {
    const double u = random.uniform();
    if (u < stuck.high)
      level = 0.0F;
    else if (u >= 1.0 - stuck.low)
      level = top;
  }
}

/// Replaces level j by its conductance R_low * top / (R_j + N(0, (variation R_j)^2)), with one
/// normal draw a level for the whole array, as MNSIM does it; variation 0 leaves the finite on/off
/// ratio alone. `resistances` are in ohm, [2^cell_bits] from high to low. Levels must be whole
/// numbers: cells are stuck first. Throws shape_mismatch or out_of_range.
inline void vary(std::span<float> levels, std::span<const double> resistances, double variation,
                 Random& random) {
  // Our normals stay within 5.8 standard deviations, so that no resistance falls to 0.
  if (!(variation >= 0.0 && variation <= 0.17))
    fail(ErrorId::out_of_range, "variation ", variation,
         "; take 0 to 0.17 of a resistance as its standard deviation");
  if (resistances.size() < 2)
    fail(ErrorId::shape_mismatch, resistances.size(), " resistances; a cell has two at least");
  for (const double r : resistances)
    if (!(r > 0.0 && std::isfinite(r)))
      fail(ErrorId::out_of_range, "a resistance of ", r, " ohm; it must be positive and finite");
  const double top = static_cast<double>(resistances.size() - 1);
  std::vector<float> conductances;
  for (const double r : resistances)
    conductances.push_back(
        static_cast<float>(resistances.back() * top / (r * (1.0 + variation * random.normal()))));
  for (float& level : levels) {
    const auto j = static_cast<std::size_t>(level);
    if (!(level >= 0.0F) || j >= conductances.size() || static_cast<float>(j) != level)
      fail(ErrorId::shape_mismatch, "a cell of level ", level, " with ", resistances.size(),
           " resistances; give one for each level");
    level = conductances[j];
  }
}

}  // namespace autoprune::mnsim
