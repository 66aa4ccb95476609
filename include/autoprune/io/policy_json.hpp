/// @file policy_json.hpp
/// policy.json: the plan of every layer, to be taken up again, by hand or by a program.
///
///     {"schema": "autoprune.policy/2",
///      "layers": [{"name": "features.0", "keep_ratio": 0.5, "granularity": 16, "weight_bits": 4,
///                  "input_bits": 6, "adc_bits": 5, "geometry": "64x64/16x16/1"}, ...]}
///
/// What a layer doesn't say is the method's and the accelerator's. Schema "autoprune.policy/1" is
/// of keep ratios alone.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoprune/io/json_field.hpp"
#include "autoprune/methods/layer_plan.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::io {

/// Names of the layers that a policy speaks of, in order.
[[nodiscard]] inline std::vector<std::string> matrix_layer_names(const nn::Network& network) {
  std::vector<std::string> names;
  for (const Index i : network.matrix_layers()) names.push_back(network.node(i).name);
  return names;
}

namespace detail {

inline constexpr const char* kKeepsSchema = "autoprune.policy/1";
inline constexpr const char* kPlansSchema = "autoprune.policy/2";

/// The whole numbers of a plan under their keys, and what they may be at most.
struct PlanNumber {
  const char* key;
  std::optional<Index>* value;
  Index most;
};
[[nodiscard]] inline std::array<PlanNumber, 4> plan_numbers(methods::LayerPlan& plan) {
  return {{{"granularity", &plan.granularity, kMaxCrossbarSize},
           {"weight_bits", &plan.hardware.weight_bits, 16},
           {"input_bits", &plan.hardware.input_bits, 16},
           {"adc_bits", &plan.hardware.adc_bits, 16}}};
}

/// What a plan decides beside the keep ratio, under its keys.
inline void write_plan(methods::LayerPlan plan, Json& layer) {
  for (const PlanNumber& number : plan_numbers(plan))
    if (*number.value) layer[number.key] = **number.value;
  if (const auto& geometry = plan.hardware.geometry) layer["geometry"] = geometry->to_string();
}

inline void read_plan(const JsonField& layer, bool needs_keep, methods::LayerPlan& plan) {
  layer.check_keys(
      {"name", "keep_ratio", "granularity", "weight_bits", "input_bits", "adc_bits", "geometry"});
  if (needs_keep || layer.has("keep_ratio")) {
    plan.keep = layer["keep_ratio"].number();
    if (!(plan.keep > 0.0 && plan.keep <= 1.0))
      fail(ErrorId::out_of_range, layer.place(), ".keep_ratio ", plan.keep, " is not in (0, 1]");
  }
  for (const PlanNumber& number : plan_numbers(plan)) {
    if (!layer.has(number.key)) continue;
    *number.value = layer[number.key].integer();
    require_range(**number.value, concat(layer.place(), '.', number.key), 1, number.most);
  }
  if (layer.has("geometry")) plan.hardware.geometry = Geometry<>::parse(layer["geometry"].text());
}

/// `every`: each layer has to have a plan with a keep ratio.
[[nodiscard]] inline methods::Policy read_plans(const Json& document, const nn::Network& network,
                                                const std::string& origin, bool every) {
  const JsonField root(document, origin);
  root.check_keys({"schema", "layers"});
  if (root["schema"].text() != kKeepsSchema) root.check_schema(kPlansSchema);
  const std::vector<std::string> names = matrix_layer_names(network);
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t k = 0; k < names.size(); ++k) place[names[k]] = k;
  methods::Policy policy(names.size(), 1.0);
  std::vector<bool> seen(names.size(), false);
  for (const JsonField& layer : root["layers"].items()) {
    const std::string name = layer["name"].text();
    const auto found = place.find(name);
    if (found == place.end()) fail_unknown(concat("layer in ", layer.place(), ':'), name, names);
    if (seen[found->second])
      fail(ErrorId::bad_json, layer.place(), ": layer '", name, "' occurs twice");
    seen[found->second] = true;
    read_plan(layer, every, policy[found->second]);
  }
  for (std::size_t k = 0; every && k < names.size(); ++k)
    if (!seen[k])
      fail(ErrorId::missing_value, origin, " has no keep ratio for layer '", names[k], '\'');
  return policy;
}

}  // namespace detail

/// Throws shape_mismatch when the policy isn't one of the network.
[[nodiscard]] inline Json policy_to_json(const nn::Network& network, methods::Policy policy) {
  const std::vector<std::string> names = matrix_layer_names(network);
  if (names.size() != policy.size())
    fail(ErrorId::shape_mismatch, policy.size(), " keep ratios for ", names.size(),
         " layers with weights; one each is needed");
  Json layers = Json::array();
  for (std::size_t k = 0; k < names.size(); ++k) {
    Json layer = json_object({{"name", names[k]}, {"keep_ratio", policy[k].keep}});
    detail::write_plan(policy[k], layer);
    layers.push_back(std::move(layer));
  }
  const bool keeps = methods::keeps_only(policy);
  return json_object(
      {{"schema", keeps ? detail::kKeepsSchema : detail::kPlansSchema}, {"layers", layers}});
}

/// The policy of a document for this network, whatever the order of its layers; `origin` names the
/// document in messages. Throws bad_json, unknown_name for a layer that the network doesn't have,
/// missing_value for one that the document doesn't have, or out_of_range.
[[nodiscard]] inline methods::Policy policy_from_json(const Json& document,
                                                      const nn::Network& network,
                                                      const std::string& origin) {
  return detail::read_plans(document, network, origin, true);
}

/// The same where keep ratios, and layers of which nothing is decided, may be missing.
[[nodiscard]] inline methods::Policy plan_from_json(const Json& document,
                                                    const nn::Network& network,
                                                    const std::string& origin) {
  return detail::read_plans(document, network, origin, false);
}

/// One plan for every layer, as words: "weight-bits=4,granularity=16". Throws bad_syntax, and what
/// plan_from_json() throws.
[[nodiscard]] inline methods::Policy plan_from_words(const std::string& words,
                                                     const nn::Network& network,
                                                     const std::string& origin) {
  Json plan = Json::object();
  std::istringstream items(words);
  for (std::string item; std::getline(items, item, ',');) {
    const std::size_t equals = item.find('=');
    std::string key = item.substr(0, equals);
    std::replace(key.begin(), key.end(), '-', '_');
    if (equals == std::string::npos || key == "name" || plan.contains(key))
      fail(ErrorId::bad_syntax, origin, ": '", item, "'; a plan is a file, or words such as ",
           "weight-bits=4,granularity=16, each once");
    const std::string value = item.substr(equals + 1);
    plan[key] = value;
    if (const auto real = parse_number<double>(value)) plan[key] = *real;
    if (const auto whole = parse_number<Index>(value)) plan[key] = *whole;
  }
  Json layers = Json::array();
  for (const std::string& name : matrix_layer_names(network)) {
    plan["name"] = name;
    layers.push_back(plan);
  }
  return plan_from_json(json_object({{"schema", detail::kPlansSchema}, {"layers", layers}}),
                        network, origin);
}

}  // namespace autoprune::io
