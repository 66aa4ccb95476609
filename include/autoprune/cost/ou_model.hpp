/// @file ou_model.hpp
/// What one inference costs on an OU accelerator: area, energy and time of every component, from
/// the work of every layer. The figures of dense networks, of our mapping and of any other pruning
/// method come from the same few lines.
///
/// Schedule. A layer's crossbars work at the same time. Crossbars that hold the same tiles, its bit
/// planes and signs, are a set; each set has a bank of the input buffer, a bank of the index buffer
/// and a decoder. A crossbar goes through its OUs one after another (`active_ous` at a time), an OU
/// through the digits of its inputs, an activation through its bitlines, as many at a time as there
/// are ADCs; within an activation nothing overlaps. Inputs and index entries of the next OU are
/// fetched meanwhile, so that a layer takes as long as the slowest of the three. Pipelined, a layer
/// begins an output position as soon as its inputs are there (cost/pipeline.hpp); pools and sums
/// take no time.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/cost/breakdown.hpp"
#include "autoprune/cost/cost_model.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/cost/layer_work.hpp"
#include "autoprune/cost/memory.hpp"
#include "autoprune/cost/pipeline.hpp"
#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/hardware/components.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::cost {

using OuBreakdown = Breakdown<hardware::Component>;

struct OuLayerCost {
  std::string name;
  LayerWork work;
  Totals totals;  ///< latencies from start to finish in the pipeline, and of all positions on end
  OuBreakdown components;
};

struct OuCost {
  Totals totals;           ///< sums over the layers; latency_ns from the first start to the end
  OuBreakdown components;  ///< sums over the layers
  std::vector<OuLayerCost> layers;

  [[nodiscard]] double total(Index LayerWork::*count) const {
    double sum = 0.0;
    for (const OuLayerCost& layer : layers) sum += static_cast<double>(layer.work.*count);
    return sum;
  }
};

namespace detail {

/// Prices one layer.
class OuLayerPricer {
 public:
  OuLayerPricer(const LayerWork& work, const hardware::Accelerator& accelerator)
      : work_(work), h_(accelerator), sets_(ceil_div(work.crossbars, accelerator.arrays())) {
    const auto kib = [&](double bits) { return bits / 8192.0 / std::max(1.0, number(sets_)); };
    const bool stores = work.crossbars > 0;
    input_ =
        memory(stores ? kib(number(work.shape.buffered_inputs * h_.inputs.bits)) : 0.0, h_.memory);
    index_ = memory(kib(number(work.index_bits)), h_.memory);
  }

  [[nodiscard]] OuBreakdown price() const {
    OuBreakdown cost;
    for (std::size_t i = 0; i < hardware::detail::kBuiltIn.size(); ++i) {
      const auto c = static_cast<hardware::Component>(i);
      if (hardware::is_memory(c)) continue;
      const hardware::Part part = h_.part(c);
      cost.area_um2[c] = built(c) * part.area_um2;
      cost.energy_nj[c] = actions(c) * part.energy_nj;
      cost.busy_ns[c] = serial_actions(c) * part.latency_ns;
    }
    const LayerUse use{work_, h_, number(sets_)};
    hardware::for_each_added([&](hardware::Component c, auto kind) {
      cost.area_um2[c] = kind.built(use) * h_.parts[c].area_um2;
      cost.energy_nj[c] = kind.actions(use) * h_.parts[c].energy_nj;
      if constexpr (requires { kind.serial_actions(use); })
        cost.busy_ns[c] = kind.serial_actions(use) * h_.parts[c].latency_ns;
    });
    using enum hardware::Component;
    cost.area_um2[input_buffer] = (number(sets_) * input_.area).value;
    cost.area_um2[index_buffer] = (number(sets_) * index_.area).value;
    const double reads = accesses(work_.input_fetches * number(h_.inputs.bits));
    const double writes = sets_ > 0 ? accesses(number(work_.shape.inputs * h_.inputs.bits)) : 0.0;
    cost.energy_nj[input_buffer] = (reads * input_.read + writes * input_.write).value;
    cost.energy_nj[index_buffer] = (accesses(work_.index_reads) * index_.read).value;
    cost.busy_ns[input_buffer] =
        (accesses(work_.longest.input_fetches * number(h_.inputs.bits)) * input_.access).value;
    cost.busy_ns[index_buffer] = per_set((accesses(work_.index_reads) * index_.access).value);
    return cost;
  }

  /// The slowest of: crossbars and what follows them, inputs, index.
  [[nodiscard]] static double latency_ns(const OuBreakdown& cost) {
    using enum hardware::Component;
    const double inputs = cost.busy_ns[input_buffer];
    const double index = cost.busy_ns[index_buffer] + cost.busy_ns[index_decoder];
    return std::max({cost.busy_ns.total() - inputs - index, inputs, index});
  }

