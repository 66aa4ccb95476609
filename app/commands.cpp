#include "commands.hpp"

#include <autoprune/io/format.hpp>
#include <autoprune/io/mapping_json.hpp>
#include <autoprune/io/network_json.hpp>
#include <autoprune/io/report_text.hpp>
#include <map>

#include "hardware.hpp"
#include "job.hpp"
#include "long_work.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

// ---- inspect ------------------------------------------------------------------------------------

io::Json nodes_json(const nn::Network& network) {
  io::Json nodes = io::Json::array();
  for (const nn::Node& node : network.nodes())
    nodes.push_back({{"name", node.name},
                     {"op", node.op.name()},
                     {"output", {node.shape.channels, node.shape.height, node.shape.width}},
                     {"weights", node.has_matrix() ? node.weight.size() : 0}});
  return nodes;
}

std::string node_table(const nn::Network& network, const mapping::NetworkPlacement& mapping) {
  std::vector<std::vector<std::string>> rows = {
      {"layer", "op", "output", "matrix", "weights", "dense xb"}};
  Index weights = 0;
  std::size_t k = 0;
  for (const nn::Node& node : network.nodes()) {
    rows.push_back({node.name, std::string(node.op.name()), shape_text(node.shape)});
    if (!node.has_matrix()) continue;
    const mapping::LayerCount& count = mapping.layers[k++].count;
    weights += count.rows * count.cols;
    rows.back().insert(rows.back().end(), {concat(count.rows, 'x', count.cols),
                                           io::format_number(count.rows * count.cols),
                                           io::format_number(count.crossbars_dense)});
  }
  rows.push_back({"total", "", "", "", io::format_number(weights),
                  io::format_number(mapping.crossbars.dense)});
  return join(io::align_columns(rows), "\n") + "\n";
}

void inspect(const Options& options) {
  const Job job(options, Weights::optional);
  const std::vector<PruneMask> masks = job.dense_masks();
  const mapping::NetworkPlacement mapping = job.compressor.map(masks);
  io::Json report = job.report(job.network, masks, mapping);
  report["nodes"] = nodes_json(job.network);
  write_report(job, report, nullptr, node_table(job.network, mapping));
}

// ---- map, evaluate ------------------------------------------------------------------------------

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
  const std::vector<PruneMask> zeros = job.masks_of_zeros(job.network);
  const std::vector<PruneMask> masks = job.present_masks();
  const nn::Accuracy accuracy = job.test_accuracy(job.network, zeros);
  io::Json report = job.report(job.network, masks, job.compressor.map(masks));
  report["accuracy"] = zeros.empty() ? io::accuracy_json(job.test_images(), accuracy)
                                     : io::accuracy_json(job.test_images(), {}, accuracy);
  return report;
}

std::string accuracy_line(const Job& job, const io::Json& report) {
  const io::Json& accuracy = report["accuracy"];
  const bool dense = accuracy.contains("dense");
  const io::Json& top = accuracy[dense ? "dense" : "pruned"];
  return concat(job.options.network, " on ", job.data->test.name, ": top-1 ",
                io::format_number(top["top1"].get<double>(), 2), " %, top-5 ",
                io::format_number(top["top5"].get<double>(), 2), " % (float, ",
                dense ? "dense, " : "pruned, ", io::format_number(job.test_images()),
                " test images)\n");
}

void evaluate(const Options& options) {
  Job job(options, Weights::needed);
  const io::Json report = evaluated(job);
  write_report(job, report, nullptr, accuracy_line(job, report));
}

// ---- train, search, fine-tune, prune ------------------------------------------------------------

void train(const Options& options) {
  Job job(options, Weights::random);
  refuse_checkpoints(job, {kTrainCheckpoint});
  check_training(job);
  const TrainingResult trained = run_training(job);
  io::save_network(job.network, job.file("trained.safetensors"));
  io::Json report = evaluated(job);
  report["training"] = trained.json;
  write_report(job, report, nullptr, accuracy_line(job, report));
  remove_checkpoints(job, {kTrainCheckpoint});
}

/// Reports a network under masks: crossbars, accuracies on the test set, and `parts`.
void report_pruned(Job& job, nn::Network& pruned, const std::vector<PruneMask>& masks,
                   io::RunSeconds seconds, const io::Json& parts) {
  const mapping::NetworkPlacement mapping = job.compressor.map(masks);
  const nn::Accuracy dense = job.test_accuracy(job.network, job.masks_of_zeros(job.network));
  const nn::Accuracy accuracy = job.test_accuracy(pruned, masks);
  io::Json report = job.report(pruned, masks, mapping, seconds);
  report["accuracy"] = io::accuracy_json(job.test_images(), dense, accuracy);
  report["cost"] = cost_summary(job, masks);
  report.update(parts);
  write_report(job, report, io::mapping_to_json(pruned, job.compressor, mapping),
               io::report_table(report));
}

void search(const Options& options) {
  Job job(options, Weights::needed);
  refuse_checkpoints(job, {kSearchCheckpoint});
  const SearchResult found = run_search(job);
  write_policy(job, found.policy);
  nn::Network network = job.network;
  const std::vector<PruneMask> masks = prune_and_recalibrate(job, network, found.policy);
  report_pruned(job, network, masks, {found.seconds, 0.0, 0.0}, {{"search", found.json}});
  remove_checkpoints(job, {kSearchCheckpoint});
}

void fine_tune(const Options& options) {
  Job job(options, Weights::needed);
  refuse_checkpoints(job, {kFineTuneCheckpoint});
  check_training(job);
  const search::Policy policy = read_policy(job);
  nn::Network network = job.network;
  const TrainingResult tuned = run_fine_tune(job, network, policy);
  write_policy(job, policy);
  write_pruned(job, network, policy);
  report_pruned(job, network, tuned.masks, {0.0, tuned.seconds, 0.0}, {{"fine_tune", tuned.json}});
  remove_checkpoints(job, {kFineTuneCheckpoint});
}

void prune(const Options& options) {
  Job job(options, Weights::needed);
  refuse_checkpoints(job, {kSearchCheckpoint, kFineTuneCheckpoint});
  check_training(job);
  PrunedNetwork pruned = search_and_fine_tune(job);
  report_pruned(job, pruned.network, pruned.tuned.masks,
                {pruned.found.seconds, pruned.tuned.seconds, 0.0},
                {{"search", pruned.found.json}, {"fine_tune", pruned.tuned.json}});
  remove_checkpoints(job, {kFineTuneCheckpoint, kSearchCheckpoint});
}

}  // namespace

void run_command(const Options& options) {
  static const std::map<std::string, void (*)(const Options&)> commands = {
      {"inspect", inspect},    {"map", map},
      {"evaluate", evaluate},  {"train", train},
      {"search", search},      {"fine-tune", fine_tune},
      {"prune", prune},        {"simulate", simulate},
      {"cost", cost},          {"sweep", sweep},
      {"reproduce", reproduce}};
  commands.at(options.command)(options);
}

}  // namespace autoprune::cli
