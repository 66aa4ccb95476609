/// @file activity.hpp
/// What the hardware did, for a cost model to bill.
#pragma once

#include "autoprune/core/types.hpp"

namespace autoprune::simulation {

/// Counts over all images, every array (bit plane and sign) on its own.
struct Activity {
  Index ou_activations = 0;  ///< one OU of one array, one input digit, at most OuRows wordlines
  Index skipped_activations = 0;  ///< not done, because all its input digits are zero
  Index adc_conversions = 0;      ///< one bitline of one activation
  Index input_fetches = 0;        ///< input values read by the row groups that hold something
  Index index_fetches = 0;  ///< entries of the index buffer: a row group an OU, a column a vector

  Activity& operator+=(const Activity& other) noexcept {
    ou_activations += other.ou_activations;
    skipped_activations += other.skipped_activations;
    adc_conversions += other.adc_conversions;
    input_fetches += other.input_fetches;
    index_fetches += other.index_fetches;
    return *this;
  }
  friend bool operator==(const Activity&, const Activity&) = default;
};

}  // namespace autoprune::simulation
