#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/report_text.hpp>

#include "reproduce_plan.hpp"
#include "reproduce_results.hpp"

namespace autoprune::cli {

namespace {

using Table = std::vector<std::vector<std::string>>;

std::string number(double value, int decimals = 2) { return io::format_number(value, decimals); }

std::string markdown(const Table& table) {
  std::string text;
  for (std::size_t i = 0; i < table.size(); ++i) {
    text += "| " + join(table[i], " | ") + " |\n";
    if (i > 0) continue;
    text += "|";
    for (std::size_t column = 0; column < table[i].size(); ++column)
      text += column < 1 ? "--|" : "--:|";
    text += "\n";
  }
  return text;
}

Table compression_table(const SubjectRows& s) {
  Table table = {{"method", "CR per layer", "CR pooled", "Acc1", "Acc5", "Acc1 drop", "Acc5 drop",
                  "energy eff.", "area eff.", "slides' CR", "difference", "slides' Acc5 drop"}};
  const auto dense = [&](const char* figure) { return s.dense[figure].get<double>(); };
  table.push_back({"Naive", "1.00", "1.00", number(dense("top1")), number(dense("top5")), "", "",
                   "1.00", "1.00", "1.00", "", ""});
  for (const Row& row : s.rows) {
    const auto slides = slides_row(s.subject.network, s.subject.data, row.method.option);
    table.push_back({row.method.name + (row.allowed ? "" : " (beyond the loss allowed)"),
                     number(row["compression_per_layer"]), number(row["compression_pooled"]),
                     number(row["top1"]), number(row["top5"]), number(row.drop1), number(row.drop5),
                     number(row["energy_efficiency_gain"]), number(row["area_efficiency_gain"]),
                     slides ? number(slides->compression, 1) : "–",
                     slides ? number(row.compression() - slides->compression) : "–",
                     slides ? number(slides->drop_top5) : "–"});
  }
  return table;
}

Table index_table(const std::vector<SubjectRows>& subjects) {
  Table table = {{"network", "CR per layer", "index KiB", "% of kept weights"}};
  for (const SubjectRows& s : subjects)
    for (const Row& row : s.rows)
      if (row.method.option == "autoprune")
        table.push_back({s.subject.name(), number(row["compression_per_layer"]),
                         number(row["index_kib"]), number(row["index_percent_of_weights"])});
  return table;
}

Table granularity_table(const std::vector<Row>& rows) {
  Table table = {{"G", "CR per layer", "CR pooled", "Acc1 drop", "Acc5 drop", "energy eff.",
                  "area eff.", "index % of kept weights"}};
  for (const Row& row : rows)
    table.push_back({concat(row.granularity), number(row["compression_per_layer"]),
                     number(row["compression_pooled"]), number(row.drop1), number(row.drop5),
                     number(row["energy_efficiency_gain"]), number(row["area_efficiency_gain"]),
                     number(row["index_percent_of_weights"])});
  return table;
}

/// Our rows over the rivals', all at the loss that was allowed.
Table ratio_table(const SubjectRows& s) {
  Table table = {{"", "over", "CR", "slides", "energy eff.", "slides", "area eff.", "slides"}};
  const auto row_of = [&](const std::string& option) {
    return std::find_if(s.rows.begin(), s.rows.end(),
                        [&](const Row& row) { return row.method.option == option; });
  };
  for (const study::Contender& own : study::contenders()) {
    if (!own.ours || !own.searches) continue;
    for (const SlidesRatios& slides : slides_ratios()) {
      const auto ours = row_of(own.option), rival = row_of(slides.rival);
      if (ours == s.rows.end() || rival == s.rows.end()) continue;
      const auto ratio = [&](const char* figure) {
        return number((*ours)[figure] / (*rival)[figure]);
      };
      table.push_back({ours->method.name, rival->method.name,
                       number(ours->compression() / rival->compression()),
                       number(slides.compression, 1), ratio("energy_efficiency_gain"),
                       number(slides.energy, 1), ratio("area_efficiency_gain"),
                       number(slides.area, 1)});
    }
  }
  return table;
}

/// Which of the measured compressions stands in a row.
std::string choice(const ReproduceOptions& o) {
  if (o.compression) return concat(", at a compression of ", *o.compression);
  return concat(", the highest compression tried at a loss of at most ", number(o.drop),
                " points of Acc1");
}

/// Calls section(title, table) for everything that was asked for.
template <class Section>
void sections(const Options& o, const Results& results, const Section& section) {
  for (const SubjectRows& s : results.subjects) {
    if (!asked(o, "table") && !asked(o, "energy") && !asked(o, "area")) break;
    section(concat(s.subject.name(), choice(o.reproduce)), compression_table(s));
    const Table ratios = ratio_table(s);
    if (ratios.size() > 1) section(concat(s.subject.network, ", times better than"), ratios);
  }
  if (asked(o, "fig10") && !results.granularities.empty())
    section(concat("Fig. 10: ", results.subjects.front().subject.name(), " over the granularity"),
            granularity_table(results.granularities));
  if (asked(o, "fig12"))
    section(concat("Fig. 12: index overhead at G = ", o.reproduce.granularity),
            index_table(results.subjects));
}

io::Json row_json(const Subject& subject, const Row& row) {
  io::Json json = {{"network", subject.network},       {"data", subject.data},
                   {"method", row.method.option},      {"granularity", row.granularity},
                   {"target_compression", row.target}, {"drop_top1", row.drop1},
                   {"drop_top5", row.drop5},           {"allowed", row.allowed}};
  json.update(row.figures);
  if (const auto slides = slides_row(subject.network, subject.data, row.method.option)) {
    json["slides"] = {{"compression", slides->compression},
                      {"top5", slides->top5},
                      {"drop_top5", slides->drop_top5}};
    json["compression_difference"] = row.compression() - slides->compression;
  }
  return json;
}

}  // namespace

std::string results_text(const Options& o, const Results& results) {
  std::string text;
  sections(o, results, [&](const std::string& title, const Table& table) {
    text += title + "\n\n" + join(io::align_columns(table), "\n") + "\n\n";
  });
  for (const SubjectRows& s : results.subjects)
    for (const std::string& method : s.out_of_reach)
      text += concat(s.subject.name(), ": ", method, " reaches no compression of ",
                     o.reproduce.compression.value_or(study::compression_ladder().front()),
                     " or more\n");
  for (const std::string& why : results.skipped) text += "skipped " + why + "\n";
  return text;
}

std::string results_markdown(const Options& o, const Results& results) {
  std::string text;
  sections(o, results, [&](const std::string& title, const Table& table) {
    text += "## " + title + "\n\n" + markdown(table) + "\n";
  });
  return text;
}

io::Json results_json(const Options& o, const Results& results) {
  io::Json json = {{"schema", "autoprune.reproduce/1"},
                   {"autoprune_version", AUTOPRUNE_VERSION},
                   {"part", o.reproduce.part},
                   {"budget", o.reproduce.budget.name},
                   {"allowed_drop_top1", o.reproduce.drop},
                   {"granularity", o.reproduce.granularity},
                   {"rows", io::Json::array()},
                   {"fig10", io::Json::array()},
                   {"skipped", results.skipped}};
  for (const SubjectRows& s : results.subjects) {
    io::Json dense = {
        {"network", s.subject.network}, {"data", s.subject.data}, {"method", "naive"}};
    dense.update(s.dense);
    json["rows"].push_back(dense);
    for (const Row& row : s.rows) json["rows"].push_back(row_json(s.subject, row));
  }
  for (const Row& row : results.granularities)
    json["fig10"].push_back(row_json(results.subjects.front().subject, row));
  return json;
}

}  // namespace autoprune::cli
