#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/cost/ou_presets.hpp>
#include <autoprune/io/dataset.hpp>
#include <autoprune/io/json_file.hpp>
#include <autoprune/io/weights.hpp>
#include <autoprune/nn/zoo.hpp>
#include <autoprune/study/comparison_report.hpp>
#include <autoprune/study/shared_cells.hpp>

#include "commands.hpp"
#include "progress.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace fs = std::filesystem;

namespace {

using study::ComparedNetwork, study::ComparedRow;

/// The granularities of the slides' Fig. 10.
constexpr Index kGranularities[] = {4, 8, 16, 32, 64, 128};

struct Results {
  std::vector<ComparedNetwork> networks;
  std::vector<ComparedRow> granularities;  ///< of fig10
  std::vector<std::string> skipped;        ///< networks without weights or data
};

/// Whether a part of the paper was asked for.
bool asked(const Options& o, const std::string& part) {
  return o.reproduce.part == part || o.reproduce.part == "all";
}

/// A trained network and its data set.
struct Subject {
  std::string network, data;
  fs::path weights, folder;

  [[nodiscard]] std::string name() const { return network + "-" + data; }
  /// Small networks are compared in pooled crossbars: per layer Plain20 can't pass 2.95, so that
  /// the slides' 10.3 must be pooled, and LeNet-5 can't pass 1.5.
  [[nodiscard]] search::Counting counting() const {
    const bool small = network == "plain20" || network == "lenet5";
    return small ? search::Counting::pooled : search::Counting::per_layer;
  }
};

/// Trained networks whose weights and data are at hand.
std::vector<Subject> subjects(const Options& o, std::vector<std::string>& skipped) {
  std::vector<Subject> found;
  std::error_code ignored;
  for (const std::string& network : o.reproduce.networks) {
    bool any = false;
    for (const char* data : {"cifar10", "mnist"}) {
      const Subject subject{
          network, data, fs::path(o.reproduce.weights) / concat(network, '-', data, ".safetensors"),
          fs::path(o.reproduce.data) / data};
      if (!fs::exists(subject.weights, ignored)) continue;
      any = true;
      if (fs::exists(subject.folder, ignored))
        found.push_back(subject);
      else
        skipped.push_back(concat(network, ": no data in '", subject.folder.string(), '\''));
    }
    if (!any)
      skipped.push_back(concat(network, ": no weights '", o.reproduce.weights, '/', network,
                               "-cifar10.safetensors' or '-mnist.safetensors'"));
  }
  if (found.empty())
    fail(ErrorId::cannot_open, "nothing to reproduce: ", join(skipped, "; "),
         "; --weights and --data name the directories");
  return found;
}

/// Calls body(comparison, best) of a subject; best(method, granularity) is a contender's row.
template <class Body>
void compare(const Options& o, const Subject& subject, ThreadPool& pool,
             const study::ShowCompared& show, const Body& body) {
  const io::Datasets images = io::read_dataset(subject.data + ":" + subject.folder.string());
  nn::Network network = nn::make_network(subject.network, images.train.shape());
  io::load_weights(network, subject.weights.string());
  study::CompareSpec spec{.budget = o.reproduce.budget,
                          .counting = subject.counting(),
                          .allowed_drop = o.reproduce.drop,
                          .compression = o.reproduce.compression,
                          .granularity = o.reproduce.granularity,
                          .learning_rate = {},
                          .seed = o.seed,
                          .out = o.out,
                          .backend = o.backend};
  // The usual steps are for networks with batch-norm, and diverge without.
  if (subject.network == "lenet5") spec.learning_rate = 0.005;
  const hardware::Accelerator accelerator = cost::ou_preset("paper");
  Watching watching(o.quiet || !o.reproduce.budget.climbs);  // cells of a small budget take seconds
  study::Comparison comparison(subject.name(), network, images, accelerator, spec, pool, watching,
                               show);
  body(comparison, [&](const study::Contender& method, Index granularity) {
    const auto slides = study::published_row(subject.network, subject.data, method.option);
    return comparison.best(method, granularity, slides ? slides->compression : 4.0);
  });
}

/// Whether a contender is among the rows.
bool has_row(const Options& o, const study::Contender& method) {
  const bool only_ours = o.reproduce.part == "fig10" || o.reproduce.part == "fig12";
  return !only_ours || method.option == "autoprune";
}

/// Compares all methods on a subject, and granularities where no other subject has; `show` is told
/// of every cell, `done` of every method.
void measure(const Options& o, const Subject& subject, ThreadPool& pool,
             const study::ShowCompared& show, double& done, Results& results) {
  ComparedNetwork found{subject.network, subject.data, {}, {}, {}};
  compare(o, subject, pool, show, [&](auto& comparison, const auto& best) {
    found.dense = comparison.dense();
    ++done;
    for (const study::Contender& method : o.reproduce.contenders()) {
      if (has_row(o, method)) {
        if (auto row = best(method, o.reproduce.granularity))
          found.rows.push_back(std::move(*row));
        else
          found.out_of_reach.push_back(method.name);
      }
      ++done;
    }
    if (asked(o, "fig10") && results.networks.empty())
      for (const study::Contender& method : study::contenders())
        for (const Index granularity : kGranularities)
          if (method.option == "lamp")
            if (auto row = best(method, granularity))
              results.granularities.push_back(std::move(*row));
  });
  results.networks.push_back(std::move(found));
}

/// A contender on a subject: what one of several processes measures at a time.
struct Row {
  std::size_t subject;
  study::Contender method;
  Index granularity;
};

/// Every row once: no two processes write the same cells.
std::vector<Row> rows_of(const Options& o, std::size_t subjects) {
  std::vector<Row> rows;
  const std::vector<study::Contender> chosen = o.reproduce.contenders();
  const auto is_lamp = [](const study::Contender& one) { return one.option == "lamp"; };
  for (std::size_t subject = 0; subject < subjects; ++subject) {
    for (const study::Contender& method : chosen)
      if (has_row(o, method)) rows.push_back({subject, method, o.reproduce.granularity});
    if (!asked(o, "fig10") || subject > 0) continue;
    const study::Contender lamp = *std::ranges::find_if(study::contenders(), is_lamp);
    const bool there = std::ranges::any_of(chosen, is_lamp) && has_row(o, lamp);
    for (const Index granularity : kGranularities)
      if (!there || granularity != o.reproduce.granularity)
        rows.push_back({subject, lamp, granularity});
  }
  return rows;
}

/// Measures the cells of all rows into --out, a row a process, so that measure() finds them there.
void measure_together(const Options& o, const std::vector<Subject>& all, ThreadPool& pool) {
  const std::vector<Row> rows = rows_of(o, all.size());
  Options quiet = o;
  quiet.quiet = true;
  const auto measure_row = [&](const study::CellTask& task) {
    const Row& row = rows.at(static_cast<std::size_t>(task.cell));
    compare(quiet, all.at(row.subject), pool, {},
            [&](auto&, const auto& best) { (void)best(row.method, row.granularity); });
    return io::Json();
  };
  if (!o.team->leads()) {
    study::help_cells(*o.team, measure_row);
    return;
  }
  const search::Dismissal dismissal(o.team);
  Progress progress("reproduce", o.quiet);
  // First, as every row is held against it.
  for (const Subject& subject : all)
    compare(quiet, subject, pool, {},
            [](auto& comparison, const auto&) { (void)comparison.dense(); });
  std::vector<study::CellTask> tasks;
  for (Index i = 0; i < std::ssize(rows); ++i) tasks.push_back({i, 0});
  double done = 0.0;
  study::share_cells(
      o.team, tasks, measure_row, [&](std::size_t i, const study::CellAnswer& answer) {
        (void)answer.get();
        const Row& row = rows[i];
        progress.show(
            ++done / static_cast<double>(rows.size()),
            concat(all[row.subject].name(), ", ", row.method.name, ", G = ", row.granularity),
            true);
      });
}

Results measure(const Options& o) {
  Results results;
  ThreadPool pool(o.threads);
  const std::vector<Subject> all = subjects(o, results.skipped);
  if (o.team != nullptr) measure_together(o, all, pool);
  if (!search::leads(o.team)) return {};
  Progress progress("reproduce", o.quiet);
  const auto cells = static_cast<double>(all.size() * (o.reproduce.contenders().size() + 1));
  double done = 0.0;
  for (const Subject& subject : all)
    measure(
        o, subject, pool, [&](const std::string& text) { progress.show(done / cells, text, true); },
        done, results);
  return results;
}

/// Calls section(title, table) for everything that was asked for.
template <class Section>
void sections(const Options& o, const Results& results, const Section& section) {
  const std::string choice =
      o.reproduce.compression ? concat(", at a compression of ", *o.reproduce.compression)
                              : concat(", the highest compression tried at a loss of at most ",
                                       io::format_number(o.reproduce.drop, 2), " points of Acc1");
  if (asked(o, "table") || asked(o, "energy") || asked(o, "area"))
    for (const ComparedNetwork& of : results.networks) {
      section(of.name() + choice, study::compression_table(of));
      const io::Table ratios = study::ratio_table(of);
      if (ratios.size() > 1) section(of.network + ", times better than", ratios);
    }
  if (!results.granularities.empty())
    section(concat("Fig. 10: ", results.networks.front().name(), " over the granularity"),
            study::granularity_table(results.granularities));
  if (asked(o, "fig12"))
    section(concat("Fig. 12: index overhead at G = ", o.reproduce.granularity),
            study::index_table(results.networks));
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
  for (const ComparedNetwork& of : results.networks)
    for (const io::Json& row : study::rows_json(of)) json["rows"].push_back(row);
  for (const ComparedRow& row : results.granularities)
    json["fig10"].push_back(study::row_json(results.networks.front(), row));
  return json;
}

void write_pictures(const Options& o, const OutputDirectory& out, const Results& results) {
  const auto bars = [&](const char* part, const char* file, const char* title,
                        const std::function<double(const ComparedRow&)>& figure) {
    if (asked(o, part))
      io::write_file(
          out.file(file),
          study::method_picture(results.networks, o.reproduce.contenders(), title, figure));
  };
  bars("table", "compression.svg", "crossbar compression",
       [](const ComparedRow& row) { return row.compression(); });
  bars("energy", "energy.svg", "energy efficiency over the dense network",
       [](const ComparedRow& row) { return row["energy_efficiency_gain"]; });
  bars("area", "area.svg", "area efficiency over the dense network",
       [](const ComparedRow& row) { return row["area_efficiency_gain"]; });
  if (!results.granularities.empty())
    io::write_file(out.file("fig10.svg"), study::granularity_picture(results.granularities));
  if (asked(o, "fig12"))
    io::write_file(out.file("fig12.svg"), study::index_picture(results.networks));
}

}  // namespace

void reproduce(const Options& options) {
  if (!search::leads(options.team)) {
    (void)measure(options);
    return;
  }
  const OutputDirectory out(options.out);
  prove_json_writable(options);
  const Results results = measure(options);
  const io::Json document = results_json(options, results);
  std::string text, markdown;
  sections(options, results, [&](const std::string& title, const io::Table& table) {
    text += title + "\n\n" + io::text_table(table) + "\n";
    markdown += "## " + title + "\n\n" + io::markdown_table(table) + "\n";
  });
  const double least = options.reproduce.compression.value_or(study::compression_ladder().front());
  for (const ComparedNetwork& of : results.networks)
    for (const std::string& method : of.out_of_reach)
      text += concat(of.name(), ": ", method, " has found nothing of a compression of ", least,
                     " or more\n");
  for (const std::string& why : results.skipped) text += "skipped " + why + "\n";
  io::write_json(out.file("reproduce.json"), document);
  io::write_file(out.file("reproduce.md"), markdown);
  write_pictures(options, out, results);
  hand_over(options, document, text);
}

}  // namespace autoprune::cli
