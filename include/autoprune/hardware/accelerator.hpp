/// @file accelerator.hpp
/// The accelerator: one value that a network is mapped to, simulated on and priced with. Presets
/// are in cost/ou_presets.hpp; io/hardware_json.hpp reads it from a file.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/hardware/adcs.hpp"
#include "autoprune/hardware/components.hpp"
#include "autoprune/hardware/devices.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/hardware/input_code.hpp"
#include "autoprune/hardware/layer_hardware.hpp"
#include "autoprune/hardware/weight_code.hpp"

namespace autoprune::hardware {

/// How dense crossbars are read.
enum class DenseRead {
  ous,       ///< OU by OU, as pruned ones
  crossbars  ///< all rows and columns at once (ISAAC, MNSIM-2.0)
};

[[nodiscard]] constexpr auto words_of(DenseRead) {
  using enum DenseRead;
  return std::to_array<Word<DenseRead>>({{ous, "ous"}, {crossbars, "crossbars"}});
}

/// How a data path makes use of inputs that are zero.
enum class OuFormation {
  stored,          ///< an OU whose wordlines all carry zero isn't activated
  dynamic,         ///< of places that are OUs (SRE, LSR), those of wordlines that carry something
                   ///< are formed at run time
  dynamic_vectors  ///< the same within column-vectors that are several OUs high
};

[[nodiscard]] constexpr auto words_of(OuFormation) {
  using enum OuFormation;
  return std::to_array<Word<OuFormation>>(
      {{stored, "stored"}, {dynamic, "dynamic"}, {dynamic_vectors, "dynamic-vectors"}});
}

struct Accelerator {
  std::string name = {};
  Geometry<> geometry = {};
  WeightCode weights = {};   ///< how a weight becomes cells
  InputCode inputs = {};     ///< how an input becomes digits
  Adc adc = {};              ///< of every bitline
  CellDevices devices = {};  ///< what the cells really are
  OuFormation formation = OuFormation::stored;

  // How much of what a crossbar has
  Index dacs = 32;
  Index adcs = 8;                         ///< bitlines take turns
  Index active_ous = 1;                   ///< at a time
  Index accumulator_bits = 24;            ///< of an output while it is summed up
  DenseRead dense_read = DenseRead::ous;  ///< of the network without pruning

  // What that costs
  MemoryKind memory = {};  ///< of the buffers
  PartTable<Part> parts = {};
  Index priced_adc_bits = 6;  ///< those of the ADC in `parts`

  std::vector<LayerHardware> layers = {};  ///< one a matrix layer in order; none: all are alike

  /// What matrix layer k, from 0, runs on. A crossbar of other size has as many converters as the
  /// accelerator's, as far as it can use them and at least those that an OU needs; what they cost
  /// stays the accelerator's. Throws shape_mismatch.
  [[nodiscard]] Accelerator layer(Index k) const {
    if (layers.empty()) return *this;
    if (k < 0 || k >= std::ssize(layers))
      fail(ErrorId::shape_mismatch, "hardware of ", layers.size(),
           " layers for a network with more; one each is needed");
    return on(layers[static_cast<std::size_t>(k)]);
  }
  /// Throws shape_mismatch unless there is hardware for that many layers.
  void require_layers(std::size_t count) const {
    if (!layers.empty() && layers.size() != count)
      fail(ErrorId::shape_mismatch, "hardware of ", layers.size(), " layers for a network of ",
           count, " layers with weights; one each is needed");
  }

  /// Whether the ADC's bits tell all sums of an OU apart.
  [[nodiscard]] bool lossless() const noexcept {
    const Index levels =
        Index{largest_code(geometry.cell_bits)} * Index{largest_code(inputs.dac_bits)};
    return adc.bits >= bits_for(geometry.ou_rows * levels + 1);
  }
  /// Whether accuracy depends on what is drawn.
  [[nodiscard]] bool noisy() const { return !devices.ideal(); }
  /// The same integers without errors: of the ADC and of the devices.
  [[nodiscard]] Accelerator ideal() const {
    Accelerator same = *this;
    same.adc.kind = Ideal::kName;
    same.devices = {};
    return same;
  }

