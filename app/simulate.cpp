#include <autoprune/io/file.hpp>
#include <autoprune/study/simulation_report.hpp>

#include "commands.hpp"
#include "job.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

std::string hardware_lines(const Job& job, bool pruned) {
  const hardware::Accelerator& a = job.accelerator;
  return concat(job.options.network, " on ", job.data->test.name, ", ", pruned ? "pruned" : "dense",
                ", ", job.compressor.geometry().to_string(), ", ", io::method_text(job.compressor),
                "\nADC ", a.adc.kind,
                a.adc.kind == hardware::Ideal::kName ? "" : concat(", ", a.adc.bits, " bits"),
                "; inputs of ", a.inputs.bits, " bits, ", a.inputs.dac_bits,
                " at a time; weights of ", a.weights.weight_bits, " bits and a sign",
                a.layers.empty() ? "" : "; layers as their plan says", "\n\n");
}

}  // namespace

void simulate(const Options& options) {
  Job job(options, Weights::needed);
  const std::vector<PruneMask> masks = job.present_masks();
  const bool pruned = !study::all_kept(masks);
  std::vector<double> variations = options.variations;
  if (variations.size() < 2) variations.clear();  // one is the accelerator's
  std::optional<study::ProgressLine> progress(std::in_place, shown(options.quiet), "simulate");
  const study::Simulation found =
      study::simulate(job.study(), job.network, masks, variations,
                      [&](double done, const std::string& text, bool milestone) {
                        progress->show(done, text, milestone);
                      });
  progress.reset();
  io::Json report = job.report(masks, job.compressor.map(masks));
  study::add_simulation(report, job.network, found, pruned);
  if (!found.sweep.empty() && !options.out.empty())
    io::write_file(job.file("sweep.svg"), study::variation_picture(found));
  write_report(job, report, nullptr,
               hardware_lines(job, pruned) + study::simulated_accuracy_table(found) + "\n" +
                   study::activity_table(job.network, found));
}

}  // namespace autoprune::cli
