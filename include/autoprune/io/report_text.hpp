/// @file report_text.hpp
/// report.json as a table for the terminal.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/io/format.hpp"
#include "autoprune/io/front_report.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/io/table.hpp"

namespace autoprune::io {

namespace detail {

[[nodiscard]] inline std::string kibibytes(Index bits) {
  return format_number(static_cast<double>(bits) / 8192.0, 2);
}

[[nodiscard]] inline std::vector<std::string> layer_row(const LayerFigures& layer) {
  return {shorten(layer.name, 16),        matrix_text(layer.rows, layer.cols, layer.groups),
          format_number(layer.kept),      format_number(100.0 * layer.keep_ratio, 1),
          format_number(layer.ous),       format_number(layer.crossbars_dense),
          format_number(layer.crossbars), format_number(layer.compression(), 2),
          format_number(layer.index_bits)};
}

/// "5/6/4": bits of weights, inputs and ADCs; "-" for the accelerator's.
[[nodiscard]] inline std::string bits_text(const LayerFigures& layer) {
  const auto text = [](const std::optional<Index>& bits) {
    return bits ? format_number(*bits) : std::string("-");
  };
  return text(layer.weight_bits) + "/" + text(layer.input_bits) + "/" + text(layer.adc_bits);
}

[[nodiscard]] inline std::string accuracy_lines(const AccuracyFigures& accuracy) {
  const auto pair = [](double top1, double top5) {
    return format_number(top1, 2) + " / " + format_number(top5, 2);
  };
  const auto& [kind, images, dense, pruned] = accuracy;
  std::vector<std::string> parts;
  if (dense) parts.push_back("dense " + pair(dense->top1, dense->top5));
  if (pruned) parts.push_back("pruned " + pair(pruned->top1, pruned->top5));
  if (dense && pruned)
    parts.push_back("drop " + pair(dense->top1 - pruned->top1, dense->top5 - pruned->top5));
  return "accuracy      " + join(parts, "   ") + "\n              Acc1 / Acc5 in %, " + kind +
         ", " + format_count(images, "image") + "\n";
}

[[nodiscard]] inline std::string cost_lines(const CostFigures& cost) {
  const auto gain = [](const char* what, double dense, double pruned) {
    return concat(what, ' ', format_significant(dense), " → ", format_significant(pruned), " (",
                  format_number(dense / pruned, 2), "×)");
  };
  const auto& [hardware, dense, pruned] = cost;
  return "cost          " + gain("area", 1e-6 * dense.area_um2, 1e-6 * pruned.area_um2) +
         " mm²   " + gain("energy", 1e-3 * dense.energy_nj, 1e-3 * pruned.energy_nj) +
         " µJ\n              " +
         gain("latency", 1e-3 * dense.latency_ns, 1e-3 * pruned.latency_ns) + " µs   hardware " +
         shorten(hardware, 24) + "\n";
}

[[nodiscard]] inline std::string grouped_lines(const ReportData& data) {
  const std::string sentence = grouped_sentence(data.cells(), "\n              ");
  return sentence.empty() ? sentence : "groups        " + sentence + "\n";
}

/// The front of a search that found more than one policy worth having.
[[nodiscard]] inline std::string front_lines(const SearchFigures& search) {
  if (!has_front(search)) return {};
  return "\nbest policies of the search, accuracy held out and before fine-tuning\n\n" +
         text_table(front_table(search));
}

/// Sizes of the index buffer: what the smallest encodings take, layer by layer, and each one alone.
[[nodiscard]] inline std::string index_lines(const ReportData& data) {
  const auto used = static_cast<double>(data.total(&LayerFigures::index_bits));
  const double weights = data.kept_weight_bits();
  return "index buffer  " + format_bits(used) + " = " + format_number(100.0 * used / weights, 1) +
         " % of the kept weights' " + format_bits(weights) +
         (data.says_bits() ? "\n" : " (8 bits each)\n") + "              explicit " +
         kibibytes(data.explicit_bits) + "   bitmap " + kibibytes(data.bitmap_bits) + "   delta " +
         kibibytes(data.delta_bits) + "   lists " + kibibytes(data.lists_bits) + " KiB\n";
}

}  // namespace detail

/// One line per layer with totals, then both countings of the crossbars and their compression, the
/// accuracy, the index buffer against the kept weights, the seconds, and the front of a search; 100
/// columns at most for networks of up to a hundred million weights. Throws bad_json as
/// read_report() does.
[[nodiscard]] inline std::string report_table(const Json& report) {
  const ReportData data = read_report(report);
  std::vector<std::vector<std::string>> rows = {
      {"layer", "matrix", "kept", "keep %", "OUs", "dense xb", "xb", "CR", "index bits"}};
  for (const LayerFigures& layer : data.layers) rows.push_back(detail::layer_row(layer));
  if (data.says_bits()) {
    rows.front().push_back("w/in/ADC bits");
    for (std::size_t k = 0; k < data.layers.size(); ++k)
      rows[k + 1].push_back(detail::bits_text(data.layers[k]));
  }
  rows.push_back({"total", "", format_number(data.total(&LayerFigures::kept)),
                  format_number(100.0 * data.keep_ratio(), 1),
                  format_number(data.total(&LayerFigures::ous)),
                  format_number(data.crossbars_dense), format_number(data.crossbars_per_layer),
                  format_number(data.compression_per_layer, 2),
                  format_number(data.total(&LayerFigures::index_bits))});
  std::vector<std::string> lines = align_columns(rows);
  const std::string rule(lines.front().size(), '-');
  lines.insert(lines.begin() + 1, rule);
  lines.insert(lines.end() - 1, rule);

  const auto fixed = [](double value) { return format_number(value, 2); };
  return shorten(data.command, 12) + ": " + shorten(data.network, 32) + " on " +
         shorten(data.data, 24) + ", " + data.geometry + "\n" +
         method_text(data.method, data.row_groups, data.granularity) + "\n\n" + join(lines, "\n") +
         "\nxb: crossbars after pruning, counted per layer; CR: dense xb / xb"
         "\n\nvectors       kept " +
         format_number(data.total(&LayerFigures::kept)) + " of " +
         format_number(data.total(&LayerFigures::vectors)) + "   dead filters " +
         format_number(data.total(&LayerFigures::dead_filters)) + "\ncrossbars     dense " +
         format_number(data.crossbars_dense) + "   per layer " +
         format_number(data.crossbars_per_layer) + "   pooled " +
         format_number(data.crossbars_pooled) + "\ncompression   per layer " +
         fixed(data.compression_per_layer) + "   pooled " + fixed(data.compression_pooled) + "\n" +
         detail::grouped_lines(data) +
         (data.accuracy ? detail::accuracy_lines(*data.accuracy) : std::string()) +
         (data.cost ? detail::cost_lines(*data.cost) : std::string()) + detail::index_lines(data) +
         "seconds       search " + format_number(data.search_seconds, 1) + "   fine-tune " +
         format_number(data.fine_tune_seconds, 1) + "   total " +
         format_number(data.total_seconds, 1) + "\n" +
         (data.search ? detail::front_lines(*data.search) : "");
}

}  // namespace autoprune::io
