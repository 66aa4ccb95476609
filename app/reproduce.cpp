#include "commands.hpp"

#include <algorithm>
#include <autoprune/cost/ou_presets.hpp>
#include <autoprune/io/dataset.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/weights.hpp>
#include <autoprune/nn/zoo.hpp>
#include <filesystem>

#include "output_directory.hpp"
#include "progress.hpp"
#include "reproduce_plan.hpp"
#include "reproduce_results.hpp"
#include "results.hpp"
#include "watching.hpp"

namespace autoprune::cli {

namespace fs = std::filesystem;

namespace {

/// The granularities of the slides' Fig. 10.
constexpr Index kGranularities[] = {4, 8, 16, 32, 64, 128};

/// Trained networks whose weights and data are at hand.
std::vector<Subject> subjects(const Options& o, std::vector<std::string>& skipped) {
  std::vector<Subject> found;
  std::error_code ignored;
  for (const std::string& network : o.reproduce.networks) {
    bool any = false;
    for (const char* data : {"cifar10", "mnist"}) {
      const fs::path weights =
          fs::path(o.reproduce.weights) / (network + "-" + data + ".safetensors");
      const fs::path folder = fs::path(o.reproduce.data) / data;
      if (!fs::exists(weights, ignored)) continue;
      any = true;
      if (fs::exists(folder, ignored))
        found.push_back({network, data, weights.string(), folder.string()});
      else
        skipped.push_back(concat(network, ": no data in '", folder.string(), '\''));
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

/// A subject in the comparison, with all that it refers to.
struct Compared {
  Compared(const Options& o, Subject of, ThreadPool& pool, const study::ShowCompared& show)
      : rows{std::move(of), {}, {}, {}},
        images(io::read_dataset(rows.subject.data + ":" + rows.subject.folder)),
        network(nn::make_network(rows.subject.network, images.train.shape())),
        watching(o.quiet || !o.reproduce.budget.climbs),  // cells of a small budget take seconds
        comparison(rows.subject.name(), loaded(), images, accelerator, spec(o), pool, watching,
                   show) {}
  Compared(const Compared&) = delete;
  Compared& operator=(const Compared&) = delete;

  [[nodiscard]] std::optional<Row> best(const study::Contender& method, Index granularity) {
    const auto slides = slides_row(rows.subject.network, rows.subject.data, method.option);
    return comparison.best(method, granularity, slides ? slides->compression : 4.0);
  }

  SubjectRows rows;
  io::Datasets images;
  nn::Network network;
  hardware::Accelerator accelerator = cost::ou_preset("paper");
  Watching watching;
  study::Comparison comparison;

 private:
  const nn::Network& loaded() {
    io::load_weights(network, rows.subject.weights);
    return network;
  }
  [[nodiscard]] study::CompareSpec spec(const Options& o) const {
    study::CompareSpec spec{.budget = o.reproduce.budget,
                            .counting = rows.subject.counting(),
                            .allowed_drop = o.reproduce.drop,
                            .compression = o.reproduce.compression,
                            .granularity = o.reproduce.granularity,
                            .learning_rate = {},
                            .seed = o.seed,
                            .out = o.out};
    // The usual steps are for networks with batch-norm, and diverge without.
    if (rows.subject.network == "lenet5") spec.learning_rate = 0.005;
    return spec;
  }
};

Results measure(const Options& o) {
  Results results;
  Progress progress("reproduce", o.quiet);
  ThreadPool pool(o.threads);
  const std::vector<Subject> all = subjects(o, results.skipped);
  const std::vector<study::Contender> methods = o.reproduce.contenders();
  double done = 0.0;
  const double cells = static_cast<double>(all.size() * (methods.size() + 1));
  const auto show = [&](const std::string& text) { progress.show(done / cells, text, true); };
  for (const Subject& subject : all) {
    Compared compared(o, subject, pool, show);
    SubjectRows& rows = compared.rows;
    rows.dense = compared.comparison.dense();
    ++done;
    for (const study::Contender& method : methods) {
      const bool only_ours = o.reproduce.part == "fig10" || o.reproduce.part == "fig12";
      if (!only_ours || method.option == "autoprune") {
        auto row = compared.best(method, o.reproduce.granularity);
        if (row)
          rows.rows.push_back(std::move(*row));
        else
          rows.out_of_reach.push_back(method.name);
      }
      ++done;
    }
    if (asked(o, "fig10") && results.subjects.empty()) {
      const auto lamp = std::find_if(study::contenders().begin(), study::contenders().end(),
                                     [](const study::Contender& m) { return m.option == "lamp"; });
      for (const Index granularity : kGranularities)
        if (auto row = compared.best(*lamp, granularity))
          results.granularities.push_back(std::move(*row));
    }
    results.subjects.push_back(std::move(rows));
  }
  return results;
}

}  // namespace

void reproduce(const Options& options) {
  const OutputDirectory out(options.out);
  prove_json_writable(options);
  const Results results = measure(options);
  const io::Json document = results_json(options, results);
  io::write_file(out.file("reproduce.json"), io::json_text(document, 1) + "\n");
  io::write_file(out.file("reproduce.md"), results_markdown(options, results));
  write_pictures(options, out, results);
  hand_over(options, document, results_text(options, results));
}

}  // namespace autoprune::cli
