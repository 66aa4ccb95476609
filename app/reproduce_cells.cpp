#include "reproduce_cells.hpp"

#include <algorithm>
#include <array>
#include <autoprune/cost/metrics.hpp>
#include <autoprune/methods/registry.hpp>
#include <autoprune/simulation/measured_activity.hpp>
#include <autoprune/study/search.hpp>
#include <autoprune/study/training.hpp>

#include "hardware.hpp"
#include "job.hpp"
#include "kept_figures.hpp"
#include "results.hpp"
#include "watching.hpp"

namespace autoprune::cli {

namespace {

constexpr const char* kFigures = "figures.json";

/// Options as the command `prune` would have read them.
Options job_options(const Options& options, const Subject& subject, const std::string& folder,
                    const Budget& budget) {
  Options o = options;
  o.command = "reproduce";
  o.network = subject.network;
  o.weights = subject.weights;
  o.data = subject.data + ":" + subject.folder;
  o.out = options.out / "cells" / folder;
  o.json.clear();
  o.resume = true;
  o.quiet = options.quiet || !budget.climbs;  // cells of a small budget take seconds
  o.search.episodes = budget.episodes;
  o.held_out_images = budget.held_out_images;
  o.calibration_images = budget.calibration_images;
  o.fine_tune.train.epochs = budget.epochs;
  o.fine_tune.train.variants = budget.variants;
  o.fine_tune.schedule.begin = budget.ramp_begin;
  o.reconstruct = true;
  // The usual steps are for networks with batch-norm, and diverge without.
  if (subject.network == "lenet5") o.fine_tune.train.learning_rate = 0.005;
  o.images = budget.test_images;
  return o;
}

Options cell_options(const Options& options, const Cell& cell, const Budget& budget) {
  Options o = job_options(options, cell.subject, cell.name(), budget);
  o.method = cell.method.ours ? kOwnMethod : cell.method.option;
  if (cell.method.ours) {
    o.granularity = cell.granularity;
    o.rows = cell.method.rows;
  }
  o.constraints.target_compression = cell.target;
  o.constraints.counting = cell.subject.counting();
  if (!cell.method.searches) o.search.episodes = 1;  // the first policy of a warm start is LAMP's
  return o;
}

/// Training images on which activations are counted, at most.
constexpr Index kMeasuredImages = 32;

/// What the network costs as `mapper` maps it: inputs that are zero are skipped, as images have
/// them.
cost::OuCost price(Job& job, nn::Network& network, const std::vector<PruneMask>& masks,
                   const search::Compressor& mapper, hardware::OuFormation formation) {
  const cost::OuModel model = ou_model(job);
  const std::vector<mapping::Placement> layers = mapper.map(masks).layers;
  const Index measured = std::min<Index>(kMeasuredImages, job.data->train.size());
  const std::vector<nn::Batch> images =
      nn::load_batches(job.data->train, nn::range(0, measured), job.pool);
  nn::Session session(network, job.pool);
  session.set_masks(masks);
  const auto ranges = simulation::calibrate(session, masks, images);
  hardware::Accelerator accelerator = model.accelerator();
  accelerator.formation = formation;
  const auto activity =
      simulation::measured_activity(session, masks, layers, ranges, accelerator, images);
  std::vector<cost::LayerWork> work = model.work(layers);
  for (std::size_t k = 0; k < work.size(); ++k) {
    const auto mean = [&](Index count) {
      return static_cast<double>(count) / static_cast<double>(measured);
    };
    const simulation::Activity& counted = activity[k];
    work[k] =
        cost::measured_work(work[k], {mean(counted.ou_activations), mean(counted.adc_conversions),
                                      mean(counted.input_fetches), mean(counted.index_fetches)});
  }
  return model.price(work);
}

cost::OuCost price_dense(Job& job) {
  const methods::Compressor naive = methods::make_method(
      "naive", {job.network, job.compressor.geometry(), {.mapping = job.accelerator.weights}});
  return price(job, job.network, job.dense_masks(), naive, hardware::OuFormation::stored);
}

io::Json figures_of(Job& job, nn::Network& network, const std::vector<PruneMask>& masks,
                    hardware::OuFormation formation) {
  const mapping::CrossbarCount crossbars = job.compressor.count(masks).crossbars;
  const cost::OuCost dense = price_dense(job);
  const cost::OuCost pruned = price(job, network, masks, job.compressor, formation);
  const cost::Metrics metrics = cost::metrics(pruned);
  const cost::Gains gains = cost::gains(pruned, dense);
  const nn::Accuracy accuracy = study::test_accuracy(
      job.study(), network, all_kept(masks) ? std::vector<PruneMask>{} : masks);
  io::Json json = {{"top1", accuracy.top1}, {"top5", accuracy.top5}};
  json["crossbars_dense"] = crossbars.dense;
  json["crossbars_per_layer"] = crossbars.per_layer;
  json["crossbars_pooled"] = crossbars.pooled;
  json["compression_per_layer"] = crossbars.compression_per_layer();
  json["compression_pooled"] = crossbars.compression_pooled();
  json["energy_nj"] = pruned.totals.energy_nj;
  json["area_um2"] = pruned.totals.area_um2;
  json["latency_ns"] = pruned.totals.latency_ns;
  json["energy_gain"] = gains.energy;
  json["area_gain"] = gains.area;
  json["latency_gain"] = gains.latency;
  json["energy_efficiency_gain"] = gains.gops_per_w;
  json["area_efficiency_gain"] = gains.gops_per_mm2;
  json["index_kib"] = metrics.index_kib;
  json["index_percent_of_weights"] = 100.0 * metrics.index_share;
  return json;
}

/// Of the job and of a cell, whose name and budget say the rest.
search::Fingerprint fingerprint_of(const Job& job, const std::string& cell, const Budget& budget) {
  search::Fingerprint print = job.study().fingerprint();
  return print.add(std::span<const char>(cell)).add(std::span<const char>(budget.name));
}

io::Json measure(Job& job, const Method& method) {
  const study::Study study = job.study();
  study::check_training(study);
  study::Record record(job.network);
  Watching watching(job.options.quiet);
  watching.begin(study);
  study::find_policy(study, watching, record);
  write_policy(job, record.policy);
  study::fine_tune(study, watching, record);
  write_pruned(job, record.network, record.policy);
  watching.finish();
  io::Json figures = figures_of(job, record.network, record.masks, method.formation);
  figures["search_seconds"] = record.search_seconds;
  figures["fine_tune_seconds"] = record.training.seconds;
  return figures;
}

}  // namespace

std::string Cell::name() const {
  std::string text = concat(subject.name(), '-', method.option);
  if (method.ours) text += concat("-G", granularity);
  return concat(text, "-CR", target);
}

io::Json measure_dense(const Options& options, const Subject& subject, const Budget& budget) {
  Options o = job_options(options, subject, subject.name() + "-dense", budget);
  o.method = "naive";
  Job job(o, Weights::needed);
  const search::Fingerprint run = fingerprint_of(job, "dense", budget);
  if (const auto saved = read_figures(job.file(kFigures), run)) return *saved;
  io::Json figures = figures_of(job, job.network, job.dense_masks(), hardware::OuFormation::stored);
  write_figures(job.file(kFigures), run, figures);
  return figures;
}

io::Json measure_cell(const Options& options, const Cell& cell, const Budget& budget) {
  const Options o = cell_options(options, cell, budget);
  Job job(o, Weights::needed);
  const search::Fingerprint run = fingerprint_of(job, cell.name(), budget);
  if (const auto saved = read_figures(job.file(kFigures), run)) return *saved;
  io::Json figures;
  try {
    figures = measure(job, cell.method);
  } catch (const Error& error) {
    if (error.id() != ErrorId::infeasible_constraint) throw;
  }
  write_figures(job.file(kFigures), run, figures);
  constexpr std::array kCheckpoints = {study::kSearchCheckpoint, study::kFineTuneCheckpoint};
  study::remove_checkpoints(o, kCheckpoints);
  return figures;
}

}  // namespace autoprune::cli
