#include <algorithm>
#include <autoprune/io/file.hpp>
#include <autoprune/io/json_file.hpp>
#include <autoprune/study/reproduce_report.hpp>

#include "commands.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

study::ReproduceSpec spec_of(const Options& o) {
  study::ReproduceSpec spec = o.reproduce;
  spec.seed = o.seed;
  spec.out = o.out;
  spec.backend = o.backend;
  spec.team = o.team;
  std::erase_if(spec.methods, [&](const study::Contender& one) {
    return std::ranges::none_of(o.contenders, [&](const std::string& method) {
      return method == "all" || method == one.option;
    });
  });
  return spec;
}

study::Reproduced measure(const Options& o, const study::ReproduceSpec& spec) {
  ThreadPool pool(o.threads);
  const bool leads = search::leads(o.team);
  // Cells of a small budget take seconds.
  study::ShowProgress progress(shown(o.quiet || !leads || !spec.budget.climbs));
  study::Observers watching(progress);
  study::ProgressLine line(shown(o.quiet || !leads), "reproduce");
  return study::reproduce(spec, pool, watching, [&](double share, const std::string& what) {
    line.show(share, what, true);
  });
}

}  // namespace

void reproduce(const Options& options) {
  const study::ReproduceSpec spec = spec_of(options);
  if (!search::leads(options.team)) {
    (void)measure(options, spec);
    return;
  }
  const io::OutputDirectory out(options.out);
  prove_json_writable(options);
  const study::Reproduced results = measure(options, spec);
  std::string text, markdown;
  for (const auto& [title, table] : study::reproduced_tables(spec, results)) {
    text += title + "\n\n" + io::text_table(table) + "\n";
    markdown += "## " + title + "\n\n" + io::markdown_table(table) + "\n";
  }
  const std::string gaps = study::reproduced_gaps(spec, results);
  const io::Json document = study::reproduced_json(spec, results);
  io::write_json(out.file("reproduce.json"), document);
  io::write_file(out.file("reproduce.md"), markdown + gaps);
  for (const auto& [file, picture] : study::reproduced_pictures(spec, results))
    io::write_file(out.file(file), picture);
  hand_over(options, document, text + gaps);
}

}  // namespace autoprune::cli
