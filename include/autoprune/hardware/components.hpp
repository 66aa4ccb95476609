/// @file components.hpp
/// What an OU accelerator is built of.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/hardware/component_table.hpp"

namespace autoprune::hardware {

enum class Component {
  cell,             ///< a ReRAM cell; acts when its row is driven and its bitline is read
  wordline_driver,  ///< one a row of a crossbar
  dac,              ///< acts for each wordline of an activation
  input_demux,      ///< from a DAC to the row that it drives
  input_register,   ///< one a DAC: holds an input while its digits are driven
  sample_hold,      ///< one a bitline
  output_mux,       ///< from bitlines to the ADC that they share
  adc,              ///< acts for each bitline of an activation
  output_register,  ///< one an ADC: holds what it has read
  shift_add,        ///< one an ADC: merges digits of inputs, bit planes and signs
  input_buffer,     ///< memory of input values
  index_buffer,     ///< memory of row groups and output columns
  index_decoder,    ///< one an index bank: from what the buffer holds to rows and columns
  accumulator,      ///< one a filter: register and adder at the end of the scatter
};

template <>
struct ComponentNames<Component> {
  static constexpr std::array<std::string_view, 14> names = {
      "cell",         "wordline_driver", "dac",           "input_demux",     "input_register",
      "sample_hold",  "output_mux",      "adc",           "output_register", "shift_add",
      "input_buffer", "index_buffer",    "index_decoder", "accumulator"};
};

template <class T>
using PartTable = ComponentTable<Component, T>;

/// One component of a kind.
struct Part {
  double area_um2 = 0.0;
  double energy_nj = 0.0;   ///< of one action
  double latency_ns = 0.0;  ///< of one action
  std::string technology;   ///< "65 nm"
  std::string source;       ///< where the numbers are from; "ours: ..." with the reason

  friend bool operator==(const Part&, const Part&) = default;
};

[[nodiscard]] inline std::vector<std::string> memory_technologies() {
  return {"sram-45nm", "sram-65nm", "sram-90nm", "edram-32nm"};
}

/// What buffers are made of.
struct MemoryKind {
  std::string technology = "sram-90nm";  ///< one of memory_technologies()
  Index port_bits = 64;                  ///< of one access

  /// Throws unknown_name for the technology, out_of_range for a port that it doesn't have.
  void validate() const {
    const std::vector<std::string> known = memory_technologies();
    if (std::find(known.begin(), known.end(), technology) == known.end())
      fail_unknown("memory technology", technology, known);
    if (technology == "edram-32nm") {
      if (port_bits != 256)
        fail(ErrorId::out_of_range, "memory port_bits = ", port_bits, "; edram-32nm has 256");
    } else if (port_bits != 64 && port_bits != 128 && port_bits != 256 && port_bits != 512) {
      fail(ErrorId::out_of_range, "memory port_bits = ", port_bits,
           "; SRAM has 64, 128, 256 or 512");
    }
  }

  friend bool operator==(const MemoryKind&, const MemoryKind&) = default;
};

/// The memories have no Part: their size decides, and cost/memory.hpp knows.
[[nodiscard]] constexpr bool is_memory(Component c) noexcept {
  return c == Component::input_buffer || c == Component::index_buffer;
}

}  // namespace autoprune::hardware
