/// @file report_html.hpp
/// report.json and mapping.json as one page that opens without a network.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/io/format.hpp"
#include "autoprune/io/front_report.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/io/report_page.hpp"
#include "autoprune/io/report_pictures.hpp"

namespace autoprune::io {

namespace detail {

[[nodiscard]] inline std::string percent(double value, int decimals = 2) {
  return format_number(value, decimals) + " %";
}

[[nodiscard]] inline std::string headline(const ReportData& data) {
  std::string out = "<header>\n<p class=\"kicker\">autoprune " + escape_xml(data.command) +
                    "</p>\n<h1>" + escape_xml(data.network) + " on " + escape_xml(data.data) +
                    "</h1>\n<p class=\"headline\">The weights take <b>" +
                    format_count(data.crossbars_per_layer, "crossbar") + "</b>";
  out += data.crossbars_per_layer == data.crossbars_dense
             ? ", as many as the dense network: a crossbar compression of "
             : " instead of <b>" + format_number(data.crossbars_dense) +
                   "</b>: a crossbar compression of ";
  out += "<b>" + format_number(data.compression_per_layer, 2) + " per layer</b> and <b>" +
         format_number(data.compression_pooled, 2) + " pooled</b>.";
  if (data.accuracy) {
    const AccuracyFigures& accuracy = *data.accuracy;
    out += " Top-1 accuracy " +
           (accuracy.dense && accuracy.pruned
                ? "goes from <b>" + percent(accuracy.dense->top1) + "</b> to <b>" +
                      percent(accuracy.pruned->top1) + "</b>"
                : "is <b>" + percent((accuracy.dense ? accuracy.dense : accuracy.pruned)->top1) +
                      "</b>") +
           " (" + escape_xml(accuracy.kind) + ", " + format_count(accuracy.images, "image") + ").";
  }
  return out + "</p>\n</header>\n";
}

/// Nothing for a training that went well, or for none.
[[nodiscard]] inline std::string warning(const ReportData& data) {
  if (!data.course || !data.course->collapsed) return {};
  return "<section class=\"warning\">Warning: " + collapse_warning(*data.course) + ".</section>\n";
}

[[nodiscard]] inline std::string card(std::string_view name, std::string_view value,
                                      std::string_view note) {
  return concat("<div class=\"card\"><span>", name, "</span><b>", value, "</b><span>", note,
                "</span></div>\n");
}

[[nodiscard]] inline std::string accuracy_card(std::string_view name,
                                               const AccuracyFigures& accuracy,
                                               double Accuracy::*top) {
  if (!accuracy.pruned) return card(name, percent((*accuracy.dense).*top), "dense");
  const double pruned = (*accuracy.pruned).*top;
  if (!accuracy.dense) return card(name, percent(pruned), "pruned");
  const double dense = (*accuracy.dense).*top;
  return card(name, percent(pruned),
              "dense " + percent(dense) + ", drop " + format_number(dense - pruned, 2));
}

[[nodiscard]] inline std::string cost_cards(const CostFigures& cost) {
  const auto gain = [&](const char* name, double dense, double pruned, const char* unit) {
    return card(name, format_number(dense / pruned, 2) + "×",
                format_significant(dense) + " → " + format_significant(pruned) + unit);
  };
  const auto& [hardware, dense, pruned] = cost;
  return gain("Energy", 1e-3 * dense.energy_nj, 1e-3 * pruned.energy_nj, " µJ an inference") +
         gain("Area", 1e-6 * dense.area_um2, 1e-6 * pruned.area_um2, " mm²") +
         gain("Latency", 1e-3 * dense.latency_ns, 1e-3 * pruned.latency_ns, " µs an image") +
         card("Efficiency", format_significant(pruned.gops_per_w) + " GOPS/W",
              format_significant(pruned.gops_per_mm2) + " GOPS/mm², hardware " +
                  escape_xml(hardware));
}

[[nodiscard]] inline std::string cards(const ReportData& data) {
  const std::string dense = format_number(data.crossbars_dense) + " → ";
  std::string out = "<section class=\"cards\">\n";
  out += card("Compression per layer", format_number(data.compression_per_layer, 2) + "×",
              dense + format_count(data.crossbars_per_layer, "crossbar"));
  out += card("Compression pooled", format_number(data.compression_pooled, 2) + "×",
              dense + format_count(data.crossbars_pooled, "crossbar"));
  if (data.accuracy) {
    out += accuracy_card("Top-1 accuracy", *data.accuracy, &Accuracy::top1);
    out += accuracy_card("Top-5 accuracy", *data.accuracy, &Accuracy::top5);
  }
  out += card("Keep ratio", percent(100.0 * data.keep_ratio(), 1),
              format_number(data.total(&LayerFigures::kept)) + " of " +
                  format_count(data.total(&LayerFigures::vectors), "vector"));
  out += card("Operation units", format_number(data.total(&LayerFigures::ous)),
              "in " + format_count(std::ssize(data.layers), "layer"));
  const auto index_bits = static_cast<double>(data.total(&LayerFigures::index_bits));
  out += card("Index buffer", format_bits(index_bits),
              percent(100.0 * index_bits / data.kept_weight_bits(), 1) + " of the kept weights");
  if (data.cost) out += cost_cards(*data.cost);
  const bool searched = data.search_seconds > 0.0, tuned = data.fine_tune_seconds > 0.0;
  out +=
      card("Time", format_seconds(data.total_seconds),
           (searched ? "search " + format_seconds(data.search_seconds) : std::string()) +
               (searched && tuned ? ", " : "") +
               (tuned ? "fine-tuning " + format_seconds(data.fine_tune_seconds) : std::string()));
  return out + "</section>\n";
}

/// A titled picture with the explanation under it. `pictures` is SVG; `caption` is HTML.
[[nodiscard]] inline std::string picture(std::string_view title, std::string_view pictures,
                                         std::string_view caption) {
  return concat("<section>\n<h2>", title, "</h2>\n<figure>\n", pictures, "<figcaption>", caption,
                "</figcaption>\n</figure>\n</section>\n");
}

[[nodiscard]] inline std::string wide(const std::string& svg) {
  return "<div class=\"wide\">" + svg + "</div>\n";
}

[[nodiscard]] inline std::string layer_pictures(const ReportData& data) {
  const std::string axis =
      crossbars_need_log(data) ? " The axis is logarithmic: equal distances are equal ratios." : "";
  return picture("Keep ratio per layer", wide(keep_ratio_picture(data)),
                 "The weights of a layer are a matrix with a column per filter and a row per input "
                 "value. Its rows are cut into row groups of G = " +
                     format_number(data.granularity) +
                     "; the piece of one filter in one row group is a <i>column-vector</i> and is "
                     "kept or pruned as a whole. The keep ratio is the share that is kept; 100 % "
                     "is the dense layer.") +
         picture("Crossbars per layer", wide(crossbars_picture(data)),
                 "A crossbar is an array of ReRAM cells that stores a piece of a weight matrix and "
                 "multiplies by it in place. A weight takes several crossbars, for its bits and "
                 "its sign, and all of them are counted. A layer needs at least one crossbar in "
                 "each bit plane, so small layers stop shrinking; counted <i>pooled</i>, layers "
                 "share crossbars." +
                     axis);
}

[[nodiscard]] inline std::string search_pictures(const SearchFigures& search) {
  return picture("Reward and compression by episode",
                 wide(reward_picture(search)) + wide(compression_picture(search)),
                 "In every episode a keep ratio is chosen for each layer, the network is pruned "
                 "accordingly and measured: its accuracy on held-out training images, before any "
                 "fine-tuning, and its crossbars. The reward is " +
                     escape_xml(search.objective) +
                     ". The ringed episode is the policy that was taken. Uniform policies and the "
                     "LAMP ranking are heuristics to learn from and to beat; the searcher (" +
                     escape_xml(search.searcher) + ") proposed the others.");
}

/// Of a search that found more than one policy worth having.
[[nodiscard]] inline std::string front_pictures(const SearchFigures& search) {
  if (!has_front(search)) return {};
  return picture("What accuracy costs",
                 "<div class=\"pair\">" + front_picture(search, FrontAxis::crossbars) +
                     front_picture(search, FrontAxis::energy) + "</div>\n",
                 "Every policy that the search measured within its constraints. The blue ones are "
                 "the <i>Pareto front</i> of accuracy, crossbars and energy: no other policy is as "
                 "good in all three and better in one. Accuracy is held out, before any "
                 "fine-tuning.");
}

[[nodiscard]] inline std::string fine_tune_pictures(const ReportData& data) {
  std::string charts;
  const bool evaluated =
      std::any_of(data.fine_tune.begin(), data.fine_tune.end(),
                  [](const EpochFigures& e) { return std::isfinite(e.held_out_top1); });
  if (evaluated)
    charts += epoch_picture(data, "held-out top-1, %", &EpochFigures::held_out_top1, kBlue);
  charts +=
      epoch_picture(data, "crossbar compression, pooled", &EpochFigures::compression_pooled, kBlue);
  charts += epoch_picture(data, "training loss", &EpochFigures::loss, kBlue);
  charts += epoch_picture(data, "learning rate", &EpochFigures::learning_rate, kGrey);
  return picture("Fine-tuning", "<div class=\"pair\">" + charts + "</div>\n",
                 "Pruned in one step, a network may not recover. So it is trained on while its "
                 "masks tighten: in each epoch a few more column-vectors go, until the compression "
                 "of the chosen policy is reached; from then on the masks stay and only the kept "
                 "weights learn.");
}

[[nodiscard]] inline std::string occupancy_section(const Json& mapping, const ReportData& data) {
  const std::vector<LayerOccupancy> layers = occupancy_pictures(mapping);
  std::string strips = "<div class=\"strips\">\n";
  for (const LayerOccupancy& layer : layers)
    strips += "<div class=\"strip\"><p><b>" + escape_xml(layer.name) + "</b> " +
              format_number(layer.crossbars) + " × " + format_number(layer.planes) + " planes, " +
              percent(100.0 * layer.filled, 0) + " filled</p>" + layer.svg + "</div>\n";
  return picture(
      "Crossbar occupancy", strips + "</div>\n",
      "Each square is one crossbar (geometry " + escape_xml(data.geometry) +
          ": crossbar, OU, bits per cell): inputs enter on its rows, the wordlines, and "
          "sums leave by its columns, the bitlines. Blue cells hold kept weights. The "
          "grid shows the places of <i>operation units</i> (OUs), the cells that compute "
          "at once; a pale rest in a place means that its row group had no more kept "
          "vectors. One bit plane is drawn; the others of the layer look the same "
          "(3 × 16 planes: three crossbars in each of 16).");
}

[[nodiscard]] inline std::string table_row(const std::vector<std::string>& cells,
                                           std::string_view tag) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += concat('<', tag, '>', cell, "</", tag, '>');
  return out + "</tr>\n";
}

[[nodiscard]] inline std::string grouped_note(const ReportData& data) {
  const std::string sentence = grouped_sentence(data.cells());
  if (sentence.empty()) return sentence;
  return "<p class=\"note\">A convolution in groups has a weight matrix a group. The " + sentence +
         ".</p>\n";
}

[[nodiscard]] inline std::string layer_table(const ReportData& data) {
  std::string out =
      "<section>\n<h2>Layers</h2>\n<div class=\"wide\"><table class=\"layers\">\n<thead>" +
      table_row({"layer", "weight matrix", "vectors", "kept", "keep ratio", "dead filters", "OUs",
                 "crossbars dense", "crossbars", "compression", "index bits"},
                "th") +
      "</thead>\n<tbody>\n";
  for (const LayerFigures& l : data.layers) {
    const std::string matrix = matrix_text(l.rows, l.cols, l.groups, " × ");
    out += table_row(
        {escape_xml(l.name), matrix, format_number(l.vectors), format_number(l.kept),
         percent(100.0 * l.keep_ratio, 1), format_number(l.dead_filters), format_number(l.ous),
         format_number(l.crossbars_dense), format_number(l.crossbars),
         format_number(l.compression(), 2) + "×", format_number(l.index_bits)},
        "td");
  }
  out += "</tbody>\n<tfoot>" +
         table_row(
             {"total", "", format_number(data.total(&LayerFigures::vectors)),
              format_number(data.total(&LayerFigures::kept)), percent(100.0 * data.keep_ratio(), 1),
              format_number(data.total(&LayerFigures::dead_filters)),
              format_number(data.total(&LayerFigures::ous)), format_number(data.crossbars_dense),
              format_number(data.crossbars_per_layer),
              format_number(data.compression_per_layer, 2) + "×",
              format_number(data.total(&LayerFigures::index_bits))},
             "td") +
         "</tfoot>\n</table></div>\n" + grouped_note(data) +
         "<p class=\"note\">Pooled, all layers together take " +
         format_count(data.crossbars_pooled, "crossbar") + ": a compression of " +
         format_number(data.compression_pooled, 2) +
         "×. Each layer's index buffer is in its smallest encoding; with one encoding for all it "
         "would be " +
         format_bits(static_cast<double>(data.explicit_bits)) + " (explicit), " +
         format_bits(static_cast<double>(data.bitmap_bits)) + " (bitmap), " +
         format_bits(static_cast<double>(data.delta_bits)) + " (delta) or " +
         format_bits(static_cast<double>(data.lists_bits)) + " (lists). The kept weights take " +
         format_bits(data.kept_weight_bits()) + (data.says_bits() ? "" : " at 8 bits each") +
         ".</p>\n</section>\n";
  return out;
}

[[nodiscard]] inline std::string run_section(const ReportData& data) {
  const auto row = [](const std::string& name, const Json& value) {
    return table_row(
        {escape_xml(name), escape_xml(value.is_string() ? value.get<std::string>() : value.dump())},
        "td");
  };
  std::string out = "<section>\n<h2>How this run was made</h2>\n<table class=\"run\">\n<tbody>\n";
  out += row("autoprune", data.version) + row("command", data.command) +
         row("network", data.network) + row("data", data.data) + row("geometry", data.geometry) +
         (data.method.empty() ? "" : row("method", data.method)) +
         (data.row_groups.empty() ? "" : row("row groups", data.row_groups)) +
         row("granularity G", data.granularity) + row("seed", data.seed) +
         row("threads", data.threads);
  for (const auto& [name, value] : data.options.items()) out += row("option " + name, value);
  return out + "</tbody>\n</table>\n</section>\n";
}

}  // namespace detail

/// The whole page: style, pictures and figures in one text, without scripts and without anything to
/// load. Sections whose data the documents don't hold are left out; `mapping` may be null. Throws
/// bad_json, naming the key, when a document misses one that it must have.
[[nodiscard]] inline std::string report_html(const Json& report, const Json& mapping) {
  const ReportData data = read_report(report);
  std::string page = concat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
      escape_xml(data.network), " · autoprune report</title>\n<style>", detail::kPageStyle,
      "</style>\n</head>\n<body>\n<main>\n");
  page += detail::headline(data) + detail::warning(data) + detail::cards(data) +
          detail::layer_pictures(data);
  if (data.search)
    page += detail::search_pictures(*data.search) + detail::front_pictures(*data.search);
  if (!data.fine_tune.empty()) page += detail::fine_tune_pictures(data);
  if (!mapping.is_null()) page += detail::occupancy_section(mapping, data);
  page += detail::layer_table(data);
  page += detail::kGlossary;
  page += detail::run_section(data);
  return page + "</main>\n</body>\n</html>\n";
}

}  // namespace autoprune::io
