/// @file converters.hpp
/// DACs and ADCs as they were published.
#pragma once

#include <array>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::cost {

/// A DAC or an ADC.
struct Converter {
  Index bits = 1;
  double area_um2 = 0.0;
  double power_w = 0.0;
  double latency_ns = 1.0;  ///< of one conversion
};

/// MNSIM-2.0's DAC_Choice 1 to 7, of 1, 2, 3, 4, 6, 8 and 1 bits; the source is ISAAC (Shafiee et
/// al., ISCA 2016), 32 nm. Latency is (bits + 2) samples at 1 GS/s. Throws out_of_range.
[[nodiscard]] inline Converter published_dac(Index choice) {
  constexpr std::array<Converter, 7> dacs = {
      {{1, 0.166, 3.9e-6, 3.0},
       {2, 0.332, 7.8e-6, 4.0},
       {3, 0.664, 1.56e-5, 5.0},
       {4, 1.328, 3.12e-5, 6.0},
       {6, 5.312, 1.248e-4, 8.0},
       {8, 21.248, 0.4992, 10.0},  // Quirk: milliwatts taken as watts, a thousand times too much.
       {1, 0.166, 3.9e-6, 3.0}}};
  if (choice < 1 || choice > Index{dacs.size()})
    fail(ErrorId::out_of_range, "DAC choice ", choice, "; take 1 to ", dacs.size());
  return dacs[static_cast<std::size_t>(choice - 1)];
}

/// MNSIM-2.0's ADC_Choice 1 to 9. Latency is (bits + 2) / sample rate, where nothing else is said.
/// Throws out_of_range.
[[nodiscard]] inline Converter published_adc(Index choice) {
  constexpr std::array<Converter, 9> adcs = {
      {{10, 1600.0, 6.92e-3, 12.0 / 1.5},     // pipelined SAR, 1.5 GS/s, 14 nm FinFET
       {8, 1200.0, 2.0e-3, 10.0 / 1.28},      // ISAAC, 1.28 GS/s, 32 nm
       {8, 1650.0, 4.0e-3, 10.0 / 1.1},       // two-step SAR, 1.1 GS/s
       {6, 580.0, 1.26e-3, 8.0},              // SAR with charge-injection cells, 1 GS/s
       {8, 1650.0, 4.0e-3, 10.0 / 1.1},       // as choice 3
       {6, 1650.0, 1.26e-3, 8.0},             // power and rate of choice 4, area of choice 3
       {4, 500.0, 0.7e-3, 6.0},               // 1 GS/s
       {1, 1.0, 1.629e-6, 1.0},               // sense amplifier: one sample at 1 GS/s
       {8, 15899.0, 5.84e-5, 256.0 / 6.0}}};  // counting converter: 2^8 steps at 6 GS/s
  if (choice < 1 || choice > Index{adcs.size()})
    fail(ErrorId::out_of_range, "ADC choice ", choice, "; take 1 to ", adcs.size());
  return adcs[static_cast<std::size_t>(choice - 1)];
}

}  // namespace autoprune::cost
