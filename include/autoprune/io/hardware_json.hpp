/// @file hardware_json.hpp
/// Hardware of the cost models as a JSON file:
///
///     {"schema": "autoprune.ou-hardware/1", "base": "paper", "geometry": "128x128/32x32/1",
///      "adcs": 16, "components": {"adc": {"energy_nj": 0.005, "source": "our test chip"}}}
///
/// What isn't said is taken from the preset "base", for the file's geometry. Of MNSIM-2.0's model
/// the schema is "autoprune.mnsim-hardware/1".
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/mnsim/hardware.hpp"

namespace autoprune::io {

inline constexpr const char* kOuHardwareSchema = "autoprune.ou-hardware/1";
inline constexpr const char* kMnsimHardwareSchema = "autoprune.mnsim-hardware/1";

namespace detail {

/// Values that stand in JSON as words.
template <class E>
using Names = std::vector<std::pair<E, std::string>>;

inline const Names<cost::DenseRead>& words_of(cost::DenseRead) {
  static const Names<cost::DenseRead> names = {{cost::DenseRead::ous, "ous"},
                                               {cost::DenseRead::crossbars, "crossbars"}};
  return names;
}
inline const Names<mnsim::TileOrder>& words_of(mnsim::TileOrder) {
  using enum mnsim::TileOrder;
  static const Names<mnsim::TileOrder> names = {
      {row_major, "row-major"}, {snake, "snake"}, {shells, "shells"}, {zigzag, "zigzag"}};
  return names;
}

// The visitors below go through a hardware's fields once to write and once to read them.

/// Writes each field that it is shown.
class FieldWriter {
 public:
  void operator()(const char* key, const Index& value) { json_[key] = value; }
  void operator()(const char* key, const double& value) { json_[key] = value; }
  void operator()(const char* key, const bool& value) { json_[key] = value; }
  void operator()(const char* key, const std::string& value) { json_[key] = value; }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(const char* key, const E& value) {
    for (const auto& [known, word] : words_of(value))
      if (known == value) json_[key] = word;
  }
  template <class Visit>
  void object(const char* key, const Visit& visit) {
    FieldWriter inner;
    visit(inner);
    json_[key] = std::move(inner).take();
  }
  [[nodiscard]] Json take() && { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

/// Reads each field that it is shown, where there is one; then finish() refuses other keys.
class FieldReader {
 public:
  explicit FieldReader(const JsonField& from) : from_(from) {}

  void operator()(const char* key, Index& value) {
    if (knows(key)) value = from_[key].integer();
  }
  void operator()(const char* key, double& value) {
    if (knows(key)) value = from_[key].number();
  }
  void operator()(const char* key, bool& value) {
    if (knows(key)) value = from_[key].boolean();
  }
  void operator()(const char* key, std::string& value) {
    if (knows(key)) value = from_[key].text();
  }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(const char* key, E& value) {
    if (!knows(key)) return;
    const std::string text = from_[key].text();
    std::vector<std::string> words;
    for (const auto& [known, word] : words_of(value)) {
      words.push_back(word);
      if (word != text) continue;
      value = known;
      return;
    }
    fail_unknown("value of " + from_[key].place(), text, words);
  }
  template <class Visit>
  void object(const char* key, const Visit& visit) {
    if (!knows(key)) return;
    const JsonField field = from_[key];
    FieldReader inner(field);
    visit(inner);
    inner.finish();
  }
  void finish(const std::vector<std::string>& others = {}) {
    keys_.insert(keys_.end(), others.begin(), others.end());
    from_.check_keys(keys_);
  }

 private:
  bool knows(const char* key) {
    keys_.emplace_back(key);
    return from_.has(key);
  }

  const JsonField& from_;
  std::vector<std::string> keys_;
};

template <class Visitor, class Hardware>
void visit_ou_hardware(Visitor& v, Hardware& h) {
  v("name", h.name);
  v("input_bits", h.input_bits);
  v("dac_bits", h.dac_bits);
  v("adc_bits", h.adc_bits);
  v("accumulator_bits", h.accumulator_bits);
  v("dacs", h.dacs);
  v("adcs", h.adcs);
  v("active_ous", h.active_ous);
  v("dense_read", h.dense_read);
  v.object("memory", [&](auto& memory) {
    memory("technology", h.memory.technology);
    memory("port_bits", h.memory.port_bits);
  });
  v.object("components", [&](auto& components) {
    for (Index i = 0; i < cost::kComponents<cost::OuComponent>; ++i) {
      const auto c = static_cast<cost::OuComponent>(i);
      if (cost::is_memory(c)) continue;
      components.object(std::string(cost::component_name(c)).c_str(), [&](auto& part) {
        part("area_um2", h.parts[c].area_um2);
        part("energy_nj", h.parts[c].energy_nj);
        part("latency_ns", h.parts[c].latency_ns);
        part("technology", h.parts[c].technology);
        part("source", h.parts[c].source);
      });
    }
  });
}

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

[[nodiscard]] inline Json hardware_to_json(const cost::OuHardware& hardware) {
  detail::FieldWriter out;
  out("schema", std::string(kOuHardwareSchema));
  out("geometry", hardware.geometry.to_string());
  detail::visit_ou_hardware(out, hardware);
  return std::move(out).take();
}

[[nodiscard]] inline Json hardware_to_json(const mnsim::Hardware& hardware) {
  detail::FieldWriter out;
  out("schema", std::string(kMnsimHardwareSchema));
  detail::visit_mnsim_hardware(out, hardware);
  return std::move(out).take();
}

/// `origin` names the file in messages. Throws bad_json, unknown_name, and what validate() throws.
[[nodiscard]] inline cost::OuHardware ou_hardware_from_json(const Json& document,
                                                            const std::string& origin) {
  const JsonField root(document, origin);
  root.check_schema(kOuHardwareSchema);
  const std::string base = root.has("base") ? root["base"].text() : "paper";
  Geometry<> geometry = cost::ou_preset_geometry(base);
  if (root.has("geometry")) geometry = Geometry<>::parse(root["geometry"].text());
  cost::OuHardware hardware = cost::ou_preset(base, geometry);
  detail::FieldReader in(root);
  detail::visit_ou_hardware(in, hardware);
  in.finish({"schema", "base", "geometry"});
  hardware.validate();
  return hardware;
}

/// The same of MNSIM-2.0's model; its "base" is mnsim-2024 where it isn't said.
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

}  // namespace autoprune::io
