/// @file search.hpp
/// The first stage: a policy that is worth training.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/prune/zero_mask.hpp"
#include "autoprune/search/search.hpp"
#include "autoprune/search/stored_accuracy.hpp"
#include "autoprune/search/team_evaluator.hpp"
#include "autoprune/study/accuracy_kind.hpp"
#include "autoprune/study/observers.hpp"
#include "autoprune/study/record.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study {

/// What a policy is worth. Throws what make_reward() and the reward's validate() throw.
[[nodiscard]] inline search::AnyReward reward(const StudySpec& spec) {
  return spec.own_reward ? *spec.own_reward : search::make_reward(spec.reward, spec.alpha);
}

/// What the search rewards, in words.
[[nodiscard]] inline std::string objective(const Study& study) {
  const StudySpec& spec = study.spec;
  const std::string accuracy = concat(word_of(accuracy_kind(study)), ' ',
                                      spec.metric == search::Metric::top5 ? "top-5" : "top-1",
                                      " accuracy", spec.reconstruct ? " after reconstruction" : "");
  const bool pooled = study.constraints.counting == search::Counting::pooled;
  return concat(reward(spec).words(accuracy), "; crossbars ", pooled ? "pooled" : "per layer");
}

/// What masks cost, under a policy's plans or, where there is none, under those that come with
/// them.
[[nodiscard]] inline search::Pricing pricing(const Study& study,
                                             const methods::Policy& policy = {}) {
  const hardware::Accelerator chip = methods::planned(study.accelerator, policy);
  return search::pricing(cost::OuModel(study.network, chip), study.compressor.with(policy));
}

/// Fits kept weights to the study's network, on its calibration images.
template <class Scalar = float>
[[nodiscard]] search::BasicReconstruction<Scalar> reconstruction(const Study& study) {
  nn::Network dense = study.network;
  return {*study.run(dense), study.calibration_batches()};
}

namespace detail {

/// What the reward reads of a pruned network; on crossbars, the mean over the devices drawn.
template <class Adcs = hardware::AdcKinds>
[[nodiscard]] search::AccuracyOracle accuracy_oracle(const Study& study) {
  const StudySpec& spec = study.spec;
  const AccuracyKind reads = accuracy_kind(study);
  if (reads == AccuracyKind::real) return search::float_accuracy();
  const hardware::Accelerator chip =
      reads == AccuracyKind::quantised ? study.accelerator.ideal() : study.accelerator;
  return search::stored_accuracy(
      chip, search::simulated_accuracy<Adcs>(study.compressor, chip, spec.calibration,
                                             chip.noisy() ? spec.devices : 1, spec.seed));
}

template <class Scalar = float>
[[nodiscard]] search::AccuracyOracle search_oracle(const Study& study) {
  if (!study.spec.reconstruct) return accuracy_oracle(study);
  return search::reconstructed_accuracy(
      std::make_shared<const search::BasicReconstruction<Scalar>>(reconstruction<Scalar>(study)),
      accuracy_oracle(study));
}

/// How weights are rounded to few bits: what an earlier version began another goes on with
/// otherwise.
inline void add_rounding(search::Fingerprint& print) {
  print.add(std::span<const char>(std::string_view("equalised channels")));
}

[[nodiscard]] inline std::uint64_t search_fingerprint(const Study& study) {
  const StudySpec& spec = study.spec;
  search::Fingerprint print = study.fingerprint();
  // Rewards, which may be of any type, are told apart by what they answer.
  const search::AnyReward worth = reward(spec);
  print.add(worth({3.0, 50.0, 60.0, 4.0, 5.0, 6.0})).add(worth({10.0, 80.0, 90.0, 7.0, 8.0, 9.0}));
  print.add(spec.calibration.percentile);
  for (const Index n :
       {static_cast<Index>(spec.metric), static_cast<Index>(accuracy_kind(study)),
        static_cast<Index>(spec.calibration.rule), spec.devices, Index{spec.reconstruct}})
    print.add(static_cast<double>(n));
  spec.search.add_to(print);
  if (accuracy_kind(study) != AccuracyKind::real) add_rounding(print);
  return print.value();
}

/// The study's constraints; where keep ratios aren't searched, each layer's is that of the plan, or
/// 1. Throws out_of_range for bounds beside it.
[[nodiscard]] inline search::Constraints search_constraints(const Study& study) {
  search::Constraints constraints = study.constraints;
  if (study.spec.search.space.keep) return constraints;
  if (!constraints.bounds.empty())
    fail(ErrorId::out_of_range,
         "bounds of keep ratios, which aren't searched; search keep too, or leave the bounds out");
  const std::size_t layers = study.network.matrix_layers().size();
  constraints.bounds.assign(layers, {1.0, 1.0});
  for (std::size_t k = 0; k < study.spec.plan.size(); ++k)
    constraints.bounds[k] = {study.spec.plan[k].keep, study.spec.plan[k].keep};
  return constraints;
}

/// Throws what the method and the accelerator throw on choices that don't go with one another.
inline void check_space(const Study& study) {
  const search::SearchSpace& space = study.spec.search.space;
  space.validate();
  if (!space.adc_bits.empty() && study.accelerator.adc.kind == hardware::Ideal::kName)
    fail(ErrorId::out_of_range, "bits of ADCs are searched, and the accelerator's are ideal, ",
         "which have none; take others, e.g. --adc saturating");
  if (space.keeps_only()) return;
  const std::size_t layers = study.network.matrix_layers().size();
  search::SearchSpace placed = space, computed = space;
  placed.input_bits = placed.adc_bits = {};
  computed.granularity = {};
  for (const methods::LayerPlan& plan : placed.plans())
    (void)study.compressor.with(methods::Policy(layers, plan));
  for (const methods::LayerPlan& plan : computed.plans())
    (void)methods::planned(study.accelerator, methods::Policy(layers, plan));
}

}  // namespace detail

