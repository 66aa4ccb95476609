/// @file hardware_json.hpp
/// An accelerator as a JSON file, which mapping, simulation and price all read:
///
///     {"schema": "autoprune.accelerator/1", "base": "paper", "geometry": "128x128/32x32/1",
///      "adc": {"kind": "saturating", "bits": 5}, "devices": {"variation": 0.1}, "adcs": 16,
///      "components": {"adc": {"energy_nj": 0.005, "source": "our test chip"}}}
///
/// What isn't said is taken from the preset "base", for the file's geometry. Files of schema
/// "autoprune.ou-hardware/1", which spell fewer fields and some otherwise, are still read.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"

namespace autoprune::io {

inline constexpr const char* kAcceleratorSchema = "autoprune.accelerator/1";
/// Of the first edition: input_bits, dac_bits and adc_bits, and neither weights nor devices.
inline constexpr const char* kOuHardwareSchema = "autoprune.ou-hardware/1";

namespace detail {

// The visitors below go through a hardware's fields once to write and once to read them.

/// Writes each field that it is shown.
class FieldWriter {
 public:
  void operator()(const char* key, const Index& value) { json_[key] = value; }
  void operator()(const char* key, const double& value) { json_[key] = value; }
  void operator()(const char* key, const bool& value) { json_[key] = value; }
  void operator()(const char* key, const std::string& value) { json_[key] = value; }
  /// Infinity, which JSON has no number for, is null.
  void or_infinite(const char* key, const double& value) {
    json_[key] = std::isinf(value) ? Json() : Json(value);
  }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(const char* key, const E& value) { json_[key] = word_of(value); }
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
  void or_infinite(const char* key, double& value) {
    if (!knows(key)) return;
    value =
        from_[key].json().is_null() ? std::numeric_limits<double>::infinity() : from_[key].number();
  }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(const char* key, E& value) {
    if (knows(key)) value = value_of<E>(from_[key].place(), from_[key].text());
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

/// Shows a visitor the numbers and words that devices describe.
template <class Visitor>
struct DeviceFields {
  Visitor& v;

  void number(const char* key, double& value, const hardware::Limits&, const char*) const {
    v.or_infinite(key, value);
  }
  template <class Word>
  void word(const char* key, Word& value, const char*) const {
    v(key, value);
  }
};

template <class Visitor, class Devices>
void visit_devices(Visitor& v, Devices& devices) {
  const DeviceFields<Visitor> fields{v};
  if constexpr (std::is_const_v<Devices>) {
    std::remove_const_t<Devices>(devices).describe(fields);
  } else {
    devices.describe(fields);
  }
}

/// What stands alike in files of both schemas.
template <class Visitor, class Accelerator>
void visit_parts(Visitor& v, Accelerator& a) {
  v("name", a.name);
  v("accumulator_bits", a.accumulator_bits);
  v("dacs", a.dacs);
  v("adcs", a.adcs);
  v("active_ous", a.active_ous);
  v("dense_read", a.dense_read);
  v.object("memory", [&](auto& memory) {
    memory("technology", a.memory.technology);
    memory("port_bits", a.memory.port_bits);
  });
  v.object("components", [&](auto& components) {
    for (Index i = 0; i < hardware::kComponents<hardware::Component>; ++i) {
      const auto c = static_cast<hardware::Component>(i);
      if (hardware::is_memory(c)) continue;
      components.object(std::string(hardware::component_name(c)).c_str(), [&](auto& part) {
        part("area_um2", a.parts[c].area_um2);
        part("energy_nj", a.parts[c].energy_nj);
        part("latency_ns", a.parts[c].latency_ns);
        part("technology", a.parts[c].technology);
        part("source", a.parts[c].source);
      });
    }
  });
}

template <class Visitor, class Accelerator>
void visit_accelerator(Visitor& v, Accelerator& a) {
  v.object("weights", [&](auto& weights) {
    weights("bits", a.weights.weight_bits);
    weights("bit_planes", a.weights.layout);
    weights("signs", a.weights.sign);
  });
  v.object("inputs", [&](auto& inputs) {
    inputs("bits", a.inputs.bits);
    inputs("dac_bits", a.inputs.dac_bits);
  });
  v.object("adc", [&](auto& adc) {
    adc("kind", a.adc.kind);
    adc("bits", a.adc.bits);
  });
  v.object("devices", [&](auto& devices) {
    visit_devices(devices, a.devices.cells);
    devices("read_noise", a.devices.read_noise);
  });
  v("formation", a.formation);
  v("priced_adc_bits", a.priced_adc_bits);
  visit_parts(v, a);
}

template <class Visitor, class Accelerator>
void visit_ou_hardware(Visitor& v, Accelerator& a) {
  v("input_bits", a.inputs.bits);
  v("dac_bits", a.inputs.dac_bits);
  v("adc_bits", a.adc.bits);
  a.priced_adc_bits = a.adc.bits;
  visit_parts(v, a);
}

}  // namespace detail

[[nodiscard]] inline Json hardware_to_json(const hardware::Accelerator& accelerator) {
  detail::FieldWriter out;
  out("schema", std::string(kAcceleratorSchema));
  out("geometry", accelerator.geometry.to_string());
  detail::visit_accelerator(out, accelerator);
  return std::move(out).take();
}

/// For crossbars and OUs of `geometry`, whatever the document says of it, if that is given.
/// `origin` names the file in messages. Throws bad_json, unknown_name, and what validate() throws.
[[nodiscard]] inline hardware::Accelerator accelerator_from_json(
    const Json& document, const std::string& origin,
    const std::optional<Geometry<>>& geometry = {}) {
  const JsonField root(document, origin);
  const bool old = root.has("schema") && root["schema"].json().is_string() &&
                   root["schema"].text() == kOuHardwareSchema;
  root.check_schema(old ? kOuHardwareSchema : kAcceleratorSchema);
  const std::string base = root.has("base") ? root["base"].text() : "paper";
  Geometry<> own = cost::ou_preset_geometry(base);
  if (root.has("geometry")) own = Geometry<>::parse(root["geometry"].text());
  hardware::Accelerator accelerator = cost::ou_preset(base, geometry.value_or(own));
  detail::FieldReader in(root);
  if (old) {
    detail::visit_ou_hardware(in, accelerator);
  } else {
    // A file that says what its ADC costs means the ADC that it names.
    const bool prices = root.has("components") && root["components"].has("adc");
    detail::visit_accelerator(in, accelerator);
    if (prices && !root.has("priced_adc_bits")) accelerator.priced_adc_bits = accelerator.adc.bits;
  }
  in.finish({"schema", "base", "geometry"});
  accelerator.validate();
  return accelerator;
}

}  // namespace autoprune::io