  [[nodiscard]] Index digits() const noexcept { return inputs.digits(); }
  /// Physical arrays that hold the same tiles: bit planes times sign arrays.
  [[nodiscard]] Index arrays() const noexcept { return weights.arrays(geometry.cell_bits); }
  [[nodiscard]] Index bitlines_per_weight() const noexcept {
    return weights.bitlines_per_weight(geometry.cell_bits);
  }

  /// A component as it is priced. MNSIM-2.0's law for ADCs: a conversion takes bits + 2 samples.
  [[nodiscard]] Part part(Component c) const {
    Part part = parts[c];
    if (c != Component::adc || adc.bits == priced_adc_bits) return part;
    const double samples =
        static_cast<double>(adc.bits + 2) / static_cast<double>(priced_adc_bits + 2);
    part.energy_nj *= samples;
    part.latency_ns *= samples;
    return part;
  }

  /// Throws out_of_range, geometry_mismatch or unknown_name at the first value with which no such
  /// accelerator can exist.
  void validate() const {
    geometry.validate();
    weights.validate();
    require("inputs.bits", inputs.bits, 1, 16);
    require("inputs.dac_bits", inputs.dac_bits, 1, inputs.bits);
    require("adc.bits", adc.bits, 1, 16);
    hardware::validate(adc);
    devices.validate();
    require("accumulator_bits", accumulator_bits, 1, 64);
    require("adcs", adcs, 1, geometry.xbar_cols);
    const bool whole = dense_read == DenseRead::crossbars;
    require("dacs", dacs, whole ? geometry.xbar_rows : geometry.ou_rows, geometry.xbar_rows);
    const Index ous =
        geometry.xbar_rows / geometry.ou_rows * (geometry.xbar_cols / geometry.ou_cols);
    require("active_ous", active_ous, 1, ous);
    memory.validate();
    for (Index i = 0; i < kComponents<Component>; ++i) validate_part(static_cast<Component>(i));
    for (Index k = 0; k < std::ssize(layers); ++k) {
      try {
        layer(k).validate();
      } catch (const Error& error) {
        fail(error.id(), "layer ", k + 1, ": ", error.message());
      }
    }
  }

  friend bool operator==(const Accelerator&, const Accelerator&) = default;

 private:
  [[nodiscard]] Accelerator on(const LayerHardware& own) const {
    Accelerator a = *this;
    a.layers.clear();
    a.weights.weight_bits = own.weight_bits.value_or(weights.weight_bits);
    a.inputs.bits = own.input_bits.value_or(inputs.bits);
    a.inputs.dac_bits = std::min(inputs.dac_bits, a.inputs.bits);
    a.adc.bits = own.adc_bits.value_or(adc.bits);
    if (!own.geometry) return a;
    own.geometry->validate();
    a.geometry = *own.geometry;
    const Geometry<>& g = a.geometry;
    const bool whole = dense_read == DenseRead::crossbars || dacs == geometry.xbar_rows;
    a.dacs = whole ? g.xbar_rows : std::clamp(dacs, g.ou_rows, g.xbar_rows);
    a.adcs = std::min(adcs, g.xbar_cols);
    a.active_ous = std::min(active_ous, g.xbar_rows / g.ou_rows * (g.xbar_cols / g.ou_cols));
    return a;
  }

  static constexpr double kMost = 1e15;  // sums of more leave the range of numbers

  static void require(std::string_view what, Index value, Index least, Index most) {
    if (value < least || value > most)
      fail(ErrorId::out_of_range, "hardware ", what, " = ", value, "; needs ", least, " to ", most);
  }

  void validate_part(Component c) const {
    const Part& part = parts[c];
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

}  // namespace autoprune::hardware