/// What measures the policies of a study.
template <class Scalar = float>
[[nodiscard]] search::PruningEnvironment<> environment_of(const Study& study) {
  const StudySpec& spec = study.spec;
  detail::check_space(study);
  return search::PruningEnvironment<>(
      study.network, study.compressor, {study.calibration_batches(), study.held_out_batches()},
      detail::search_constraints(study), study.pool, spec.metric, reward(spec),
      detail::search_oracle<Scalar>(study), pricing(study), spec.backend);
}

/// Fills the record's search and policy, measuring with the spec's team where there is one.
/// Stopped, it takes the best policy so far. Throws infeasible_constraint, cannot_write,
/// checkpoint_mismatch.
template <class Watch>
void find_policy(const Study& study, Watch& watcher, Record& record) {
  const StudySpec& spec = study.spec;
  search::SearchConfig config = spec.search;
  config.seed = spec.seed;
  search::PruningEnvironment<> measuring = environment_of(study);
  measuring.require_reachable(config.space);
  search::Search<> search(measuring, config);
  std::optional<search::TeamEvaluator<>> together;
  if (spec.team != nullptr) search.measure_with(together.emplace(*spec.team, measuring));
  detail::Progress progress(checkpoint_path(spec, kSearchCheckpoint),
                            detail::search_fingerprint(study));
  if (const auto saved = progress.restore()) search.restore(*saved);
  while (!record.stopped && !search.done()) {
    search.run_episode();
    progress.keep([&](const io::Write& write) { write(search.save()); });
    record.stopped = watcher.episode(search) == Flow::stop;
  }
  record.policy = methods::decided(search.best_outcome().policy, spec.plan);
  record.search = search.history();
  record.objective = objective(study);
  record.search_seconds = progress.seconds();
}

/// Magnitude bits of the integers that the weights of a network under a policy end at, a matrix
/// layer each; none where the study leaves them real numbers.
[[nodiscard]] inline std::vector<Index> stored_bits(const Study& study,
                                                    const methods::Policy& policy) {
  const hardware::Accelerator chip = methods::planned(study.accelerator, policy);
  const auto layers = static_cast<Index>(study.network.matrix_layers().size());
  std::vector<Index> bits;
  if (study.spec.quantised_training.value_or(search::coarse(chip, layers)))
    for (Index k = 0; k < layers; ++k) bits.push_back(chip.layer(k).weights.weight_bits);
  return bits;
}

/// What makes a network under a policy one of integers, where the study wants that.
[[nodiscard]] inline std::optional<search::Quantiser> quantiser_of(const Study& study,
                                                                   const methods::Policy& policy) {
  if (stored_bits(study, policy).empty()) return {};
  return search::Quantiser(methods::planned(study.accelerator, policy), study.calibration_batches(),
                           study.spec.calibration);
}

/// The record's network under its masks, or its policy, without any training: masks, weights that
/// are fitted where the spec says so, and batch-norm statistics to go with them.
template <class Scalar = float>
void prune_untrained(const Study& study, Record& record) {
  if (record.masks.empty())
    record.masks =
        methods::Compressor::masks(study.rank(record.network, record.policy), record.policy);
  if (study.spec.reconstruct)
    reconstruction<Scalar>(study).apply(record.network, record.masks, study.pool);
  const auto backend = study.run(record.network);
  backend->set_masks(record.masks);
  backend->recalibrate(study.calibration_batches());
  const std::vector<Index> layers = record.network.matrix_layers();
  for (std::size_t k = 0; k < layers.size(); ++k)
    prune::erase_pruned(weight_matrix(record.network.node(layers[k]).weight), record.masks[k]);
  if (const auto quantiser = quantiser_of(study, record.policy))
    quantiser->write_codes(record.network, record.masks, study.pool);
}

}  // namespace autoprune::study
