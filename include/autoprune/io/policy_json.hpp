/// @file policy_json.hpp
/// policy.json: the keep ratio of every layer, to be taken up again, by hand or by a program.
///
///     {"schema": "autoprune.policy/1",
///      "layers": [{"name": "features.0", "keep_ratio": 0.5}, ...]}
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "autoprune/io/json_field.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/policy.hpp"

namespace autoprune::io {

/// Names of the layers that a policy speaks of, in order.
[[nodiscard]] inline std::vector<std::string> matrix_layer_names(const nn::Network& network) {
  std::vector<std::string> names;
  for (const Index i : network.matrix_layers()) names.push_back(network.node(i).name);
  return names;
}

/// Throws shape_mismatch when the policy isn't one of the network.
[[nodiscard]] inline Json policy_to_json(const nn::Network& network, const search::Policy& policy) {
  const std::vector<std::string> names = matrix_layer_names(network);
  if (names.size() != policy.size())
    fail(ErrorId::shape_mismatch, policy.size(), " keep ratios for ", names.size(),
         " layers with weights; one each is needed");
  Json layers = Json::array();
  for (std::size_t k = 0; k < names.size(); ++k)
    layers.push_back(json_object({{"name", names[k]}, {"keep_ratio", policy[k]}}));
  return json_object({{"schema", "autoprune.policy/1"}, {"layers", layers}});
}

/// The policy of a document for this network, whatever the order of its layers; `origin` names the
/// document in messages. Throws bad_json, unknown_name for a layer that the network doesn't have,
/// missing_value for one that the document doesn't have, or out_of_range.
[[nodiscard]] inline search::Policy policy_from_json(const Json& document,
                                                     const nn::Network& network,
                                                     const std::string& origin) {
  const JsonField root(document, origin);
  root.check_keys({"schema", "layers"});
  root.check_schema("autoprune.policy/1");
  const std::vector<std::string> names = matrix_layer_names(network);
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t k = 0; k < names.size(); ++k) place[names[k]] = k;
  search::Policy policy(names.size(), 0.0);
  for (const JsonField& layer : root["layers"].items()) {
    layer.check_keys({"name", "keep_ratio"});
    const std::string name = layer["name"].text();
    const auto found = place.find(name);
    if (found == place.end()) fail_unknown(concat("layer in ", layer.place(), ':'), name, names);
    double& keep = policy[found->second];
    if (keep != 0.0) fail(ErrorId::bad_json, layer.place(), ": layer '", name, "' occurs twice");
    keep = layer["keep_ratio"].number();
    if (!(keep > 0.0 && keep <= 1.0))
      fail(ErrorId::out_of_range, layer.place(), ".keep_ratio ", keep, " is not in (0, 1]");
  }
  for (std::size_t k = 0; k < names.size(); ++k)
    if (policy[k] == 0.0)
      fail(ErrorId::missing_value, origin, " has no keep ratio for layer '", names[k], '\'');
  return policy;
}

}  // namespace autoprune::io
