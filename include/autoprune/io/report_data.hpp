/// @file report_data.hpp
/// report.json and mapping.json, checked and typed, for the writers of tables and pages.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/io/format.hpp"
#include "autoprune/io/grouped_layers.hpp"
#include "autoprune/io/json_field.hpp"
#include "autoprune/nn/collapse.hpp"

namespace autoprune::io {

/// What was counted of one layer, or of all of them.
struct LayerFigures {
  std::string name, op;
  Index rows = 0, cols = 0;  ///< weight matrix: wordlines x filters
  Index groups = 1;          ///< of a convolution; the filters are those of all
  double filled = 0.0;       ///< share of the crossbars' cells; early versions don't say it
  Index crossbars_dense = 0, crossbars = 0;
  Index ous = 0, vectors = 0, kept = 0, dead_filters = 0, index_bits = 0;
  double keep_ratio = 1.0;
  std::optional<Index> weight_bits, input_bits, adc_bits;  ///< that are the layer's own

  [[nodiscard]] double compression() const {
    return static_cast<double>(crossbars_dense) / static_cast<double>(crossbars);
  }
  /// Kept weights, taking every column-vector of the layer as equally long.
  [[nodiscard]] double kept_weights() const {
    return keep_ratio * static_cast<double>(rows) * static_cast<double>(cols);
  }
};

/// Per cent of images whose label is the first guess, or among the first five.
struct Accuracy {
  double top1 = 0.0, top5 = 0.0;
};

struct AccuracyFigures {
  std::string kind;  ///< float, quantised or on-crossbar
  Index images = 0;
  std::optional<Accuracy> dense, pruned;  ///< at least one of them
};

struct EpisodeFigures {
  Index episode = 0;
  std::string kind;
  double reward = 0.0, accuracy = 0.0, compression_per_layer = 0.0, compression_pooled = 0.0;
  // Early versions don't say these.
  double energy_nj = 0.0, latency_ns = 0.0, area_um2 = 0.0;
  bool feasible = true, on_front = false;
};

struct SearchFigures {
  std::string searcher;  ///< its name; "agent" in reports that don't say
  std::string objective;
  std::vector<EpisodeFigures> episodes;
  EpisodeFigures best;
  bool pooled = false;  ///< the crossbars that count are

  [[nodiscard]] double compression(const EpisodeFigures& of) const {
    return pooled ? of.compression_pooled : of.compression_per_layer;
  }
};

struct EpochFigures {
  Index epoch = 0;
  double loss = 0.0, learning_rate = 0.0, keep_ratio = 0.0, compression_pooled = 0.0;
  double held_out_top1 = 0.0;  ///< NaN in epochs that weren't evaluated
  double seconds = 0.0;
};

/// What one inference costs, unpruned and pruned.
struct CostFigures {
  struct Network {
    double area_um2 = 0.0, energy_nj = 0.0, latency_ns = 0.0;
    double gops_per_w = 0.0, gops_per_mm2 = 0.0;
  };
  std::string hardware;
  Network dense, pruned;
};

/// "column-vectors, G = 32, gathered rows": a method, and the row groups of one that has them.
[[nodiscard]] inline std::string method_text(const std::string& method,
                                             const std::string& row_groups, Index granularity) {
  if (!method.empty() && row_groups.empty()) return method;
  return concat(method, method.empty() ? "" : ", ", "G = ", format_number(granularity),
                row_groups == "gathered" ? ", gathered rows" : "");
}

/// report.json.
struct ReportData {
  std::string version, command, network, data, geometry, seed;
  std::string method, row_groups;  ///< empty: not said, or none
  Index granularity = 0, threads = 0;
  Json options;
  std::vector<LayerFigures> layers;
  Index crossbars_dense = 0, crossbars_per_layer = 0, crossbars_pooled = 0;
  double compression_per_layer = 0.0, compression_pooled = 0.0;
  Index explicit_bits = 0, bitmap_bits = 0, delta_bits = 0, lists_bits = 0;
  std::optional<AccuracyFigures> accuracy;
  std::optional<SearchFigures> search;
  std::optional<CostFigures> cost;
  std::vector<EpochFigures> fine_tune;
  std::optional<nn::Course> course;  ///< of training or fine-tuning
  double search_seconds = 0.0, fine_tune_seconds = 0.0, total_seconds = 0.0;

