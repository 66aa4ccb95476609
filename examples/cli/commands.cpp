#include "commands.hpp"

#include <autoprune/io/format.hpp>
#include <autoprune/io/mapping_json.hpp>
#include <autoprune/io/policy_json.hpp>
#include <autoprune/io/report_text.hpp>
#include <map>

#include "job.hpp"
#include "long_work.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

namespace fs = std::filesystem;

void remove_checkpoints(const Job& job, const std::vector<std::string>& names) {
  std::error_code ignored;
  for (const std::string& name : names) fs::remove(job.file(name), ignored);
}

search::Policy read_policy(const Job& job) {
  const std::string origin = concat("file '", job.options.policy, '\'');
  return io::policy_from_json(io::parse_json(io::read_file(job.options.policy), origin),
                              job.network, origin);
}

/// Reports a network under masks: crossbars, accuracies on the test set, and what `add` adds.
void report_pruned(Job& job, nn::Network& pruned, const std::vector<PruneMask>& masks,
                   io::RunSeconds seconds, const io::Json& parts) {
  const mapping::NetworkMapping mapping = job.compressor.map(masks);
  const nn::Accuracy dense = job.test_accuracy(job.network, job.masks_of_zeros(job.network));
  const nn::Accuracy accuracy = job.test_accuracy(pruned, masks);
  seconds.total = job.seconds();
  io::Json report = job.report(pruned, masks, mapping, seconds);
  report["accuracy"] = io::accuracy_json(job.test_images(), dense, accuracy);
  report.update(parts);
  write_report(job, report, io::mapping_to_json(pruned, job.compressor, mapping));
}

void prune(const Options& options) {
  Job job(options, Weights::needed);
  refuse_checkpoints(job, {kSearchCheckpoint, kFineTuneCheckpoint});
  check_training(job);
  const SearchResult found = run_search(job);
  write_policy(job, found.policy);
  nn::Network network = job.network;
  const TrainingResult tuned = run_fine_tune(job, network, found.policy);
  write_network(job, network, "pruned.safetensors");
  report_pruned(job, network, tuned.masks, {found.seconds, tuned.seconds, 0.0},
                {{"search", found.json}, {"fine_tune", tuned.json}});
  remove_checkpoints(job, {kFineTuneCheckpoint, kSearchCheckpoint});
}

void fine_tune(const Options& options) {
  Job job(options, Weights::needed);
  refuse_checkpoints(job, {kFineTuneCheckpoint});
  check_training(job);
  const search::Policy policy = read_policy(job);
  nn::Network network = job.network;
  const TrainingResult tuned = run_fine_tune(job, network, policy);
  write_policy(job, policy);
  write_network(job, network, "pruned.safetensors");
  report_pruned(job, network, tuned.masks, {0.0, tuned.seconds, 0.0}, {{"fine_tune", tuned.json}});
  remove_checkpoints(job, {kFineTuneCheckpoint});
}

}  // namespace

void run_command(const Options& options) {
  static const std::map<std::string, void (*)(const Options&)> commands = {
      {"prune", prune}, {"fine-tune", fine_tune}};
  commands.at(options.command)(options);
}

}  // namespace autoprune::cli
