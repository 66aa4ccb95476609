/// @file model.hpp
/// What one inference costs on MNSIM-2.0's accelerator: its hardware model, with its quirks, to the
/// last digits (Zhu et al., GLSVLSI 2020; thu-nics/MNSIM-2.0 @ca39ccb, without its network on
/// chip). Nothing depends on the values of weights: there are no operation units and no pruning.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/breakdown.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/cost/pipeline.hpp"
#include "autoprune/cost/sram.hpp"
#include "autoprune/cost/units.hpp"
#include "autoprune/mnsim/area.hpp"
#include "autoprune/mnsim/components.hpp"
#include "autoprune/mnsim/hardware.hpp"
#include "autoprune/mnsim/latency.hpp"
#include "autoprune/mnsim/mapping.hpp"
#include "autoprune/mnsim/parts.hpp"
#include "autoprune/mnsim/power.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::mnsim {

using Breakdown = cost::Breakdown<Component>;

struct LayerCost {
  cost::GraphLayer layer;
  LayerMap map;
  cost::Totals totals;  ///< latencies from start to finish, and of all positions on end
  Breakdown components;
  double start_ns = 0.0;   ///< in the pipeline
  double finish_ns = 0.0;  ///< in the pipeline
  double occupancy = 0.0;  ///< share of the time between them that the layer works
};

struct Cost {
  cost::Totals totals;   ///< sums over the layers; latencies from beginning to end
  Breakdown components;  ///< sums over the layers
  /// Quirk: what MNSIM adds to the figures of a component but not to its totals: the accumulator of
  /// residual sums, and the energy of the adders in PEs.
  Breakdown unbilled;
  std::vector<LayerCost> layers;
  Mapping mapping;
  PerComponent<double> tile_area_um2;
};

namespace detail {

template <class Unit>
[[nodiscard]] PerComponent<double> numbers(const PerComponent<cost::Quantity<Unit>>& table) {
  return table.map([](cost::Quantity<Unit> entry) { return entry.value; });
}

/// The chip's accumulator. Quirks: its adders' latency is 1 / MHz taken for ns, a thousandth of
/// what it is; its buffer takes no energy.
[[nodiscard]] inline Breakdown accumulator_cost(const Mapping& mapping, const Hardware& hardware) {
  using enum Component;
  Breakdown cost;
  const cost::Sram sram = hardware.sram(mapping.accumulator_buffer_kib);
  const cost::Circuit one = cost::adder(mapping.accumulator_bits, hardware);
  const double adders = static_cast<double>(mapping.accumulator_adders);
  cost.area_um2[buffer] = sram.area.value;
  cost.power_w[buffer_read] = sram.read.value;
  cost.power_w[buffer_write] = sram.write.value;
  cost.area_um2[accumulator] = (adders * one.area).value;
  cost.power_w[accumulator] = (adders * one.power).value;
  cost.energy_nj[accumulator] = (adders * one.power * Ns{1.0 / hardware.clock_mhz}).value;
  return cost;
}

/// Prices a network whose mapping is known.
class Pricer {
 public:
  Pricer(const std::vector<cost::GraphLayer>& layers, const Hardware& hardware)
      : layers_(layers),
        hardware_(hardware),
        parts_(parts_of(hardware)),
        mapping_(map_network(layers, hardware)),
        tile_area_(tile_area(hardware, parts_, mapping_)) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto steps = [&](Fill fill) {
        return position_steps(layers[l], mapping_.layers[l], hardware, parts_, fill);
      };
      pipelined_.push_back(steps(Fill::window));
      unpipelined_.push_back(steps(Fill::lines));
    }
  }

  [[nodiscard]] Cost price() const {
    Cost cost;
    cost.mapping = mapping_;
    cost.tile_area_um2 = numbers(tile_area_);
    cost.unbilled = accumulator_cost(mapping_, hardware_);
    const std::vector<cost::LayerTimes> times = cost::schedule(layers_, totals(pipelined_));
    // Quirk: residual sums stay in the pipeline where there is none.
    const std::vector<cost::LayerTimes> serial = cost::schedule(
        layers_, totals(unpipelined_),
        [](const cost::GraphLayer& layer) { return layer.kind != cost::LayerKind::sum; });
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      LayerCost layer = price_layer(l, times[l], cost.unbilled);
      cost.components += layer.components;
      add(cost.totals, layer.totals);
      cost.totals.latency_ns = std::max(cost.totals.latency_ns, times[l].finish.value);
      cost.totals.latency_unpipelined_ns =
          std::max(cost.totals.latency_unpipelined_ns, serial[l].finish.value);
      cost.layers.push_back(std::move(layer));
    }
    return cost;
  }

 private:
  [[nodiscard]] static std::vector<cost::ByPosition<Ns>> totals(const std::vector<Steps>& layers) {
    std::vector<cost::ByPosition<Ns>> out;
    for (const Steps& s : layers)
      out.push_back({s.corner.total, s.first_col.total, s.first_row.total, s.inside.total});
    return out;
  }
  static void add(cost::Totals& sum, const cost::Totals& layer) {
    sum.area_um2 += layer.area_um2;
    sum.power_w += layer.power_w;
    sum.energy_nj += layer.energy_nj;
  }

  [[nodiscard]] LayerCost price_layer(std::size_t l, const cost::LayerTimes& times,
                                      Breakdown& unbilled) const {
    const cost::GraphLayer& layer = layers_[l];
    const LayerMap& map = mapping_.layers[l];
    const auto tiles = static_cast<double>(map.tiles);
    const PerComponent<Watt> power = layer_power(layer, map, mapping_, hardware_, parts_);
    const Step all = all_steps(pipelined_[l], layer);
    LayerCost cost{layer, map, {}, {}, times.start.value, times.finish.value, 0.0};
    cost.components.area_um2 = numbers(tile_area_.map([&](Um2 area) { return tiles * area; }));
    cost.components.power_w = numbers(power);
    cost.components.busy_ns = numbers(all.busy);
    cost.components.energy_nj = numbers(energy_of(power, all.busy));
    double& adder = cost.components.energy_nj[Component::adder];
    unbilled.energy_nj[Component::adder] += std::exchange(adder, 0.0);
    cost.totals = {cost.components.area_um2.total(), cost.components.power_w.total(),
                   cost.components.energy_nj.total(), cost.finish_ns - cost.start_ns,
                   all_steps(unpipelined_[l], layer).total.value};
    cost.occupancy = all.total.value / cost.totals.latency_ns;
    return cost;
  }

  const std::vector<cost::GraphLayer>& layers_;
  const Hardware& hardware_;
  Parts parts_;
  Mapping mapping_;
  PerComponent<Um2> tile_area_;
  std::vector<Steps> pipelined_, unpipelined_;
};

}  // namespace detail

/// Throws out_of_range for hardware that can't exist or can't hold a kernel of the network,
/// infeasible_constraint when the network needs more tiles than there are.
[[nodiscard]] inline Cost price(const nn::Network& network, const Hardware& hardware = {}) {
  hardware.validate();
  const std::vector<cost::GraphLayer> layers = cost::layer_graph(network);
  return detail::Pricer(layers, hardware).price();
}

}  // namespace autoprune::mnsim
