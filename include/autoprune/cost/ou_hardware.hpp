/// @file ou_hardware.hpp
/// An OU accelerator: what it is built of and how much of it. Presets are in ou_presets.hpp.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "autoprune/core/error.hpp"
#include "autoprune/core/geometry.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/cost/components.hpp"
#include "autoprune/cost/layer_work.hpp"
#include "autoprune/cost/memory.hpp"

namespace autoprune::cost {

struct OuHardware {
  std::string name;
  Geometry<> geometry;  ///< that the numbers are for

  Index input_bits = 8;  ///< magnitude bits of an input
  Index dac_bits = 1;    ///< of an input, driven at a time
  Index adc_bits = 6;
  Index accumulator_bits = 24;            ///< of an output while it is summed up
  Index dacs = 32;                        ///< of a crossbar
  Index adcs = 8;                         ///< of a crossbar; bitlines take turns
  Index active_ous = 1;                   ///< of a crossbar at a time
  DenseRead dense_read = DenseRead::ous;  ///< of the network without pruning

  MemoryKind memory;  ///< of the buffers
  OuTable<OuPart> parts;

  /// Whether the ADC tells all sums of an OU apart.
  [[nodiscard]] bool lossless() const noexcept {
    const Index levels = ((Index{1} << geometry.cell_bits) - 1) * ((Index{1} << dac_bits) - 1);
    return adc_bits >= bits_for(geometry.ou_rows * levels + 1);
  }

  [[nodiscard]] ArrayFormat format(const mapping::MappingOptions& options) const {
    return {geometry, options, input_bits, dac_bits};
  }

  /// Throws out_of_range, geometry_mismatch or unknown_name at the first value with which no such
  /// hardware can exist.
  void validate() const {
    geometry.validate();
    require("input_bits", input_bits, 1, 16);
    require("dac_bits", dac_bits, 1, input_bits);
    require("adc_bits", adc_bits, 1, 16);
    require("accumulator_bits", accumulator_bits, 1, 64);
    require("adcs", adcs, 1, geometry.xbar_cols);
    const bool whole = dense_read == DenseRead::crossbars;
    require("dacs", dacs, whole ? geometry.xbar_rows : geometry.ou_rows, geometry.xbar_rows);
    const Index ous =
        geometry.xbar_rows / geometry.ou_rows * (geometry.xbar_cols / geometry.ou_cols);
    require("active_ous", active_ous, 1, ous);
    (void)cost::memory(1.0, memory);
    for (Index i = 0; i < kComponents<OuComponent>; ++i) validate_part(static_cast<OuComponent>(i));
  }

  friend bool operator==(const OuHardware&, const OuHardware&) = default;

 private:
  static constexpr double kMost = 1e15;  // sums of more leave the range of numbers

  static void require(std::string_view what, Index value, Index least, Index most) {
    if (value < least || value > most)
      fail(ErrorId::out_of_range, "hardware ", what, " = ", value, "; needs ", least, " to ", most);
  }

  void validate_part(OuComponent c) const {
    const OuPart& part = parts[c];
    const auto check = [&](std::string_view what, double value) {
      if (!(value >= 0.0 && value <= kMost))
        fail(ErrorId::out_of_range, "hardware ", component_name(c), '.', what, " = ", value,
             "; needs 0 to ", kMost);
    };
    check("area_um2", part.area_um2);
    check("energy_nj", part.energy_nj);
    check("latency_ns", part.latency_ns);
  }
};

}  // namespace autoprune::cost
