/// @file layer_hardware.hpp
/// In what a layer's hardware differs from the accelerator's.
#pragma once

#include <optional>

#include "autoprune/core/types.hpp"
#include "autoprune/hardware/geometry.hpp"

namespace autoprune::hardware {

/// What isn't given is the accelerator's.
struct LayerHardware {
  std::optional<Geometry<>> geometry = {};  ///< of its crossbars and OUs
  std::optional<Index> weight_bits = {};    ///< magnitude bits of its weights
  std::optional<Index> input_bits = {};
  std::optional<Index> adc_bits = {};

  /// Whether it differs in nothing.
  [[nodiscard]] bool empty() const { return *this == LayerHardware{}; }
  /// This, and what isn't given as `base` has it.
  [[nodiscard]] LayerHardware over(const LayerHardware& base) const {
    return {geometry ? geometry : base.geometry, weight_bits ? weight_bits : base.weight_bits,
            input_bits ? input_bits : base.input_bits, adc_bits ? adc_bits : base.adc_bits};
  }

  friend bool operator==(const LayerHardware&, const LayerHardware&) = default;
};

}  // namespace autoprune::hardware
