/// @file mnsim_json.hpp
/// MNSIM-2.0's model as JSON: its hardware, as files of the schema "autoprune.mnsim-hardware/1",
/// and its costs.
#pragma once

#include <string>
#include <utility>

#include "autoprune/io/cost_json.hpp"
#include "autoprune/io/hardware_json.hpp"
#include "autoprune/mnsim/model.hpp"

namespace autoprune::io {

inline constexpr const char* kMnsimHardwareSchema = "autoprune.mnsim-hardware/1";

namespace detail {

template <class Visitor, class Converter>
void visit_converter(Visitor& v, const char* key, Converter& converter) {
  v.object(key, [&](auto& inner) {
    inner("bits", converter.bits);
    inner("area_um2", converter.area_um2);
    inner("power_w", converter.power_w);
    inner("latency_ns", converter.latency_ns);
  });
}

template <class Visitor, class Hardware>
void visit_mnsim_hardware(Visitor& v, Hardware& h) {
  v("cell_area_um2", h.cell_area_um2);
  v("cell_latency_ns", h.cell_latency_ns);
  v("high_resistance_ohm", h.high_resistance_ohm);
  v("low_resistance_ohm", h.low_resistance_ohm);
  v("low_read_v", h.low_read_v);
  v("high_read_v", h.high_read_v);
  v("access_transistors", h.access_transistors);
  v("cell_bits", h.cell_bits);
  v("bit_aware", h.bit_aware);
  v("xbar_rows", h.xbar_rows);
  v("xbar_cols", h.xbar_cols);
  v("subarray_rows", h.subarray_rows);
  v("transistor_nm", h.transistor_nm);
  v("groups", h.groups);
  v("sign_arrays", h.sign_arrays);
  v("subtract_after_adc", h.subtract_after_adc);
  v("dacs", h.dacs);
  v("adcs", h.adcs);
  visit_converter(v, "dac", h.dac);
  visit_converter(v, "adc", h.adc);
  v("clock_mhz", h.clock_mhz);
  v("adder_nm", h.adder_nm);
  v("shift_register_nm", h.shift_register_nm);
  v("register_nm", h.register_nm);
  v("joint_module_nm", h.joint_module_nm);
  v("sram_nm", h.sram_nm);
  v("sram_port_bits", h.sram_port_bits);
  v("pes_per_tile", h.pes_per_tile);
  v("intra_tile_gbps", h.intra_tile_gbps);
  v("inter_tile_gbps", h.inter_tile_gbps);
  v("grid_rows", h.grid_rows);
  v("grid_cols", h.grid_cols);
  v("tile_order", h.tile_order);
  v("weight_bits", h.weight_bits);
  v("activation_bits", h.activation_bits);
}

}  // namespace detail

[[nodiscard]] inline Json hardware_to_json(const mnsim::Hardware& hardware) {
  detail::FieldWriter out;
  out("schema", std::string(kMnsimHardwareSchema));
  detail::visit_mnsim_hardware(out, hardware);
  return std::move(out).take();
}

/// `origin` names the file in messages; "base" is mnsim-2024 where it isn't said. Throws bad_json,
/// unknown_name, and what validate() throws.
[[nodiscard]] inline mnsim::Hardware mnsim_hardware_from_json(const Json& document,
                                                              const std::string& origin) {
  const JsonField root(document, origin);
  root.check_schema(kMnsimHardwareSchema);
  mnsim::Hardware hardware = mnsim::preset(root.has("base") ? root["base"].text() : "mnsim-2024");
  detail::FieldReader in(root);
  detail::visit_mnsim_hardware(in, hardware);
  in.finish({"schema", "base"});
  hardware.validate();
  return hardware;
}

[[nodiscard]] inline Json cost_json(const mnsim::Cost& cost) {
  Json layers = Json::array();
  for (const mnsim::LayerCost& layer : cost.layers)
    layers.push_back(json_object({{"name", layer.layer.name},
                                  {"kind", cost::kind_name(layer.layer.kind)},
                                  {"pes", layer.map.pes},
                                  {"tiles", layer.map.tiles},
                                  {"start_ns", layer.start_ns},
                                  {"finish_ns", layer.finish_ns},
                                  {"totals", totals_json(layer.totals)},
                                  {"components", components_json(layer.components)}}));
  return json_object({{"totals", totals_json(cost.totals)},
                      {"components", components_json(cost.components)},
                      {"unbilled_components", components_json(cost.unbilled)},
                      {"layers", std::move(layers)}});
}

}  // namespace autoprune::io
