/// @file search.hpp
/// The first stage: a policy that is worth training.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/search/search.hpp"
#include "autoprune/study/observers.hpp"
#include "autoprune/study/record.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study {

/// What the search rewards, in words.
[[nodiscard]] inline std::string objective(const StudySpec& spec,
                                           const search::Constraints& constraints) {
  const char* const kind = spec.accuracy == AccuracyKind::real        ? "float"
                           : spec.accuracy == AccuracyKind::quantised ? "quantised"
                                                                      : "on-crossbar";
  std::string what = constraints.counting == search::Counting::pooled ? "crossbars, pooled"
                                                                      : "crossbars, per layer";
  if (spec.reward_target) {
    using enum search::CostTarget;
    what = *spec.reward_target == energy    ? "energy"
           : *spec.reward_target == latency ? "latency"
                                            : "energy times latency";
  }
  return concat("(1 - 1/CR)^", spec.reward.alpha, " x ", kind, ' ',
                spec.metric == search::Metric::top5 ? "top-5" : "top-1", " accuracy",
                spec.reconstruct ? " after reconstruction" : "", ", CR of ", what);
}

/// Fits kept weights to the study's network, on its calibration images.
[[nodiscard]] inline search::Reconstruction reconstruction(const Study& study) {
  nn::Network dense = study.network;
  return {*study.run(dense), study.calibration_batches()};
}

namespace detail {

/// What the reward reads of a pruned network; on crossbars, the mean over the devices drawn.
[[nodiscard]] inline search::AccuracyOracle accuracy_oracle(const Study& study) {
  const StudySpec& spec = study.spec;
  if (spec.accuracy == AccuracyKind::real) return search::float_accuracy();
  const hardware::Accelerator chip =
      spec.accuracy == AccuracyKind::quantised ? study.accelerator.ideal() : study.accelerator;
  return search::simulated_accuracy(study.compressor, chip, spec.calibration,
                                    chip.noisy() ? spec.devices : 1, spec.seed);
}

[[nodiscard]] inline search::AccuracyOracle search_oracle(const Study& study) {
  if (!study.spec.reconstruct) return accuracy_oracle(study);
  return search::reconstructed_accuracy(
      std::make_shared<const search::Reconstruction>(reconstruction(study)),
      accuracy_oracle(study));
}

/// What the reward counts, when it isn't crossbars.
[[nodiscard]] inline search::Saving saving(const Study& study) {
  if (!study.spec.reward_target) return {};
  return search::cost_saving(cost::OuModel(study.network, study.accelerator), study.compressor,
                             *study.spec.reward_target);
}

[[nodiscard]] inline std::uint64_t search_fingerprint(const Study& study) {
  const StudySpec& spec = study.spec;
  search::Fingerprint print = study.fingerprint();
  print.add(spec.reward.alpha).add(spec.calibration.percentile);
  for (const Index n :
       {spec.reward_target ? static_cast<Index>(*spec.reward_target) : Index{-1},
        static_cast<Index>(spec.metric), static_cast<Index>(spec.accuracy),
        static_cast<Index>(spec.calibration.rule), spec.devices, Index{spec.reconstruct}})
    print.add(static_cast<double>(n));
  spec.search.add_to(print);
  return print.value();
}

}  // namespace detail

/// Fills the record's search and policy. Stopped, it takes the best policy so far. Throws
/// infeasible_constraint, cannot_write, checkpoint_mismatch.
inline void find_policy(const Study& study, Watcher& watcher, Record& record) {
  const StudySpec& spec = study.spec;
  search::SearchConfig config = spec.search;
  config.seed = spec.seed;
  spec.reward.validate();
  search::PruningEnvironment<> environment(
      study.network, study.compressor, {study.calibration_batches(), study.held_out_batches()},
      study.constraints, study.pool, spec.metric, spec.reward, detail::search_oracle(study),
      detail::saving(study), spec.backend);
  search::Search<> search(environment, config);
  detail::Progress progress(checkpoint_path(spec, kSearchCheckpoint),
                            detail::search_fingerprint(study));
  if (const auto saved = progress.restore()) search.restore(*saved);
  while (!record.stopped && !search.done()) {
    search.run_episode();
    progress.keep([&] { return search.save(); });
    record.stopped = watcher.episode(search) == Flow::stop;
  }
  record.policy = search.best_outcome().policy;
  record.search = search.history();
  record.objective = objective(spec, study.constraints);
  record.search_seconds = progress.seconds();
}

/// The record's network under its policy without any training: masks, weights that are fitted where
/// the spec says so, and batch-norm statistics to go with them.
inline void prune_untrained(const Study& study, Record& record) {
  record.masks = methods::Compressor::masks(study.rank(record.network), record.policy);
  if (study.spec.reconstruct) reconstruction(study).apply(record.network, record.masks, study.pool);
  const auto backend = study.run(record.network);
  backend->set_masks(record.masks);
  backend->recalibrate(study.calibration_batches());
}

}  // namespace autoprune::study
