#include <algorithm>
#include <autoprune/io/checkpoint_file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/search/search.hpp>
#include <memory>

#include "hardware.hpp"
#include "long_work.hpp"
#include "progress.hpp"

namespace autoprune::cli {

namespace fs = std::filesystem;

namespace {

std::string objective(const Options& o) {
  const char* const kind = o.accuracy == AccuracyKind::real        ? "float"
                           : o.accuracy == AccuracyKind::quantised ? "quantised"
                                                                   : "on-crossbar";
  std::string what = o.constraints.counting == search::Counting::pooled ? "crossbars, pooled"
                                                                        : "crossbars, per layer";
  if (o.reward_target) {
    using enum search::CostTarget;
    what = *o.reward_target == energy    ? "energy"
           : *o.reward_target == latency ? "latency"
                                         : "energy times latency";
  }
  return concat("(1 - 1/CR)^", o.reward.alpha, " x ", kind, ' ',
                o.metric == search::Metric::top5 ? "top-5" : "top-1", " accuracy",
                o.reconstruct ? " after reconstruction" : "", ", CR of ", what);
}

std::vector<nn::Batch> calibration_batches(Job& job) {
  return job.calibration_batches(static_cast<Index>(job.split().train.size()));
}

/// What the reward reads of a pruned network; on crossbars, the mean over the devices that are
/// drawn.
search::AccuracyOracle accuracy_oracle(const Job& job) {
  const Options& o = job.options;
  const SimulationOptions& s = o.simulation;
  if (o.accuracy == AccuracyKind::real) return search::float_accuracy();
  const hardware::Accelerator& own = job.accelerator;
  const auto accelerator = o.accuracy == AccuracyKind::quantised ? own.ideal() : own;
  return search::simulated_accuracy(job.compressor, accelerator, s.calibration,
                                    accelerator.noisy() ? s.seeds : 1, o.seed);
}

search::AccuracyOracle search_oracle(Job& job) {
  if (!job.options.reconstruct) return accuracy_oracle(job);
  return search::reconstructed_accuracy(
      std::make_shared<const search::Reconstruction>(reconstruction(job)), accuracy_oracle(job));
}

/// What the reward counts, when it isn't crossbars.
search::Saving saving(const Job& job) {
  if (!job.options.reward_target) return {};
  return search::cost_saving(ou_model(job), job.compressor, *job.options.reward_target);
}

std::string describe(const search::Search<>& run, Index episodes) {
  const search::Episode& best = run.episodes()[static_cast<std::size_t>(run.best())];
  const mapping::CrossbarCount& count = best.outcome.crossbars;
  return concat(run.episodes().size(), '/', episodes, " episodes  best reward ",
                io::format_number(best.outcome.reward, 4), " (", run.kind(best), ")  CR ",
                io::format_number(count.compression_per_layer(), 2), " per layer, ",
                io::format_number(count.compression_pooled(), 2), " pooled  accuracy ",
                io::format_number(best.outcome.accuracy, 2), " %");
}

}  // namespace

search::Reconstruction reconstruction(Job& job) {
  nn::Session session(job.network, job.pool);
  return {session, calibration_batches(job)};
}

SearchResult run_search(Job& job) {
  const Options& o = job.options;
  search::SearchConfig config = o.search;
  config.seed = o.seed;
  o.reward.validate();
  search::PruningEnvironment<> environment(
      job.network, job.compressor, {calibration_batches(job), job.held_out_batches()},
      job.constraints, job.pool, o.metric, o.reward, search_oracle(job), saving(job));
  search::Search<> search(environment, config);

  const fs::path checkpoint = job.file(kSearchCheckpoint);
  const std::uint64_t run =
      job.fingerprint({kHardware, kConstraints, kHeldOut, kSearch, kSimulation}).value();
  double before = 0.0;
  if (std::error_code ignored; fs::exists(checkpoint, ignored)) {
    const io::Checkpoint saved = io::read_checkpoint(checkpoint, run);
    search.restore(saved.bytes);
    before = saved.seconds;
  }
  const double began = job.seconds();
  const auto worked = [&] { return before + job.seconds() - began; };
  const auto done = [&] {
    return static_cast<double>(search.episodes().size()) / static_cast<double>(config.episodes);
  };
  Progress progress("search", o.quiet, done());
  const Index tenth = std::max<Index>(1, config.episodes / 10);
  while (!search.done()) {
    search.run_episode();
    io::write_checkpoint(checkpoint, {run, worked(), search.save()});
    const auto count = static_cast<Index>(search.episodes().size());
    progress.show(done(), describe(search, config.episodes), count % tenth == 0 || search.done());
  }
  return {search.best_outcome().policy, io::search_json(search, objective(o)), worked()};
}

std::vector<PruneMask> prune_and_recalibrate(Job& job, nn::Network& network,
                                             const search::Policy& policy) {
  std::vector<PruneMask> masks =
      search::Compressor::masks(job.rank(network, job.compressor), policy);
  if (job.options.reconstruct) reconstruction(job).apply(network, masks, job.pool);
  nn::Session session(network, job.pool);
  session.set_masks(masks);
  nn::recalibrate(session, calibration_batches(job));
  return masks;
}

}  // namespace autoprune::cli
