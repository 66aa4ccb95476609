#include "commands.hpp"

#include <array>
#include <autoprune/io/format.hpp>
#include <autoprune/io/mapping_json.hpp>
#include <autoprune/io/network_json.hpp>
#include <autoprune/io/network_summary.hpp>
#include <autoprune/io/report_text.hpp>
#include <autoprune/study/auto_prune.hpp>
#include <autoprune/study/result_files.hpp>
#include <iostream>
#include <map>

#include "components.hpp"
#include "job.hpp"

namespace autoprune::cli {

namespace {

void inspect(const Options& options) {
  const Job job(options, Weights::optional);
  const std::vector<PruneMask> masks = study::dense_masks(job.network, job.compressor);
  io::Json report = job.report(masks, job.compressor.map(masks));
  report["nodes"] = io::nodes_json(job.network);
  write_report(job, report, nullptr, io::network_table(job.network, job.compressor.count(masks)));
}

void map(const Options& options) {
  Job job(options, Weights::optional);
  const std::vector<PruneMask> masks = job.chosen_masks();
  const mapping::NetworkPlacement mapping = job.compressor.map(masks);
  const io::Json report = job.report(masks, mapping);
  write_report(job, report, io::mapping_to_json(job.network, job.compressor, mapping),
               io::report_table(report));
}

/// The report of the job's network, dense or pruned, with its accuracy on the test set.
io::Json evaluated(Job& job) {
  const study::Study study = job.study();
  const std::vector<PruneMask> masks = job.present_masks();
  const bool dense = study::all_kept(masks);
  const nn::Accuracy accuracy =
      study::test_accuracy(study, job.network, dense ? std::vector<PruneMask>{} : masks);
  io::Json report = job.report(masks, job.compressor.map(masks));
  report["accuracy"] = dense ? io::accuracy_json(study.test_images(), accuracy)
                             : io::accuracy_json(study.test_images(), {}, accuracy);
  return report;
}

std::string accuracy_line(const Job& job, const io::Json& report) {
  const io::Json& accuracy = report["accuracy"];
  const bool dense = accuracy.contains("dense");
  const io::Json& top = accuracy[dense ? "dense" : "pruned"];
  return concat(job.options.network, " on ", job.data->test.name, ": top-1 ",
                io::format_number(top["top1"].get<double>(), 2), " %, top-5 ",
                io::format_number(top["top5"].get<double>(), 2), " % (float, ",
                dense ? "dense, " : "pruned, ",
                io::format_count(job.study().test_images(), "test image"), ")\n");
}

void evaluate(const Options& options) {
  Job job(options, Weights::needed);
  const io::Json report = evaluated(job);
  write_report(job, report, nullptr, accuracy_line(job, report));
}

void train(const Options& options) {
  constexpr std::array kCheckpoints = {study::kTrainCheckpoint};
  Job job(options, Weights::random);
  if (!search::leads(options.team)) return study::help(job.study(), false);
  const search::Dismissal dismissal(options.team);
  study::refuse_checkpoints(options, kCheckpoints);
  study::check_training(job.study());
  study::Record record(job.network);
  study::ShowProgress progress(shown(options.quiet), "train");
  study::Observers watching(progress);
  study::train(job.study(), !job.random_weights, watching, record);
  progress.finish();
  job.network = std::move(record.network);
  io::save_network(job.as_given(job.network), job.file("trained.safetensors"),
                   study::normalisation_metadata(job.data->train));
  const auto& [epochs, course, seconds] = record.training;
  if (course.collapsed) warn(io::collapse_warning(course));
  io::Json report = evaluated(job);
  report["training"] = io::fine_tune_json(epochs, course);
  write_report(job, report, nullptr, accuracy_line(job, report));
  study::remove_checkpoints(options, kCheckpoints);
}

/// A search of anything but keep ratios leaves a network that is pruned already its masks.
void keep_masks(Job& job) {
  std::vector<PruneMask> masks = job.present_masks();
  if (study::all_kept(masks)) return;
  job.spec.plan.resize(masks.size());
  for (std::size_t k = 0; k < masks.size(); ++k) job.spec.plan[k].keep = masks[k].keep_ratio();
  job.compressor = job.compressor.holding(std::move(masks));
}

/// Without a policy, a network that is pruned already trains under its masks.
void hold_masks(const Job& job, study::Record& record) {
  record.masks = job.present_masks();
  const auto layers = static_cast<Index>(record.masks.size());
  if (study::all_kept(record.masks) && !search::coarse(job.accelerator, layers))
    fail(ErrorId::missing_value, "no --policy given, and nothing of network '", job.options.network,
         "' is pruned yet; `autoprune search` finds one");
  for (const PruneMask& mask : record.masks) record.policy.emplace_back(mask.keep_ratio());
  record.policy = methods::decided(std::move(record.policy), job.spec.plan);
}

/// For other programs, where this one knows ONNX.
struct OnnxFile {
  const Job& job;

  void on_trained(const study::Record& record) const {
    write_onnx(
        job.file("pruned.onnx"), job.as_given(record.network),
        study::pruning_metadata(record.network, record.policy, job.compressor, job.data->train),
        study::stored_bits(job.study(), record.policy));
  }
};

/// `search`, `fine-tune` and `prune`.
void run_stages(const Options& options, const study::Stages& stages) {
  Job job(options, Weights::needed);
  if (stages.search && !job.spec.search.space.keep)
    keep_masks(job);
  else if (stages.search && !options.masks.empty())
    fail(ErrorId::bad_syntax, "--masks stay, and keep ratios are searched; search something else, ",
         "e.g. --search weight-bits, or leave the masks out");
  const study::Study study = job.study();
  if (!search::leads(options.team)) return study::help(study, stages.search);
  const search::Dismissal dismissal(options.team);
  study::Record record(job.network);
  if (!stages.search && options.policy.empty())
    hold_masks(job, record);
  else if (!stages.search)
    record.policy = read_policy(job);
  study::ShowProgress progress(shown(options.quiet));
  study::ResultFiles files(options.out, job.description(), job.softmax());
  if (stages.search) files.require_front();
  OnnxFile onnx{job};
  study::Observers watching(progress, files, onnx);
  record = study::run_study(study, watching, std::move(record), stages);
  if (record.training.course.collapsed) warn(io::collapse_warning(record.training.course));
  hand_over(options, files.report(), io::report_table(files.report()));
}

void search(const Options& options) { run_stages(options, {.fine_tune = false}); }
void fine_tune(const Options& options) { run_stages(options, {.search = false}); }
void prune(const Options& options) { run_stages(options, {}); }

/// Whether the processes of mpirun share its work.
bool spreads(const std::string& command) {
  return command == "search" || command == "fine-tune" || command == "prune" ||
         command == "train" || command == "sweep" || command == "reproduce";
}

}  // namespace

void run_command(const Options& options) {
  static const std::map<std::string, void (*)(const Options&)> commands = {
      {"inspect", inspect},     {"map", map},
      {"evaluate", evaluate},   {"train", train},
      {"search", search},       {"fine-tune", fine_tune},
      {"prune", prune},         {"simulate", simulate},
      {"cost", cost},           {"sweep", sweep},
      {"reproduce", reproduce}, {"run", run}};
  if (options.team != nullptr && !spreads(options.command)) {
    if (!options.team->leads()) return;
    std::cerr << concat("note: ", options.command, " takes one of the ", options.team->members(),
                        " processes\n");
  }
  commands.at(options.command)(options);
}

}  // namespace autoprune::cli
