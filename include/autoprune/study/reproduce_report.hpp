/// @file reproduce_report.hpp
/// What reproduce() has measured as tables, JSON and pictures, the slides' figures beside it.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/version.hpp"
#include "autoprune/io/format.hpp"
#include "autoprune/study/comparison_report.hpp"
#include "autoprune/study/reproduce.hpp"

namespace autoprune::study {

/// Everything that was asked for: titles, and tables.
[[nodiscard]] inline std::vector<std::pair<std::string, io::Table>> reproduced_tables(
    const ReproduceSpec& spec, const Reproduced& results) {
  std::vector<std::pair<std::string, io::Table>> tables;
  const std::string choice =
      spec.compression ? concat(", at a compression of ", *spec.compression)
                       : concat(", the highest compression tried at a loss of at most ",
                                io::format_number(spec.allowed_drop, 2), " points of Acc1");
  if (spec.asks("table") || spec.asks("energy") || spec.asks("area"))
    for (const ComparedNetwork& of : results.networks) {
      tables.emplace_back(of.name() + choice, compression_table(of));
      io::Table ratios = ratio_table(of);
      if (ratios.size() > 1)
        tables.emplace_back(of.network + ", times better than", std::move(ratios));
    }
  if (!results.granularities.empty())
    tables.emplace_back(
        concat("Fig. 10: ", results.networks.front().name(), " over the granularity"),
        granularity_table(results.granularities));
  if (spec.asks("fig12"))
    tables.emplace_back(concat("Fig. 12: index overhead at G = ", spec.granularity),
                        index_table(results.networks));
  return tables;
}

/// What is beyond the loss allowed or missing, a line each, and why.
[[nodiscard]] inline std::string reproduced_gaps(const ReproduceSpec& spec,
                                                 const Reproduced& results) {
  std::string text;
  const auto beyond = [](const ComparedNetwork& of) {
    return std::any_of(of.rows.begin(), of.rows.end(),
                       [](const ComparedRow& row) { return !row.allowed; });
  };
  if (std::any_of(results.networks.begin(), results.networks.end(), beyond))
    text += "*: beyond the loss allowed\n";
  const double least = spec.compression.value_or(compression_ladder().front());
  for (const ComparedNetwork& of : results.networks)
    for (const std::string& method : of.out_of_reach)
      text += concat(of.name(), ": ", method, " has found nothing of a compression of ", least,
                     " or more\n");
  for (const std::string& why : results.skipped) text += "skipped " + why + "\n";
  return text;
}

[[nodiscard]] inline io::Json reproduced_json(const ReproduceSpec& spec,
                                              const Reproduced& results) {
  io::Json json = io::json_object({{"schema", "autoprune.reproduce/1"},
                                   {"autoprune_version", AUTOPRUNE_VERSION},
                                   {"part", spec.part},
                                   {"budget", spec.budget.name},
                                   {"allowed_drop_top1", spec.allowed_drop},
                                   {"granularity", spec.granularity},
                                   {"rows", io::Json::array()},
                                   {"fig10", io::Json::array()},
                                   {"skipped", results.skipped}});
  for (const ComparedNetwork& of : results.networks)
    for (const io::Json& row : rows_json(of)) json["rows"].push_back(row);
  for (const ComparedRow& row : results.granularities)
    json["fig10"].push_back(row_json(results.networks.front(), row));
  return json;
}

/// Names of files, and pictures.
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> reproduced_pictures(
    const ReproduceSpec& spec, const Reproduced& results) {
  std::vector<std::pair<std::string, std::string>> pictures;
  const auto bars = [&](const char* part, const char* file, const char* title,
                        const std::function<double(const ComparedRow&)>& figure) {
    if (spec.asks(part))
      pictures.emplace_back(file, method_picture(results.networks, spec.methods, title, figure));
  };
  bars("table", "compression.svg", "crossbar compression",
       [](const ComparedRow& row) { return row.compression(); });
  bars("energy", "energy.svg", "energy efficiency over the dense network",
       [](const ComparedRow& row) { return row["energy_efficiency_gain"]; });
  bars("area", "area.svg", "area efficiency over the dense network",
       [](const ComparedRow& row) { return row["area_efficiency_gain"]; });
  if (!results.granularities.empty())
    pictures.emplace_back("fig10.svg", granularity_picture(results.granularities));
  if (spec.asks("fig12")) pictures.emplace_back("fig12.svg", index_picture(results.networks));
  return pictures;
}

}  // namespace autoprune::study
