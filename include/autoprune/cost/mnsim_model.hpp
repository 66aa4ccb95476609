/// @file mnsim_model.hpp
/// What one inference costs on MNSIM-2.0's accelerator: its hardware model, with its quirks, to the
/// last digits (Zhu et al., GLSVLSI 2020; thu-nics/MNSIM-2.0 @ca39ccb, without its network on
/// chip). Nothing depends on the values of weights: there are no operation units and no pruning.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/breakdown.hpp"
#include "autoprune/cost/mnsim_area.hpp"
#include "autoprune/cost/mnsim_components.hpp"
#include "autoprune/cost/mnsim_energy.hpp"
#include "autoprune/cost/mnsim_hardware.hpp"
#include "autoprune/cost/mnsim_latency.hpp"
#include "autoprune/cost/mnsim_layers.hpp"
#include "autoprune/cost/mnsim_mapping.hpp"
#include "autoprune/cost/mnsim_parts.hpp"
#include "autoprune/cost/mnsim_power.hpp"
#include "autoprune/cost/mnsim_schedule.hpp"
#include "autoprune/cost/mnsim_sram.hpp"
#include "autoprune/cost/units.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::cost {

using MnsimBreakdown = Breakdown<MnsimComponent>;

struct MnsimLayerCost {
  MnsimLayer layer;
  MnsimLayerMap map;
  Totals totals;  ///< latencies from start to finish, and of all positions on end
  MnsimBreakdown components;
  double start_ns = 0.0;   ///< in the pipeline
  double finish_ns = 0.0;  ///< in the pipeline
  double occupancy = 0.0;  ///< share of the time between them that the layer works
};

struct MnsimCost {
  Totals totals;              ///< sums over the layers; latencies from beginning to end
  MnsimBreakdown components;  ///< sums over the layers
  /// Quirk: what MNSIM adds to the figures of a component but not to its totals: the accumulator of
  /// residual sums, and the energy of the adders in PEs.
  MnsimBreakdown unbilled;
  std::vector<MnsimLayerCost> layers;
  MnsimMapping mapping;
  PerComponent<double> tile_area_um2;
};

namespace detail {

template <class Unit>
[[nodiscard]] PerComponent<double> numbers(const PerComponent<Quantity<Unit>>& table) {
  return table.map([](Quantity<Unit> entry) { return entry.value; });
}

/// The chip's accumulator. Quirks: its adders' latency is 1 / MHz taken for ns, a thousandth of
/// what it is; its buffer takes no energy.
[[nodiscard]] inline MnsimBreakdown accumulator_cost(const MnsimMapping& mapping,
                                                     const MnsimHardware& hardware) {
  using enum MnsimComponent;
  MnsimBreakdown cost;
  const MnsimSram sram = mnsim_sram(mapping.accumulator_buffer_kib, hardware);
  const MnsimAdder one = mnsim_adder(mapping.accumulator_bits, hardware);
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
class MnsimPricer {
 public:
  MnsimPricer(const std::vector<MnsimLayer>& layers, const MnsimHardware& hardware)
      : layers_(layers),
        hardware_(hardware),
        parts_(mnsim_parts(hardware)),
        mapping_(mnsim_map(layers, hardware)),
        tile_area_(mnsim_tile_area(hardware, parts_, mapping_)) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto steps = [&](MnsimFill fill) {
        return mnsim_steps(layers[l], mapping_.layers[l], hardware, parts_, fill);
      };
      pipelined_.push_back(steps(MnsimFill::window));
      unpipelined_.push_back(steps(MnsimFill::lines));
    }
  }

  [[nodiscard]] MnsimCost price() const {
    MnsimCost cost;
    cost.mapping = mapping_;
    cost.tile_area_um2 = numbers(tile_area_);
    cost.unbilled = accumulator_cost(mapping_, hardware_);
    const std::vector<MnsimTimes> times = mnsim_schedule(layers_, pipelined_, true);
    const std::vector<MnsimTimes> serial = mnsim_schedule(layers_, unpipelined_, false);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      MnsimLayerCost layer = price_layer(l, times[l], cost.unbilled);
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
  static void add(Totals& sum, const Totals& layer) {
    sum.area_um2 += layer.area_um2;
    sum.power_w += layer.power_w;
    sum.energy_nj += layer.energy_nj;
  }

  [[nodiscard]] MnsimLayerCost price_layer(std::size_t l, const MnsimTimes& times,
                                           MnsimBreakdown& unbilled) const {
    const MnsimLayer& layer = layers_[l];
    const MnsimLayerMap& map = mapping_.layers[l];
    const auto tiles = static_cast<double>(map.tiles);
    const PerComponent<Watt> power = mnsim_layer_power(layer, map, mapping_, hardware_, parts_);
    const MnsimStep all = mnsim_all_steps(pipelined_[l], layer);
    MnsimLayerCost cost{layer, map, {}, {}, times.start.value, times.finish.value, 0.0};
    cost.components.area_um2 = numbers(tile_area_.map([&](Um2 area) { return tiles * area; }));
    cost.components.power_w = numbers(power);
    cost.components.busy_ns = numbers(all.busy);
    cost.components.energy_nj = numbers(mnsim_energy(power, all.busy));
    double& adder = cost.components.energy_nj[MnsimComponent::adder];
    unbilled.energy_nj[MnsimComponent::adder] += std::exchange(adder, 0.0);
    cost.totals = {cost.components.area_um2.total(), cost.components.power_w.total(),
                   cost.components.energy_nj.total(), cost.finish_ns - cost.start_ns,
                   mnsim_all_steps(unpipelined_[l], layer).total.value};
    cost.occupancy = all.total.value / cost.totals.latency_ns;
    return cost;
  }

  const std::vector<MnsimLayer>& layers_;
  const MnsimHardware& hardware_;
  MnsimParts parts_;
  MnsimMapping mapping_;
  PerComponent<Um2> tile_area_;
  std::vector<MnsimSteps> pipelined_, unpipelined_;
};

}  // namespace detail

/// Throws out_of_range for hardware that can't exist or can't hold a kernel of the network,
/// infeasible_constraint when the network needs more tiles than there are.
[[nodiscard]] inline MnsimCost mnsim_cost(const nn::Network& network,
                                          const MnsimHardware& hardware = {}) {
  hardware.validate();
  const std::vector<MnsimLayer> layers = mnsim_layers(network);
  return detail::MnsimPricer(layers, hardware).price();
}

}  // namespace autoprune::cost