 private:
  static double number(Index count) { return static_cast<double>(count); }
  /// A set's share of what all sets do.
  [[nodiscard]] double per_set(double all) const { return sets_ > 0 ? all / number(sets_) : 0.0; }
  /// Bits are packed into words of the port.
  [[nodiscard]] double accesses(double bits) const { return bits / number(h_.memory.port_bits); }

  /// How many of a component the layer has.
  [[nodiscard]] double built(hardware::Component c) const {
    const Geometry<>& g = h_.geometry;
    const auto each = [&](Index of_a_crossbar) { return number(work_.crossbars * of_a_crossbar); };
    switch (c) {
      case hardware::Component::cell:
        return each(g.xbar_rows * g.xbar_cols);
      case hardware::Component::wordline_driver:
        return each(g.xbar_rows);
      case hardware::Component::dac:
      case hardware::Component::input_demux:
      case hardware::Component::input_register:
        return each(h_.dacs);
      case hardware::Component::sample_hold:
        return each(g.xbar_cols);
      case hardware::Component::index_decoder:
        return work_.index_bits > 0 ? number(sets_) : 0.0;
      case hardware::Component::accumulator:
        return sets_ > 0 ? number(work_.shape.filters) : 0.0;
      case hardware::Component::adc:
      case hardware::Component::output_mux:
      case hardware::Component::output_register:
      case hardware::Component::shift_add:
        return each(h_.adcs);
      case hardware::Component::input_buffer:
      case hardware::Component::index_buffer:
        break;
    }
    fail_enum("component that isn't a memory", c);
  }

  /// What all of a component do for one image.
  [[nodiscard]] double actions(hardware::Component c) const {
    switch (c) {
      case hardware::Component::cell:
        return work_.cells;
      case hardware::Component::wordline_driver:
      case hardware::Component::dac:
      case hardware::Component::input_demux:
      case hardware::Component::input_register:
        return work_.wordlines;
      case hardware::Component::index_decoder:
        return work_.index_fetches;
      case hardware::Component::accumulator:
        return work_.accumulations;
      case hardware::Component::sample_hold:
      case hardware::Component::adc:
      case hardware::Component::output_mux:
      case hardware::Component::output_register:
      case hardware::Component::shift_add:
        return work_.bitlines;
      case hardware::Component::input_buffer:
      case hardware::Component::index_buffer:
        break;
    }
    fail_enum("component that isn't a memory", c);
  }

  /// What has to wait for one another in the crossbar that takes longest.
  [[nodiscard]] double serial_actions(hardware::Component c) const {
    const double activations = work_.longest.activations / number(h_.active_ous);
    switch (c) {
      case hardware::Component::cell:
      case hardware::Component::wordline_driver:
      case hardware::Component::dac:
      case hardware::Component::input_demux:
      case hardware::Component::input_register:
      case hardware::Component::sample_hold:
        return activations;
      case hardware::Component::index_decoder:
        return per_set(work_.index_fetches);
      case hardware::Component::accumulator:
        return work_.longest.accumulations / number(h_.adcs);
      case hardware::Component::adc:
      case hardware::Component::output_mux:
      case hardware::Component::output_register:
      case hardware::Component::shift_add:
        return activations * number(ceil_div(work_.step_cols * h_.active_ous, h_.adcs));
      case hardware::Component::input_buffer:
      case hardware::Component::index_buffer:
        break;
    }
    fail_enum("component that isn't a memory", c);
  }

  const LayerWork& work_;
  const hardware::Accelerator& h_;
  Index sets_;
  Memory input_, index_;
};

/// A layer's steps when every output position takes equally long.
[[nodiscard]] inline ByPosition<Ns> equal_steps(double layer_ns, Index positions) {
  const Ns step{layer_ns / static_cast<double>(positions)};
  return {step, step, step, step};
}

}  // namespace detail

/// Prices the layers of one network, again and again under other masks.
class OuModel {
 public:
  /// Throws out_of_range, geometry_mismatch or unknown_name for hardware that can't exist.
  OuModel(const nn::Network& network, hardware::Accelerator accelerator)
      : accelerator_(std::move(accelerator)),
        shapes_(layer_shapes(network)),
        graph_(layer_graph(network)) {
    for (const GraphLayer& layer : graph_)
      if (layer.has_matrix()) names_.push_back(layer.name);
    build();
  }
  /// The same network on another accelerator. Throws what the constructor throws.
  [[nodiscard]] OuModel planned(hardware::Accelerator accelerator) const {
    OuModel same = *this;
    same.accelerator_ = std::move(accelerator);
    same.build();
    return same;
  }

