#include <autoprune/core/version.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/study/sweep_report.hpp>

#include "commands.hpp"
#include "job.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

study::SweepResult measure(Job& job) {
  const Options& o = job.options;
  study::StudySpec spec = o;
  spec.method = job.compressor.name();
  spec.options.rows = job.compressor.rows();
  study::SweepSpec over{o.sweep.geometries(), o.sweep.granularities, o.sweep.compressions,
                        o.heuristic, o.sweep.epochs};
  if (!job.compressor.row_groups()) over.granularities = {1};
  const study::AcceleratorFor accelerator = [&](const Geometry<>& geometry) {
    Options on = o;
    on.geometry = geometry;
    return accelerator_of(on);
  };
  const study::Sweep sweep{
      job.network, job.data ? &*job.data : nullptr, accelerator, job.constraints, spec, over,
      job.pool};
  if (!search::leads(o.team)) {
    study::help_sweep(sweep);
    return {};
  }
  study::ProgressLine progress(shown(o.quiet), "sweep");
  return study::run_sweep(
      sweep, [&](double share, const std::string& cell) { progress.show(share, cell, true); });
}

}  // namespace

void sweep(const Options& options) {
  Job job(options, Weights::needed);
  const study::SweepResult result = measure(job);
  if (!search::leads(options.team)) return;
  for (const auto& [name, content] :
       study::sweep_files(result, options.constraints.max_accuracy_drop.value_or(1.0)))
    io::write_file(job.file(name), content);
  const io::Json document = {{"schema", "autoprune.sweep/1"},
                             {"autoprune_version", AUTOPRUNE_VERSION},
                             {"command", "sweep"},
                             {"network", options.network},
                             {"options", job.options.all},
                             {"cells", study::cells_json(result)},
                             {"skipped", result.skipped},
                             {"measured", result.measured}};
  write_result(job, "sweep.json", document,
               concat(options.network, ", ", io::format_count(std::ssize(result.cells), "cell"),
                      ", ", result.measured, " measured now\n\n", study::sweep_table(result)));
}

}  // namespace autoprune::cli
