/// @file training.hpp
/// The second stage: epochs that bring back what pruning lost; and training without any masks.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/text.hpp"
#include "autoprune/io/training_checkpoint.hpp"
#include "autoprune/nn/collapse.hpp"
#include "autoprune/nn/train.hpp"
#include "autoprune/search/fine_tune.hpp"
#include "autoprune/study/observers.hpp"
#include "autoprune/study/record.hpp"
#include "autoprune/study/search.hpp"
#include "autoprune/study/study.hpp"
#include "autoprune/study/team_helper.hpp"

namespace autoprune::study {

/// The spec's training, with its seed.
[[nodiscard]] inline nn::TrainConfig train_config(const StudySpec& spec) {
  nn::TrainConfig config = spec.fine_tune.train;
  config.seed = spec.seed;
  return config;
}

/// Before hours of searching: throws out_of_range or empty_data when the study can't train, unless
/// it isn't meant to (no epochs).
inline void check_training(const Study& study) {
  if (study.spec.fine_tune.train.epochs == 0) return;
  const nn::TrainConfig config = train_config(study.spec);
  config.validate();
  study.spec.fine_tune.schedule.validate();
  const auto images = static_cast<Index>(study.split().train.size());
  if (images < config.batch)
    fail(ErrorId::empty_data, images, " training ", plural(images, "image"),
         " can't fill a batch (batch = ", config.batch, ", held_out = ", study.spec.held_out,
         "); take smaller ones");
}

/// Share of all column-vectors that masks keep.
[[nodiscard]] inline double keep_ratio(std::span<const PruneMask> masks) {
  Index kept = 0, vectors = 0;
  for (const PruneMask& mask : masks) {
    kept += mask.kept_count();
    vectors += mask.vectors();
  }
  return vectors > 0 ? static_cast<double>(kept) / static_cast<double>(vectors) : 1.0;
}

namespace detail {

inline void add_training(const nn::TrainConfig& t, search::Fingerprint& print) {
  for (const double v :
       {static_cast<double>(t.epochs), static_cast<double>(t.batch), t.learning_rate.value_or(-1.0),
        t.sgd.momentum, t.sgd.weight_decay, static_cast<double>(t.augment), t.distillation.weight,
        t.distillation.temperature, static_cast<double>(t.variants),
        static_cast<double>(t.mask_updates)})
    print.add(v);
}

/// The training of a study's network, as its team shares it.
[[nodiscard]] inline TeamTraining team_training(const Study& study) {
  search::Fingerprint inputs = study.fingerprint();
  add_training(train_config(study.spec), inputs);
  return {*study.spec.team, study.data.train, train_config(study.spec), study.spec.backend,
          inputs.value()};
}
/// Trains where the spec says, and shares it with the spec's team where there is one.
[[nodiscard]] inline nn::MakeBackend training_backend(const Study& study) {
  if (study.spec.team == nullptr || study.spec.team->members() < 2) return study.spec.backend;
  return [training = team_training(study)](nn::Network& network, ThreadPool& pool) {
    return std::make_unique<TeamBackend>(training, network, pool);
  };
}

/// Runs a trainer to its end, epoch by epoch, each followed by a measurement and a checkpoint.
template <class Watch>
class TrainingRun {
 public:
  /// `begun`: the network has learned something already.
  TrainingRun(const Study& study, const methods::Policy& policy, nn::Network& network,
              nn::Trainer& trainer, const char* checkpoint, std::uint64_t run, bool begun,
              Watch& watcher)
      : study_(study),
        compressor_(study.compressor.with(policy)),
        network_(network),
        trainer_(trainer),
        watcher_(watcher),
        progress_(checkpoint_path(study.spec, checkpoint), run),
        held_out_(study.held_out_batches()) {
    if (begun) accuracies_.push_back(trainer.backend().evaluate(held_out_).top1);
  }

  /// Loads the checkpoint when there is one. The caller resumes with what comes back.
  [[nodiscard]] bool restore() {
    const auto saved = progress_.restore();
    if (saved) state_ = io::load_training(*saved, network_, trainer_);
    return saved.has_value();
  }
  [[nodiscard]] const io::TrainingState& state() const noexcept { return state_; }

  /// `epoch(on_step)` runs one; `tightened()` says whether the masks are final.
  template <class Epoch, class Tightened>
  void finish(const Epoch& epoch, const Tightened& tightened, Record& record) {
    while (!record.stopped && !trainer_.done()) {
      const nn::EpochReport report = epoch([&](Index step, Index steps) {
        watcher_.step(point(static_cast<double>(step) / static_cast<double>(steps)));
      });
      remember(report, tightened());  // which the epoch may have changed
      record.stopped = watcher_.epoch(point(0.0)) == Flow::stop;
    }
    for (const io::EpochFigures& figures : state_.history)
      accuracies_.push_back(figures.held_out_top1);
    record.masks = trainer_.masks();
    record.training = {state_.history, nn::course_of(accuracies_, study_.data.train.classes),
                       progress_.seconds()};
  }

 private:
  [[nodiscard]] TrainingPoint point(double share) const {
    return {study_.spec.fine_tune.train.epochs, static_cast<double>(trainer_.epoch()) + share,
            state_.history};
  }

