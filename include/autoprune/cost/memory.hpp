/// @file memory.hpp
/// Buffers by their size: a table of SRAM, or ISAAC's eDRAM.
#pragma once

#include <cmath>
#include <string>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/cost/sram.hpp"
#include "autoprune/cost/units.hpp"
#include "autoprune/hardware/components.hpp"

namespace autoprune::cost {

/// A buffer; it costs nothing when it holds nothing.
struct Memory {
  Um2 area;
  Nj read, write;  ///< of one access, with the leakage while it lasts
  Ns access;
};

namespace detail {

/// Larger buffers than the largest of the table are several of those.
[[nodiscard]] inline Memory sram_memory(double kib, Index nm, Index port_bits) {
  constexpr double kLargest = 256.0;
  const double banks = std::ceil(kib / kLargest);
  const Sram bank = sram(kib / banks, nm, port_bits);
  return {banks * bank.area, bank.read * kSramCycle, bank.write * kSramCycle, kSramCycle};
}

/// ISAAC (Shafiee et al., ISCA 2016), Table I: 64 KiB, 0.083 mm^2, 20.7 mW, bus of 256 bits; ours:
/// area goes with the size, and an access takes a cycle of its 1.2 GHz.
[[nodiscard]] inline Memory edram_memory(double kib) {
  const Ns cycle{1.0 / 1.2};
  const Nj access = Watt{20.7e-3} * cycle;
  return {Um2{kib * 83000.0 / 64.0}, access, access, cycle};
}

}  // namespace detail

/// Throws what MemoryKind::validate() throws.
[[nodiscard]] inline Memory memory(double kib, const hardware::MemoryKind& kind) {
  if (kib <= 0.0) return {};
  kind.validate();
  for (const Index nm : {45, 65, 90})
    if (kind.technology == concat("sram-", nm, "nm"))
      return detail::sram_memory(kib, nm, kind.port_bits);
  return detail::edram_memory(kib);
}

}  // namespace autoprune::cost