  /// The sum of a count over the layers: `report.total(&LayerFigures::ous)`.
  [[nodiscard]] Index total(Index LayerFigures::*count) const {
    Index sum = 0;
    for (const LayerFigures& layer : layers) sum += layer.*count;
    return sum;
  }
  [[nodiscard]] double keep_ratio() const {
    return static_cast<double>(total(&LayerFigures::kept)) /
           static_cast<double>(total(&LayerFigures::vectors));
  }
  [[nodiscard]] std::vector<LayerCells> cells() const {
    std::vector<LayerCells> cells;
    for (const LayerFigures& l : layers) cells.push_back({l.groups, l.crossbars, l.filled});
    return cells;
  }
  /// Bits of the kept weights' magnitudes, 8 each where a layer doesn't say: what the index buffer
  /// is held against.
  [[nodiscard]] double kept_weight_bits() const {
    double bits = 0.0;
    for (const LayerFigures& layer : layers)
      bits += static_cast<double>(layer.weight_bits.value_or(8)) * layer.kept_weights();
    return bits;
  }
  /// Whether some layer has bits of its own.
  [[nodiscard]] bool says_bits() const {
    return std::any_of(layers.begin(), layers.end(), [](const LayerFigures& l) {
      return l.weight_bits || l.input_bits || l.adc_bits;
    });
  }
};

namespace detail {

[[nodiscard]] inline LayerFigures read_layer(const JsonField& field) {
  LayerFigures layer;
  layer.name = field["name"].text();
  layer.op = field["op"].text();
  layer.rows = field["rows"].count();
  layer.cols = field["cols"].count();
  layer.crossbars_dense = field["crossbars_dense"].count();
  layer.crossbars = field["crossbars"].count();
  layer.ous = field["ous"].count();
  layer.vectors = field["vectors"].count();
  layer.kept = field["kept"].count();
  layer.keep_ratio = field["keep_ratio"].number();
  layer.dead_filters = field["dead_filters"].count();
  layer.index_bits = field["index_bits"].count();
  if (field.has("groups")) layer.groups = field["groups"].count();
  if (field.has("filled")) layer.filled = field["filled"].number();
  for (const auto& [key, bits] : {std::pair{"weight_bits", &layer.weight_bits},
                                  {"input_bits", &layer.input_bits},
                                  {"adc_bits", &layer.adc_bits}})
    if (field.has(key)) *bits = field[key].count();
  return layer;
}

[[nodiscard]] inline Accuracy read_top(const JsonField& field) {
  return {field["top1"].number(), field["top5"].number()};
}

[[nodiscard]] inline AccuracyFigures read_accuracy(const JsonField& field) {
  AccuracyFigures accuracy{field["kind"].text(), field["images"].count(), {}, {}};
  if (field.has("pruned")) accuracy.pruned = read_top(field["pruned"]);
  if (field.has("dense") || !accuracy.pruned) accuracy.dense = read_top(field["dense"]);
  return accuracy;
}

[[nodiscard]] inline SearchFigures read_search(const JsonField& field) {
  SearchFigures search;
  search.searcher = field.has("searcher") ? field["searcher"].text() : "agent";
  search.objective = field["objective"].text();
  search.pooled = field.has("counting") && field["counting"].text() == "pooled";
  const Index best = field["best"].count();
  bool found = false;
  for (const JsonField& item : field["episodes"].items()) {
    search.episodes.push_back({item["episode"].count(), item["kind"].text(),
                               item["reward"].number(), item["accuracy"].number(),
                               item["compression_per_layer"].number(),
                               item["compression_pooled"].number()});
    EpisodeFigures& episode = search.episodes.back();
    if (item.has("feasible")) episode.feasible = item["feasible"].boolean();
    if (item.has("energy_nj")) {
      episode.energy_nj = item["energy_nj"].number();
      episode.latency_ns = item["latency_ns"].number();
      episode.area_um2 = item["area_um2"].number();
      episode.on_front = item["on_front"].boolean();
    }
    if (episode.episode == best) {
      search.best = episode;
      found = true;
    }
  }
  if (!found) fail(ErrorId::bad_json, "report.search.best is ", best, ", which is no episode");
  return search;
}

[[nodiscard]] inline CostFigures read_cost(const JsonField& field) {
  const auto network = [](const JsonField& of) -> CostFigures::Network {
    const JsonField totals = of["totals"], metrics = of["metrics"];
    return {totals["area_um2"].number(), totals["energy_nj"].number(),
            totals["latency_ns"].number(), metrics["gops_per_w"].number(),
            metrics["gops_per_mm2"].number()};
  };
  return {field["hardware"].text(), network(field["dense"]), network(field["pruned"])};
}

[[nodiscard]] inline EpochFigures read_epoch(const JsonField& field) {
  return {field["epoch"].count(),
          field["loss"].number(),
          field["learning_rate"].number(),
          field["keep_ratio"].number(),
          field["compression_pooled"].number(),
          field.has("held_out_top1") ? field["held_out_top1"].number()
                                     : std::numeric_limits<double>::quiet_NaN(),
          field["seconds"].number()};
}

/// Of "training" or "fine_tune"; reports of early versions don't hold it.
[[nodiscard]] inline std::optional<nn::Course> read_course(const JsonField& report) {
  for (const char* key : {"training", "fine_tune"}) {
    if (!report.has(key) || !report[key].has("collapsed")) continue;
    const JsonField training = report[key];
    return nn::Course{training["best_top1"].number(), training["end_top1"].number(),
                      training["collapsed"].boolean()};
  }
  return {};
}

}  // namespace detail

/// What to tell of a training that has ruined its network.
[[nodiscard]] inline std::string collapse_warning(const nn::Course& course) {
  return "the network has collapsed in training: its held-out top-1 accuracy ended at " +
         format_number(course.end, 2) + " %, and was " + format_number(course.best, 2) +
         " % at its best; take a smaller learning rate, or prune less or more gradually";
}

/// Reads a document of schema "autoprune.report/1". `method`, `row_groups`, `accuracy`, one of its
/// two parts, `search`, `cost`, `training` and `fine_tune` may be missing or null; any other
/// missing or mistyped key throws bad_json, a count below zero or beyond any network out_of_range.
[[nodiscard]] inline ReportData read_report(const Json& document) {
  const JsonField report(document, "report");
  report.check_schema("autoprune.report/1");
  ReportData data;
  data.version = report["autoprune_version"].text();
  data.command = report["command"].text();
  data.network = report["network"].text();
  data.data = report["data"].text();
  data.geometry = report["geometry"].text();
  if (report.has("method")) data.method = report["method"].text();
  if (report.has("row_groups")) data.row_groups = report["row_groups"].text();
  data.granularity = report["granularity"].count();
  data.seed = json_excerpt(report["seed"].json());
  data.threads = report["threads"].count();
  data.options = report["options"].json();
  for (const JsonField& layer : report["layers"].items())
    data.layers.push_back(detail::read_layer(layer));
  data.crossbars_dense = report["crossbars"]["dense"].count();
  data.crossbars_per_layer = report["crossbars"]["per_layer"].count();
  data.crossbars_pooled = report["crossbars"]["pooled"].count();
  data.compression_per_layer = report["compression"]["per_layer"].number();
  data.compression_pooled = report["compression"]["pooled"].number();
  data.explicit_bits = report["index"]["explicit_bits"].count();
  data.bitmap_bits = report["index"]["bitmap_bits"].count();
  data.delta_bits = report["index"]["delta_bits"].count();
  data.lists_bits = report["index"]["lists_bits"].count();
  if (report.has("accuracy")) data.accuracy = detail::read_accuracy(report["accuracy"]);
  if (report.has("search")) data.search = detail::read_search(report["search"]);
  if (report.has("cost")) data.cost = detail::read_cost(report["cost"]);
  if (report.has("fine_tune"))
    for (const JsonField& epoch : report["fine_tune"]["epochs"].items())
      data.fine_tune.push_back(detail::read_epoch(epoch));
  data.course = detail::read_course(report);
  data.search_seconds = report["seconds"]["search"].number();
  data.fine_tune_seconds = report["seconds"]["fine_tune"].number();
  data.total_seconds = report["seconds"]["total"].number();
  return data;
}

}  // namespace autoprune::io
