/// @file auto_prune.hpp
/// The whole job in one call.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "autoprune/io/directory_lock.hpp"
#include "autoprune/methods/registry.hpp"
#include "autoprune/study/measure.hpp"
#include "autoprune/study/observers.hpp"
#include "autoprune/study/record.hpp"
#include "autoprune/study/search.hpp"
#include "autoprune/study/training.hpp"

namespace autoprune::study {

/// The method of a spec on an accelerator that its plan has decided of. Throws unknown_name,
/// geometry_mismatch, and what the method throws.
template <class Methods = methods::Methods>
[[nodiscard]] methods::Compressor method_of(const nn::Network& network,
                                            const hardware::Accelerator& accelerator,
                                            const StudySpec& spec) {
  methods::Setting setting{network, accelerator.geometry, spec.options};
  setting.options.mapping = accelerator.weights;
  methods::Compressor method = spec.own_method
                                   ? spec.own_method(setting)
                                   : methods::make_method<Methods>(spec.method, setting);
  methods::Policy plans = spec.plan;
  if (plans.empty()) plans.resize(accelerator.layers.size());
  accelerator.require_layers(plans.size());
  for (std::size_t k = 0; k < accelerator.layers.size(); ++k)
    plans[k].hardware = plans[k].hardware.over(accelerator.layers[k]);
  method = method.with(plans);
  method.require(accelerator);
  return method;
}

/// What is done of a study; the rest always is.
struct Stages {
  bool search = true, fine_tune = true;
};

/// Searches, fine-tunes, maps, prices and measures: the stages of a study in turn, from the
/// checkpoints where the spec resumes; these are removed when it has ended. Without a search,
/// `record` brings the policy, and masks where these aren't the policy's. The caller holds
/// StudySpec::out, if there is one (io::OutputDirectory).
template <class Watch>
[[nodiscard]] Record run_study(const Study& study, Watch& watcher, Record record,
                               const Stages& stages = {}) {
  std::vector<const char*> checkpoints;
  if (stages.search) checkpoints.push_back(kSearchCheckpoint);
  if (stages.fine_tune) checkpoints.push_back(kFineTuneCheckpoint);
  refuse_checkpoints(study.spec, checkpoints);
  if (stages.fine_tune) check_training(study);
  watcher.begin(study);
  if (stages.search) find_policy(study, watcher, record);
  record.policy = methods::with_bits(std::move(record.policy), study.accelerator,
                                     study.network.matrix_layers().size());
  watcher.policy(record);
  if (stages.fine_tune && !record.stopped)
    fine_tune(study, watcher, record);
  else
    prune_untrained(study, record);
  if (stages.fine_tune) watcher.trained(record);
  measure(study, record);
  watcher.end(record);
  if (!record.stopped) remove_checkpoints(study.spec, checkpoints);
  return record;
}

/// Prunes a trained network for an accelerator:
///
///     const study::Record found = study::auto_prune(network, io::read_dataset("cifar10:DIR"),
///         cost::ou_preset("paper"), {.constraints = {.target_compression = 14.3}});
///
/// With StudySpec::out, a run that was killed goes on to the same bits when it resumes. `observers`
/// are told what happens (observers.hpp). With StudySpec::team every member calls it; helpers
/// measure for the leader's search and share its training, and return a record of nothing but the
/// network. Throws infeasible_constraint, shape_mismatch, and whatever the spec's parts throw.
template <class... Observer>
[[nodiscard]] Record auto_prune(const nn::Network& network, const io::Datasets& images,
                                const hardware::Accelerator& accelerator,
                                const StudySpec& spec = {}, Observer&&... observers) {
  accelerator.validate();
  require_images(network, images);
  const hardware::Accelerator chip = methods::planned(accelerator, spec.plan);
  ThreadPool pool;
  const methods::Compressor compressor = method_of(network, chip, spec);
  const Study study{network, images, chip, compressor, spec.constraints, spec, pool};
  if (!search::leads(spec.team)) {
    help(study, true);
    return Record(network);
  }
  const search::Dismissal dismissal(spec.team);
  std::optional<io::DirectoryLock> lock;
  if (!spec.out.empty()) lock.emplace(spec.out);
  Observers<std::remove_reference_t<Observer>...> watcher(observers...);
  return run_study<Watcher>(study, watcher, Record(network));
}

}  // namespace autoprune::study
