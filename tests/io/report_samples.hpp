/// @file report_samples.hpp
/// Documents to report on, and a checker of markup, for the tests of the report writers.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/types.hpp"
#include "autoprune/io/json.hpp"

namespace samples {

using autoprune::Index;
using autoprune::io::Json;

inline const std::string kNasty = "a<b & \"c\" 'd'>";

/// A report of three layers with every optional part.
inline Json report() {
  const auto layer = [](const std::string& name, Index rows, Index cols, Index dense,
                        Index crossbars, Index ous, Index vectors, Index kept, Index dead,
                        Index bits) {
    return Json{{"name", name},
                {"op", name == "fc" ? "linear" : "conv"},
                {"rows", rows},
                {"cols", cols},
                {"crossbars_dense", dense},
                {"crossbars", crossbars},
                {"ous", ous},
                {"vectors", vectors},
                {"kept", kept},
                {"keep_ratio", static_cast<double>(kept) / static_cast<double>(vectors)},
                {"dead_filters", dead},
                {"index_bits", bits}};
  };
  Json episodes = Json::array();
  for (int i = 0; i < 8; ++i)
    episodes.push_back({{"episode", i},
                        {"kind", i < 2   ? "uniform"
                                 : i < 4 ? "lamp"
                                 : i < 6 ? "explore"
                                         : "guided"},
                        {"reward", 0.1 * i + 0.0123},
                        {"accuracy", 70.0 + i},
                        {"compression_per_layer", 2.0 + i},
                        {"compression_pooled", 2.5 + i},
                        {"keep_ratios", {0.5, 0.4, 0.3}}});
  Json epochs = Json::array();
  for (int i = 0; i < 5; ++i)
    epochs.push_back({{"epoch", i},
                      {"loss", 1.0 / (i + 1)},
                      {"learning_rate", 0.05},
                      {"keep_ratio", 0.5},
                      {"compression_pooled", 2.0 + i},
                      {"held_out_top1", i % 2 == 0 ? Json(80.0 + i) : Json(nullptr)},
                      {"seconds", 60.1}});
  const auto priced = [](double area_um2, double energy_nj, double latency_ns) {
    return Json{
        {"totals", {{"area_um2", area_um2}, {"energy_nj", energy_nj}, {"latency_ns", latency_ns}}},
        {"metrics", {{"gops_per_w", 1e9 / energy_nj}, {"gops_per_mm2", 5e8 / area_um2}}}};
  };
  return {{"schema", "autoprune.report/1"},
          {"autoprune_version", "0.1.0"},
          {"command", "prune"},
          {"network", "toy"},
          {"data", "cifar10"},
          {"geometry", "128x128/32x32/1"},
          {"method", "column-vectors"},
          {"row_groups", "gathered"},
          {"granularity", 32},
          {"seed", 12345},
          {"threads", 2},
          {"options", {{"episodes", 8}, {"refill", true}, {"weights", "toy.safetensors"}}},
          {"layers",
           {layer("conv1", 288, 256, 96, 48, 45, 2304, 1101, 3, 8877),
            layer("conv2", 2304, 512, 1152, 208, 199, 36864, 4321, 0, 33760),
            layer("fc", 512, 10, 64, 16, 16, 160, 77, 1, 372)}},
          {"crossbars", {{"dense", 1312}, {"per_layer", 272}, {"pooled", 260}}},
          {"compression", {{"per_layer", 4.8235}, {"pooled", 5.0462}}},
          {"index",
           {{"explicit_bits", 51234},
            {"bitmap_bits", 61234},
            {"delta_bits", 44321},
            {"lists_bits", 71234}}},
          {"accuracy",
           {{"kind", "float"},
            {"images", 10000},
            {"dense", {{"top1", 93.07}, {"top5", 99.55}}},
            {"pruned", {{"top1", 92.34}, {"top5", 99.61}}}}},
          {"search",
           {{"searcher", "guided"},
            {"objective", "(1 - 1/CR) * top-1"},
            {"episodes", episodes},
            {"best", 7}}},
          {"cost",
           {{"hardware", "paper"},
            {"dense", priced(5e8, 2.5e6, 7e5)},
            {"pruned", priced(1e8, 5e5, 3.5e5)}}},
          {"fine_tune", {{"epochs", epochs}}},
          {"seconds", {{"search", 61.5}, {"fine_tune", 300.5}, {"total", 372.75}}}};
}

/// The mapping of those layers: a few tiles each, in more crossbars than are drawn for conv2.
inline Json mapping() {
  const auto layer = [](const std::string& name, Index crossbars) {
    Json tiles = Json::array();
    for (Index i = 0; i < 4 * crossbars; ++i)
      tiles.push_back({{"ou", i},
                       {"row_group", i},
                       {"crossbar", i / 4},
                       {"row", 32 * (i % 4)},
                       {"column", 32},
                       {"rows", 32},
                       {"columns", {1, 5, 7}}});
    return Json{
        {"name", name}, {"crossbars_per_plane", crossbars}, {"planes", 16}, {"tiles", tiles}};
  };
  return {{"schema", "autoprune.mapping/2"},
          {"geometry", "128x128/32x32/1"},
          {"granularity", 32},
          {"bitlines_per_weight", 1},
          {"layers", {layer("conv1", 3), layer("conv2", 13), layer("fc", 1)}}};
}

/// What is wrong with a document's tags and entities, or "" when each tag is closed in order.
inline std::string markup_fault(const std::string& text) {
  std::vector<std::string> open;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '&') {
      const std::size_t end = text.find(';', i);
      if (end == std::string::npos || end - i > 6) return "bare & at " + text.substr(i, 20);
      i = end + 1;
      continue;
    }
    if (text[i] != '<') {
      ++i;
      continue;
    }
    const std::size_t end = text.find('>', i);
    if (end == std::string::npos) return "tag without an end: " + text.substr(i, 20);
    const std::string tag = text.substr(i + 1, end - i - 1);
    i = end + 1;
    if (tag.find('<') != std::string::npos) return "bare < in " + tag;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "open quote in " + tag;
    if (tag.front() == '!' || tag.back() == '/' || tag.rfind("meta", 0) == 0) continue;
    if (tag.front() == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "stray " + tag;
      open.pop_back();
      continue;
    }
    const std::string name = tag.substr(0, tag.find(' '));
    open.push_back(name);
    if (name == "style") i = text.find("</style>", i);  // its text is not markup
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

inline Index occurrences(const std::string& text, const std::string& part) {
  Index count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

/// The value of an attribute in every tag that holds `mark`, in order.
inline std::vector<double> attributes(const std::string& text, const std::string& mark,
                                      const std::string& name) {
  std::vector<double> values;
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t begin = text.rfind('<', at);
    const std::size_t value = text.find(" " + name + "=\"", begin) + name.size() + 3;
    values.push_back(std::stod(text.substr(value)));
  }
  return values;
}

}  // namespace samples
