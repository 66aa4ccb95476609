/// @file mnsim_components.hpp
/// What MNSIM-2.0 splits its figures into, and a table with one entry for each.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "autoprune/core/types.hpp"

namespace autoprune::cost {

enum class MnsimComponent {
  crossbar,
  dac,
  adc,
  input_register,
  output_register,
  shift_register,
  input_demux,
  output_mux,
  adder,         ///< sums the groups of a PE
  joint_module,  ///< shifts and adds the PEs of a tile
  pooling,
  buffer,        ///< SRAM of PEs and tiles; what its accesses cost is in the next two
  buffer_read,   ///<
  buffer_write,  ///<
  accumulator,   ///< the chip's adders for residual sums
  intra_tile,    ///< wires inside a tile
  tile_merge,    ///< collecting a layer's tiles, with the read of the output buffer before it
  inter_tile     ///< wires to the next layer's tiles
};

inline constexpr std::array<std::string_view, 18> kMnsimComponentNames = {
    "crossbar",       "dac",         "adc",         "input_register", "output_register",
    "shift_register", "input_demux", "output_mux",  "adder",          "joint_module",
    "pooling",        "buffer",      "buffer_read", "buffer_write",   "accumulator",
    "intra_tile",     "tile_merge",  "inter_tile"};
inline constexpr Index kMnsimComponents = static_cast<Index>(kMnsimComponentNames.size());

[[nodiscard]] inline std::string_view mnsim_component_name(MnsimComponent component) {
  return kMnsimComponentNames[static_cast<std::size_t>(component)];
}

/// One T a component, all zero at first.
template <class T>
class PerComponent {
 public:
  [[nodiscard]] T& operator[](MnsimComponent c) { return entries_[static_cast<std::size_t>(c)]; }
  [[nodiscard]] const T& operator[](MnsimComponent c) const {
    return entries_[static_cast<std::size_t>(c)];
  }

  PerComponent& operator+=(const PerComponent& other) {
    for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i] += other.entries_[i];
    return *this;
  }

  [[nodiscard]] T total() const {
    T sum{};
    for (const T& entry : entries_) sum += entry;
    return sum;
  }

  /// The table of f(entry).
  template <class F>
  [[nodiscard]] auto map(const F& f) const {
    PerComponent<decltype(f(T{}))> out;
    for (Index i = 0; i < kMnsimComponents; ++i) {
      const auto c = static_cast<MnsimComponent>(i);
      out[c] = f((*this)[c]);
    }
    return out;
  }

 private:
  std::array<T, kMnsimComponentNames.size()> entries_{};
};

}  // namespace autoprune::cost
