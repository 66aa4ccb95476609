/// @file report_json.hpp
/// Results of the library as report.json, the document that report_table() and report_html() read:
///
///     Json report = report_json(run, compressor, network, masks, compressor.map(masks));
///     report["accuracy"] = accuracy_json(10000, dense, pruned);
///     report["search"] = search_json(search.history(), "(1 - 1 / CR) * top-1 accuracy");
///     write_file("report.html", report_html(report, mapping_to_json(...)));
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/version.hpp"
#include "autoprune/io/json.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/methods/compressor.hpp"
#include "autoprune/nn/collapse.hpp"
#include "autoprune/nn/evaluate.hpp"
#include "autoprune/nn/image_source.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/search/history.hpp"

namespace autoprune::io {

/// How the results came about.
struct RunDescription {
  std::string command = "auto_prune", network = "network";  ///< what it is called
  const nn::ImageSource* images = nullptr;                  ///< trained on, if any
  std::uint64_t seed = 0;
  Index threads = 1;
  Json options = Json::object();
  methods::Policy plan = {};  ///< of the layers, beside keep ratios; empty: nothing is decided
};

struct RunSeconds {
  double search = 0.0, fine_tune = 0.0, total = 0.0;
};

namespace detail {

[[nodiscard]] inline Json layer_json(const nn::Node& node, const PruneMask& mask,
                                     const mapping::Placement& layer) {
  const mapping::LayerCount& count = layer.count;
  Json json = json_object({{"name", node.name},
                           {"op", node.op.name()},
                           {"rows", count.rows},
                           {"cols", count.cols},
                           {"crossbars_dense", count.crossbars_dense},
                           {"crossbars", count.crossbars},
                           {"ous", count.ous},
                           {"vectors", count.vectors},
                           {"kept", count.kept},
                           {"keep_ratio", mask.keep_ratio()},
                           {"dead_filters", mask.dead_filters()},
                           {"index_bits", layer.index_bits()},
                           {"filled", layer.filled()}});
  if (node.matrices > 1) json["groups"] = node.matrices;
  return json;
}

[[nodiscard]] inline Json top_json(const nn::Accuracy& accuracy) {
  return json_object({{"top1", accuracy.top1}, {"top5", accuracy.top5}});
}

}  // namespace detail

/// "column-vectors, G = 32, gathered rows".
[[nodiscard]] inline std::string method_text(const methods::Compressor& method) {
  return method_text(method.name(), method.row_groups() ? word_of(method.rows()) : "",
                     method.granularity());
}

/// The part of the document that every run has: what the compressor mapped and counted. Throws
/// mask_mismatch when masks and mapping aren't the network's.
[[nodiscard]] inline Json report_json(const RunDescription& run,
                                      const methods::Compressor& compressor,
                                      const nn::Network& network, std::span<const PruneMask> masks,
                                      const mapping::NetworkPlacement& mapping,
                                      const RunSeconds& seconds = {}) {
  const std::vector<Index> nodes = network.matrix_layers();
  if (masks.size() != nodes.size() || mapping.layers.size() != nodes.size())
    fail(ErrorId::mask_mismatch, masks.size(), " masks and ", mapping.layers.size(),
         " mapped layers for a network of ", nodes.size());
  Json layers = Json::array();
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    layers.push_back(detail::layer_json(network.node(nodes[k]), masks[k], mapping.layers[k]));
    if (k < run.plan.size()) detail::write_plan(run.plan[k], layers.back());
  }
  const mapping::CrossbarCount& crossbars = mapping.crossbars;
  Json index = Json::object();
  for (const mapping::IndexCode code : mapping::kIndexCodes)
    index[concat(mapping::index_code_name(code), "_bits")] = mapping.index_sizes[code];
  Json report = json_object(
      {{"schema", "autoprune.report/1"},
       {"autoprune_version", AUTOPRUNE_VERSION},
       {"command", run.command},
       {"network", run.network},
       {"data", run.images ? run.images->name : "no data"},
       {"geometry", compressor.geometry().to_string()},
       {"granularity", compressor.granularity()},
       {"seed", run.seed},
       {"threads", run.threads},
       {"options", run.options},
       {"layers", layers},
       {"crossbars",
        {{"dense", crossbars.dense},
         {"per_layer", crossbars.per_layer},
         {"pooled", crossbars.pooled}}},
       {"compression",
        {{"per_layer", crossbars.compression_per_layer()},
         {"pooled", crossbars.compression_pooled()}}},
       {"index", std::move(index)},
       {"seconds",
        {{"search", seconds.search}, {"fine_tune", seconds.fine_tune}, {"total", seconds.total}}}});
  report["method"] = compressor.name();
  if (compressor.row_groups()) report["row_groups"] = word_of(compressor.rows());
  if (run.images)
    report["normalisation"] =
        json_object({{"mean", run.images->mean}, {"deviation", run.images->stddev}});
  return report;
}

/// The value of "accuracy", of the dense network, the pruned one or both.
[[nodiscard]] inline Json accuracy_json(Index images, const std::optional<nn::Accuracy>& dense,
                                        const std::optional<nn::Accuracy>& pruned = {},
                                        std::string_view kind = "float") {
  Json accuracy = json_object({{"kind", kind}, {"images", images}});
  if (dense) accuracy["dense"] = detail::top_json(*dense);
  if (pruned) accuracy["pruned"] = detail::top_json(*pruned);
  return accuracy;
}

/// The value of "search"; `objective` says in words what the reward is.
[[nodiscard]] inline Json search_json(const search::History& run, std::string_view objective) {
  Json episodes = Json::array();
  for (const search::Episode& episode : run.episodes) {
    const search::Outcome& outcome = episode.outcome;
    const auto number = static_cast<Index>(episodes.size());
    const bool on_front = std::find(run.front.begin(), run.front.end(), number) != run.front.end();
    episodes.push_back(
        json_object({{"episode", number},
                     {"kind", run.kind(episode)},
                     {"reward", outcome.reward},
                     {"accuracy", outcome.accuracy},
                     {"feasible", outcome.feasible},
                     {"compression_per_layer", outcome.crossbars.compression_per_layer()},
                     {"compression_pooled", outcome.crossbars.compression_pooled()},
                     {"energy_nj", outcome.costs.energy_nj},
                     {"latency_ns", outcome.costs.latency_ns},
                     {"area_um2", outcome.costs.area_um2},
                     {"on_front", on_front},
                     {"keep_ratios", outcome.keep_ratios}}));
  }
  return json_object({{"searcher", run.searcher},
                      {"objective", objective},
                      {"counting", word_of(run.counting)},
                      {"best", run.best},
                      {"episodes", std::move(episodes)}});
}

/// The value of "fine_tune", and of "training".
[[nodiscard]] inline Json fine_tune_json(std::span<const EpochFigures> history,
                                         const nn::Course& course) {
  Json epochs = Json::array();
  for (const EpochFigures& e : history)
    epochs.push_back(json_object({{"epoch", e.epoch},
                                  {"loss", e.loss},
                                  {"learning_rate", e.learning_rate},
                                  {"keep_ratio", e.keep_ratio},
                                  {"compression_pooled", e.compression_pooled},
                                  {"held_out_top1", e.held_out_top1},
                                  {"seconds", e.seconds}}));
  return json_object({{"epochs", std::move(epochs)},
                      {"best_top1", course.best},
                      {"end_top1", course.end},
                      {"collapsed", course.collapsed}});
}

}  // namespace autoprune::io
