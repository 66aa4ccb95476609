/// @file hardware_json.hpp
/// Hardware of the cost models as a JSON file:
///
///     {"schema": "autoprune.ou-hardware/1", "base": "paper", "geometry": "128x128/32x32/1",
///      "adcs": 16, "components": {"adc": {"energy_nj": 0.005, "source": "our test chip"}}}
///
/// What isn't said is taken from the preset "base", for the file's geometry.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/json_field.hpp"

namespace autoprune::io {

inline constexpr const char* kOuHardwareSchema = "autoprune.ou-hardware/1";

namespace detail {

/// Values that stand in JSON as words.
template <class E>
using Names = std::vector<std::pair<E, std::string>>;

template <class E>
const Names<E>& words_of(E);
template <>
inline const Names<cost::DenseRead>& words_of(cost::DenseRead) {
  static const Names<cost::DenseRead> names = {{cost::DenseRead::ous, "ous"},
                                               {cost::DenseRead::crossbars, "crossbars"}};
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

}  // namespace detail

[[nodiscard]] inline Json hardware_to_json(const cost::OuHardware& hardware) {
  detail::FieldWriter out;
  out("schema", std::string(kOuHardwareSchema));
  out("geometry", hardware.geometry.to_string());
  detail::visit_ou_hardware(out, hardware);
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

}  // namespace autoprune::io
