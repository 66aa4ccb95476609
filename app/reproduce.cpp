#include "commands.hpp"

#include <algorithm>
#include <autoprune/io/file.hpp>
#include <filesystem>

#include "output_directory.hpp"
#include "progress.hpp"
#include "reproduce_results.hpp"
#include "results.hpp"

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

Results measure(const Options& o) {
  Results results;
  Progress progress("reproduce", o.quiet);
  const std::vector<Subject> all = subjects(o, results.skipped);
  const Budget& budget = o.reproduce.budget;
  const std::vector<Method>& methods = o.reproduce.methods;
  double done = 0.0;
  const double cells = static_cast<double>(all.size() * (methods.size() + 1));
  const Show show = [&](const std::string& text) { progress.show(done / cells, text, true); };
  for (const Subject& subject : all) {
    show(subject.name() + "-dense");
    SubjectRows rows{subject, measure_dense(o, subject, budget), {}, {}};
    ++done;
    for (const Method& method : methods) {
      const bool only_ours = o.reproduce.part == "fig10" || o.reproduce.part == "fig12";
      if (!only_ours || method.option == "autoprune") {
        auto row =
            measure_row(o, subject, method, o.reproduce.granularity, budget, rows.dense, show);
        if (row)
          rows.rows.push_back(std::move(*row));
        else
          rows.out_of_reach.push_back(method.name);
      }
      ++done;
    }
    results.subjects.push_back(std::move(rows));
  }
  if (asked(o, "fig10")) {
    const SubjectRows& first = results.subjects.front();
    const auto lamp = std::find_if(all_methods().begin(), all_methods().end(),
                                   [](const Method& m) { return m.option == "lamp"; });
    for (const Index granularity : kGranularities)
      if (auto row = measure_row(o, first.subject, *lamp, granularity, budget, first.dense, show))
        results.granularities.push_back(std::move(*row));
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
