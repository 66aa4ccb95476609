#include <autoprune/io/checkpoint_file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/training_checkpoint.hpp>
#include <autoprune/search/fine_tune.hpp>

#include "long_work.hpp"
#include "progress.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace fs = std::filesystem;

namespace {

/// Share of all column-vectors that masks keep.
double keep_ratio(const std::vector<PruneMask>& masks) {
  Index kept = 0, vectors = 0;
  for (const PruneMask& mask : masks) {
    kept += mask.kept_count();
    vectors += mask.vectors();
  }
  return vectors > 0 ? static_cast<double>(kept) / static_cast<double>(vectors) : 1.0;
}

/// Runs a trainer to its end, epoch by epoch, each followed by a measurement and a checkpoint.
class TrainingRun {
 public:
  /// `begun`: the network has learned something already.
  TrainingRun(Job& job, nn::Network& network, nn::Trainer& trainer, const char* what,
              const char* checkpoint, std::uint64_t run, bool begun)
      : job_(job),
        network_(network),
        trainer_(trainer),
        what_(what),
        checkpoint_(job.file(checkpoint)),
        run_(run),
        held_out_(job.held_out_batches()) {
    if (begun) accuracies_.push_back(nn::evaluate(trainer.session(), held_out_).top1);
  }

  /// Loads the checkpoint when there is one. The caller resumes with what comes back.
  [[nodiscard]] bool restore() {
    if (std::error_code ignored; !fs::exists(checkpoint_, ignored)) return false;
    const io::Checkpoint saved = io::read_checkpoint(checkpoint_, run_);
    state_ = io::load_training(saved.bytes, network_, trainer_);
    before_ = saved.seconds;
    return true;
  }
  [[nodiscard]] const io::TrainingState& state() const noexcept { return state_; }

  /// `epoch(on_step)` runs one; `tightened()` says whether the masks are final.
  template <class Epoch, class Tightened>
  TrainingResult finish(Epoch&& epoch, Tightened&& tightened) {
    run_epochs(epoch, tightened);
    for (const io::EpochFigures& figures : state_.history)
      accuracies_.push_back(figures.held_out_top1);
    const nn::Course course = nn::course_of(accuracies_, job_.data->train.classes);
    if (course.collapsed) warn(io::collapse_warning(course));
    return {trainer_.masks(), io::fine_tune_json(state_.history, course), worked()};
  }

 private:
  template <class Epoch, class Tightened>
  void run_epochs(Epoch&& epoch, Tightened&& tightened) {
    const auto epochs = static_cast<double>(job_.options.fine_tune.train.epochs);
    Progress progress(what_, job_.options.quiet, static_cast<double>(state_.epoch) / epochs);
    while (!trainer_.done()) {
      const nn::EpochReport report = epoch([&](Index step, Index steps) {
        const double share = static_cast<double>(step) / static_cast<double>(steps);
        progress.show((static_cast<double>(trainer_.epoch()) + share) / epochs, describe(share));
      });
      remember(report, tightened());
      progress.show(static_cast<double>(trainer_.epoch()) / epochs, describe(0.0), true);
    }
  }

  [[nodiscard]] double worked() const { return before_ + job_.seconds() - began_; }

  void remember(const nn::EpochReport& report, bool tightened) {
    const std::vector<PruneMask>& masks = trainer_.masks();
    io::EpochFigures figures{report.epoch, report.loss, report.learning_rate, keep_ratio(masks),
                             1.0,          0.0,         report.seconds};
    if (!masks.empty())
      figures.compression_pooled = job_.compressor.count(masks).crossbars.compression_pooled();
    figures.held_out_top1 = nn::evaluate(trainer_.session(), held_out_).top1;
    state_.history.push_back(figures);
    state_.epoch = report.epoch;
    state_.tightened = tightened;
    state_.masks = masks;
    io::write_checkpoint(checkpoint_,
                         {run_, worked(), io::save_training(network_, trainer_, state_)});
  }

