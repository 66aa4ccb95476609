/// @file cost_json.hpp
/// Costs as JSON: totals, the same for each component, and both for each layer.
#pragma once

#include <string>
#include <string_view>

#include "autoprune/cost/metrics.hpp"
#include "autoprune/cost/ou_model.hpp"
#include "autoprune/io/json.hpp"

namespace autoprune::io {

[[nodiscard]] inline Json totals_json(const cost::Totals& totals) {
  return json_object({{"area_um2", totals.area_um2},
                      {"power_w", totals.power_w},
                      {"energy_nj", totals.energy_nj},
                      {"latency_ns", totals.latency_ns},
                      {"latency_unpipelined_ns", totals.latency_unpipelined_ns}});
}

/// One object a component; `busy_ns` is the time that it works in all.
template <class Component>
[[nodiscard]] Json components_json(const cost::Breakdown<Component>& parts) {
  Json json = Json::object();
  for (Index i = 0; i < hardware::kComponents<Component>; ++i) {
    const auto c = static_cast<Component>(i);
    json[std::string(hardware::component_name(c))] = json_object({{"area_um2", parts.area_um2[c]},
                                                                  {"power_w", parts.power_w[c]},
                                                                  {"energy_nj", parts.energy_nj[c]},
                                                                  {"busy_ns", parts.busy_ns[c]}});
  }
  return json;
}

/// What the hardware does for one image.
[[nodiscard]] inline Json work_json(const cost::LayerWork& work) {
  return json_object({{"crossbars", work.crossbars},
                      {"kept_weights", work.kept_weights},
                      {"index_bits", work.index_bits},
                      {"output_positions", work.shape.positions},
                      {"activations", work.activations},
                      {"wordlines", work.wordlines},
                      {"bitlines", work.bitlines},
                      {"cells", work.cells},
                      {"input_fetches", work.input_fetches},
                      {"index_fetches", work.index_fetches},
                      {"accumulations", work.accumulations}});
}

[[nodiscard]] inline Json cost_json(const cost::OuCost& cost) {
  Json layers = Json::array();
  for (const cost::OuLayerCost& layer : cost.layers)
    layers.push_back(json_object({{"name", layer.name},
                                  {"work", work_json(layer.work)},
                                  {"totals", totals_json(layer.totals)},
                                  {"components", components_json(layer.components)}}));
  return json_object({{"totals", totals_json(cost.totals)},
                      {"components", components_json(cost.components)},
                      {"layers", std::move(layers)}});
}

[[nodiscard]] inline Json metrics_json(const cost::Metrics& m) {
  return json_object({{"energy_nj", m.energy_nj},
                      {"images_per_s", m.images_per_s},
                      {"gops_per_w", m.gops_per_w},
                      {"gops_per_mm2", m.gops_per_mm2},
                      {"index_kib", m.index_kib},
                      {"weight_kib", m.weight_kib},
                      {"index_share", m.index_share}});
}

/// How many times better than the unpruned network.
[[nodiscard]] inline Json gains_json(const cost::Gains& g) {
  return json_object({{"area", g.area},
                      {"energy", g.energy},
                      {"latency", g.latency},
                      {"images_per_s", g.images_per_s},
                      {"gops_per_w", g.gops_per_w},
                      {"gops_per_mm2", g.gops_per_mm2}});
}

/// The value of "cost" in a report: totals and metrics of the unpruned and of the pruned network.
[[nodiscard]] inline Json cost_summary_json(std::string_view hardware, const cost::OuCost& dense,
                                            const cost::OuCost& pruned) {
  const auto both = [](const cost::OuCost& cost) {
    return json_object(
        {{"totals", totals_json(cost.totals)}, {"metrics", metrics_json(metrics(cost))}});
  };
  return json_object({{"model", "ou"},
                      {"hardware", hardware},
                      {"dense", both(dense)},
                      {"pruned", both(pruned)},
                      {"gains", gains_json(cost::gains(pruned, dense))}});
}

}  // namespace autoprune::io