  [[nodiscard]] const hardware::Accelerator& accelerator() const noexcept { return accelerator_; }
  /// Of the layers with weights, in order.
  [[nodiscard]] const std::vector<LayerShape>& shapes() const noexcept { return shapes_; }

  /// The work of the unpruned network, on the accelerator's own crossbars in every layer.
  [[nodiscard]] std::vector<LayerWork> dense_work() const {
    std::vector<LayerWork> work;
    for (const LayerShape& shape : shapes_) work.push_back(cost::dense_work(shape, accelerator_));
    return work;
  }
  /// The work of the network as any method maps it. Throws mask_mismatch.
  [[nodiscard]] std::vector<LayerWork> work(std::span<const mapping::Placement> layers) const {
    require_layers(layers.size());
    std::vector<LayerWork> work;
    for (std::size_t k = 0; k < shapes_.size(); ++k)
      work.push_back(mapped_work(shapes_[k], layers[k], layers_[k]));
    return work;
  }

  /// What the network costs when its layers ask for `work`. Throws mask_mismatch.
  [[nodiscard]] OuCost price(std::span<const LayerWork> work) const {
    return price(
        work, [&](std::size_t k) -> const auto& { return layers_[k]; });
  }
  [[nodiscard]] OuCost price(std::span<const mapping::Placement> layers) const {
    return price(work(layers));
  }
  [[nodiscard]] OuCost price_dense() const {
    return price(
        dense_work(), [&](std::size_t) -> const auto& { return accelerator_; });
  }

 private:
  void build() {
    accelerator_.validate();
    accelerator_.require_layers(shapes_.size());
    layers_.clear();
    for (Index k = 0; k < std::ssize(shapes_); ++k) layers_.push_back(accelerator_.layer(k));
  }

  template <class AcceleratorOf>
  [[nodiscard]] OuCost price(std::span<const LayerWork> work, const AcceleratorOf& of) const {
    require_layers(work.size());
    OuCost cost;
    for (std::size_t k = 0; k < work.size(); ++k) {
      OuLayerCost layer{names_[k], work[k], {}, {}};
      layer.components = detail::OuLayerPricer(work[k], of(k)).price();
      layer.totals.area_um2 = layer.components.area_um2.total();
      layer.totals.energy_nj = layer.components.energy_nj.total();
      layer.totals.latency_unpipelined_ns = detail::OuLayerPricer::latency_ns(layer.components);
      cost.layers.push_back(std::move(layer));
    }
    add_pipeline(cost);
    for (OuLayerCost& layer : cost.layers) {
      add_power(layer, cost.totals.latency_ns);
      cost.components += layer.components;
      cost.totals.area_um2 += layer.totals.area_um2;
      cost.totals.power_w += layer.totals.power_w;
      cost.totals.energy_nj += layer.totals.energy_nj;
      cost.totals.latency_unpipelined_ns += layer.totals.latency_unpipelined_ns;
    }
    return cost;
  }

  void require_layers(std::size_t found) const {
    if (found != shapes_.size())
      fail(ErrorId::mask_mismatch, found, " layers' work for a network of ", shapes_.size(),
           " layers with weights; one each is needed");
  }

  void add_pipeline(OuCost& cost) const {
    std::vector<ByPosition<Ns>> steps;
    std::size_t k = 0;
    for (const GraphLayer& layer : graph_) {
      const bool takes_time = layer.has_matrix();
      steps.push_back(
          detail::equal_steps(takes_time ? cost.layers[k].totals.latency_unpipelined_ns : 0.0,
                              layer.out.height * layer.out.width));
      k += takes_time ? 1 : 0;
    }
    const std::vector<LayerTimes> times = schedule(graph_, steps);
    k = 0;
    for (std::size_t l = 0; l < graph_.size(); ++l) {
      cost.totals.latency_ns = std::max(cost.totals.latency_ns, times[l].finish.value);
      if (graph_[l].has_matrix())
        cost.layers[k++].totals.latency_ns = (times[l].finish - times[l].start).value;
    }
  }

  /// Mean power while one image runs.
  static void add_power(OuLayerCost& layer, double latency_ns) {
    const auto mean = [&](double energy_nj) {
      return latency_ns > 0.0 ? energy_nj / latency_ns : 0.0;
    };
    layer.components.power_w = layer.components.energy_nj.map(mean);
    layer.totals.power_w = layer.components.power_w.total();
  }

  hardware::Accelerator accelerator_;
  std::vector<hardware::Accelerator> layers_;  // of each matrix layer
  std::vector<LayerShape> shapes_;
  std::vector<GraphLayer> graph_;
  std::vector<std::string> names_;
};

static_assert(CostModel<OuModel>);

}  // namespace autoprune::cost