  /// The figures of the last epoch, and where in the next one the run is.
  [[nodiscard]] std::string describe(double share) const {
    std::string text = concat(
        "epoch ",
        io::format_number(static_cast<double>(trainer_.epoch()) + share, share > 0.0 ? 2 : 0), '/',
        job_.options.fine_tune.train.epochs);
    if (state_.history.empty()) return text;
    const io::EpochFigures& last = state_.history.back();
    text += "  loss " + io::format_number(last.loss, 3);
    if (!state_.masks.empty())
      text += "  CR " + io::format_number(last.compression_pooled, 2) + " pooled";
    return text + "  held-out Acc1 " + io::format_number(last.held_out_top1, 2) + " %";
  }

  Job& job_;
  nn::Network& network_;
  nn::Trainer& trainer_;
  const char* what_;
  fs::path checkpoint_;
  std::uint64_t run_;
  std::vector<nn::Batch> held_out_;
  std::vector<double> accuracies_;  // held out, in the order they were measured
  io::TrainingState state_;
  double before_ = 0.0, began_ = job_.seconds();
};

}  // namespace

nn::TrainConfig train_config(const Options& o) {
  nn::TrainConfig config = o.fine_tune.train;
  config.seed = o.seed;
  return config;
}

TrainingResult run_fine_tune(Job& job, nn::Network& network, const search::Policy& policy) {
  search::FineTuneConfig config{train_config(job.options), job.options.fine_tune.schedule};
  search::FineTuner tuner(network, job.data->train, job.split().train, policy, job.constraints,
                          job.compressor, config, job.pool, &job.network);
  search::Fingerprint print = job.fingerprint({kHardware, kConstraints, kHeldOut, kTraining});
  print.add(std::span<const double>(policy));
  TrainingRun run(job, network, tuner.trainer(), "fine-tune", kFineTuneCheckpoint, print.value(),
                  true);
  if (run.restore())
    tuner.resume(run.state().epoch, run.state().masks, run.state().tightened);
  else if (config.schedule.begin > 0.0)
    tuner.reconstruct(reconstruction(job));
  TrainingResult result = run.finish([&](const auto& on_step) { return tuner.run_epoch(on_step); },
                                     [&] { return tuner.tightened(); });
  tuner.erase_pruned();
  return result;
}

PrunedNetwork search_and_fine_tune(Job& job) {
  PrunedNetwork pruned{run_search(job), job.network, {}};
  write_policy(job, pruned.found.policy);
  pruned.tuned = run_fine_tune(job, pruned.network, pruned.found.policy);
  write_pruned(job, pruned.network, pruned.found.policy);
  return pruned;
}

TrainingResult run_training(Job& job) {
  const std::uint64_t fingerprint = job.fingerprint({kHeldOut, kTraining}).value();
  nn::Trainer trainer(job.network, job.data->train, job.split().train, train_config(job.options),
                      job.pool);
  TrainingRun run(job, job.network, trainer, "train", kTrainCheckpoint, fingerprint,
                  !job.random_weights);
  if (run.restore()) trainer.resume(run.state().epoch, {});
  return run.finish([&](const auto& on_step) { return trainer.run_epoch({}, on_step); },
                    [] { return false; });
}

void refuse_checkpoints(const Job& job, const std::vector<std::string>& names) {
  if (job.options.resume) return;
  std::error_code ignored;
  for (const std::string& name : names)
    if (fs::exists(job.file(name), ignored))
      fail(ErrorId::checkpoint_mismatch, "'", job.file(name).string(),
           "' is the checkpoint of a run that didn't end; pass --resume to go on with it, or "
           "choose another --out");
}

void remove_checkpoints(const Job& job, const std::vector<std::string>& names) {
  std::error_code ignored;
  for (const std::string& name : names) fs::remove(job.file(name), ignored);
}

void check_training(const Job& job) {
  const nn::TrainConfig config = train_config(job.options);
  config.validate();
  job.options.fine_tune.schedule.validate();
  const auto images = static_cast<Index>(job.split().train.size());
  if (images < config.batch)
    fail(ErrorId::empty_data, images, " training images make no batch of ", config.batch,
         "; take a smaller --batch or --held-out");
}

}  // namespace autoprune::cli