  void remember(const nn::EpochReport& report, bool tightened) {
    const std::vector<PruneMask>& masks = trainer_.masks();
    io::EpochFigures figures{report.epoch, report.loss, report.learning_rate, keep_ratio(masks),
                             1.0,          0.0,         report.seconds};
    if (!masks.empty())
      figures.compression_pooled = compressor_.count(masks).crossbars.compression_pooled();
    figures.held_out_top1 = trainer_.backend().evaluate(held_out_).top1;
    state_.history.push_back(figures);
    state_.epoch = report.epoch;
    state_.tightened = tightened;
    state_.masks = masks;
    progress_.keep(
        [&](const io::Write& write) { io::save_training(network_, trainer_, state_, write); });
  }

  const Study& study_;
  methods::Compressor compressor_;
  nn::Network& network_;
  nn::Trainer& trainer_;
  Watch& watcher_;
  Progress progress_;
  std::vector<nn::Batch> held_out_;
  std::vector<double> accuracies_;  // held out, in the order they were measured
  io::TrainingState state_;
};

}  // namespace detail

/// Prunes the record's network to its policy while it trains, or trains it under the record's masks
/// where it has some; pruned weights are zero afterwards.
/// Stopped, the masks are as tight as they had become. With no epochs it is pruned alone.
template <class Watch>
void fine_tune(const Study& study, Watch& watcher, Record& record) {
  if (study.spec.fine_tune.train.epochs == 0) return prune_untrained(study, record);
  const search::FineTuneConfig config{train_config(study.spec), study.spec.fine_tune.schedule};
  nn::Network teacher = study.spec.teacher.value_or(study.network);
  search::FineTuner tuner(record.network, study.data.train, study.split().train, record.policy,
                          study.constraints, study.compressor, config, study.pool, &teacher,
                          detail::training_backend(study));
  if (study.constraints.budgets.any()) tuner.keep_to_budgets(pricing(study, record.policy));
  search::Fingerprint print = study.fingerprint();
  detail::add_training(config.train, print);
  print.add(config.schedule.ramp).add(config.schedule.begin);
  for (const methods::LayerPlan& plan : record.policy) search::add_plan(print, plan);
  for (const PruneMask& mask : record.masks)
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c) print.add(mask.kept(g, c) ? 1.0 : 0.0);
  if (!stored_bits(study, record.policy).empty()) detail::add_rounding(print);
  if (study.spec.teacher)
    for (const nn::ConstNamedTensor& p : std::as_const(teacher).parameters())
      print.add(std::span<const float>(p.tensor->data(), p.tensor->size()));
  detail::TrainingRun run(study, record.policy, record.network, tuner.trainer(),
                          kFineTuneCheckpoint, print.value(), true, watcher);
  if (run.restore())
    tuner.resume(run.state().epoch, run.state().masks, run.state().tightened);
  else if (!record.masks.empty())
    tuner.hold(record.masks);
  else if (config.schedule.begin > 0.0)
    tuner.reconstruct(reconstruction(study));
  if (auto quantiser = quantiser_of(study, record.policy)) tuner.quantise(std::move(*quantiser));
  run.finish([&](const auto& on_step) { return tuner.run_epoch(on_step); },
             [&] { return tuner.tightened(); }, record);
  tuner.settle_weights();
}

/// A helper's: measures policies, where the leader's study `searches`, and takes its part in each
/// step of training, until the leader dismisses it.
template <class Scalar = float>
void help(const Study& study, bool searches) {
  struct Measuring {
    explicit Measuring(const Study& of)
        : environment(environment_of<Scalar>(of)), evaluator(*of.spec.team, environment) {}

    search::PruningEnvironment<> environment;
    search::TeamEvaluator<> evaluator;
  };
  std::optional<Measuring> measuring;
  if (searches) measuring.emplace(study);
  std::optional<TeamHelper> training;
  study.spec.team->help(
      [&](const std::string& task) {
        if (!measuring) measuring.emplace(study);
        return measuring->evaluator.measured(task);
      },
      [&](const std::string& order) {
        measuring.reset();  // its memory is wanted
        if (!training)
          training.emplace(detail::team_training(study), study.network,
                           study.spec.teacher.value_or(study.network), study.pool);
        training->follow(order);
      });
}

/// Trains the record's network without masks. `begun`: it has learned something already.
template <class Watch>
void train(const Study& study, bool begun, Watch& watcher, Record& record) {
  search::Fingerprint print = study.fingerprint();
  detail::add_training(train_config(study.spec), print);
  nn::Trainer trainer(record.network, study.data.train, study.split().train,
                      train_config(study.spec), study.pool, nullptr,
                      detail::training_backend(study));
  detail::TrainingRun run(study, {}, record.network, trainer, kTrainCheckpoint, print.value(),
                          begun, watcher);
  if (run.restore()) trainer.resume(run.state().epoch, {});
  run.finish([&](const auto& on_step) { return trainer.run_epoch({}, on_step); },
             [] { return false; }, record);
}

}  // namespace autoprune::study
