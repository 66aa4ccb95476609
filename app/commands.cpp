#include "commands.hpp"

#include <array>
#include <autoprune/io/cost_json.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/front_report.hpp>
#include <autoprune/io/json_file.hpp>
#include <autoprune/io/mapping_json.hpp>
#include <autoprune/io/masks_file.hpp>
#include <autoprune/io/network_json.hpp>
#include <autoprune/io/network_summary.hpp>
#include <autoprune/io/policy_json.hpp>
#include <autoprune/io/report_text.hpp>
#include <autoprune/study/search.hpp>
#include <autoprune/study/training.hpp>
#include <iostream>
#include <map>

#include "job.hpp"
#include "onnx.hpp"
#include "progress.hpp"

namespace autoprune::cli {

namespace {

void inspect(const Options& options) {
  const Job job(options, Weights::optional);
  const std::vector<PruneMask> masks = study::dense_masks(job.network, job.compressor);
  io::Json report = job.report(job.network, masks, job.compressor.map(masks));
  report["nodes"] = io::nodes_json(job.network);
  write_report(job, report, nullptr, io::network_table(job.network, job.compressor.count(masks)));
}

void map(const Options& options) {
  Job job(options, Weights::optional);
  const std::vector<PruneMask> masks = job.chosen_masks();
  const mapping::NetworkPlacement mapping = job.compressor.map(masks);
  const io::Json report = job.report(job.network, masks, mapping);
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
  io::Json report = job.report(job.network, masks, job.compressor.map(masks));
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

/// The report's "fine_tune" or "training"; warns of a network that has been ruined.
io::Json training_json(const study::Trained& trained) {
  if (trained.course.collapsed) warn(io::collapse_warning(trained.course));
  return io::fine_tune_json(trained.epochs, trained.course);
}

void train(const Options& options) {
  constexpr std::array kCheckpoints = {study::kTrainCheckpoint};
  Job job(options, Weights::random);
  if (!search::leads(options.team)) return study::help(job.study(), false);
  const search::Dismissal dismissal(options.team);
  study::refuse_checkpoints(options, kCheckpoints);
  study::check_training(job.study());
  study::Record record(job.network);
  Watching watching(options.quiet, "train");
  study::train(job.study(), !job.random_weights, watching, record);
  watching.finish();
  job.network = std::move(record.network);
  io::save_network(job.as_given(job.network), job.file("trained.safetensors"),
                   study::normalisation_metadata(job.data->train));
  const io::Json training = training_json(record.training);
  io::Json report = evaluated(job);
  report["training"] = training;
  write_report(job, report, nullptr, accuracy_line(job, report));
  study::remove_checkpoints(options, kCheckpoints);
}

/// Policies and pictures of the front that a search has found, in place of an earlier one's.
void write_front(const Job& job, const search::History& found, const io::SearchFigures& figures) {
  namespace fs = std::filesystem;
  for (const fs::path& old : fs::directory_iterator(job.file("front/crossbars.svg").parent_path()))
    if (old.extension() == ".json" && parse_number<Index>(old.stem().string())) fs::remove(old);
  for (const Index i : found.front) {
    const search::Policy& policy = found.episodes[static_cast<std::size_t>(i)].outcome.policy;
    io::write_json(job.file(concat("front/", i, ".json")),
                   io::policy_to_json(job.network, methods::decided(policy, job.spec.plan)));
  }
  using enum io::FrontAxis;
  io::write_file(job.file("front/crossbars.svg"), io::front_picture(figures, crossbars));
  io::write_file(job.file("front/energy.svg"), io::front_picture(figures, energy));
}

/// Before a search: throws cannot_write where the directory of its front can't be made.
void require_front(const Options& options) {
  const std::filesystem::path front = options.out / "front";
  if (std::filesystem::exists(front) && !std::filesystem::is_directory(front))
    fail(ErrorId::cannot_write, "'", front.string(), "' is a file, where the policies of the ",
         "search's front go; move it, or take another --out");
}

/// Measures a record and reports it: crossbars, accuracies on the test set, cost, and its stages.
void report_pruned(Job& job, study::Record& record) {
  const bool trained = !record.training.epochs.empty();
  const io::Json training = trained ? training_json(record.training) : io::Json();
  study::measure(job.study(), record);
  io::Json report =
      job.report(record.network, record.masks, record.placement,
                 {record.search_seconds, record.training.seconds, 0.0}, record.policy);
  const auto integers = [&](const nn::Accuracy& pruned, const char* kind) {
    return io::accuracy_json(record.simulated_images, record.dense, pruned,
                             concat(kind, record.dense ? " (dense: float)" : ""));
  };
  report["accuracy"] = record.on_crossbar ? integers(*record.on_crossbar, "on-crossbar")
                       : record.quantised
                           ? integers(*record.quantised, "quantised")
                           : io::accuracy_json(record.images, record.dense, record.pruned);
  report["cost"] = io::cost_summary_json(job.accelerator.name, record.dense_cost, record.cost);
  if (!record.search.episodes.empty()) {
    report["search"] = io::search_json(record.search, record.objective);
    write_front(job, record.search, *io::read_report(report).search);
  }
  if (trained) report["fine_tune"] = training;
  write_report(
      job, report,
      io::mapping_to_json(record.network, job.compressor.with(record.policy), record.placement),
      io::report_table(report));
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

/// The stages of `search`, `fine-tune` and `prune`.
void prune_in_stages(const Options& options, bool searches, bool trains) {
  Job job(options, Weights::needed);
  if (searches && !job.spec.search.space.keep)
    keep_masks(job);
  else if (searches && !options.masks.empty())
    fail(ErrorId::bad_syntax, "--masks stay, and keep ratios are searched; search something else, ",
         "e.g. --search weight-bits, or leave the masks out");
  const study::Study study = job.study();
  if (!search::leads(options.team)) return study::help(study, searches);
  const search::Dismissal dismissal(options.team);
  std::vector<const char*> checkpoints;
  if (searches) checkpoints.push_back(study::kSearchCheckpoint);
  if (trains) checkpoints.push_back(study::kFineTuneCheckpoint);
  study::refuse_checkpoints(options, checkpoints);
  if (trains) study::check_training(study);
  study::Record record(job.network);
  Watching watching(options.quiet);
  watching.begin(study);
  if (searches) {
    require_front(options);
    study::find_policy(study, watching, record);
  } else if (options.policy.empty()) {
    hold_masks(job, record);
  } else {
    record.policy = read_policy(job);
  }
  record.policy = job.remembered(std::move(record.policy));
  io::write_json(job.file("policy.json"), io::policy_to_json(job.network, record.policy));
  if (trains) {
    study::fine_tune(study, watching, record);
    const io::Metadata about =
        study::pruning_metadata(record.network, record.policy, job.compressor, job.data->train);
    const nn::Network whole = job.as_given(record.network);
    io::save_network(whole, job.file(kPrunedFile), about);
    io::write_masks(job.file(kMasksFile), whole, record.masks, about);
    write_onnx(job.file(kOnnxFile), whole, about, study::stored_bits(study, record.policy));
  } else {
    study::prune_untrained(study, record);
  }
  watching.finish();
  report_pruned(job, record);
  study::remove_checkpoints(options, checkpoints);
}

void search(const Options& options) { prune_in_stages(options, true, false); }
void fine_tune(const Options& options) { prune_in_stages(options, false, true); }
void prune(const Options& options) { prune_in_stages(options, true, true); }

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
