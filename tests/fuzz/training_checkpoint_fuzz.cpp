// The bytes of a training run's checkpoint; a run that took them can be saved again.
#include "autoprune/io/training_checkpoint.hpp"
#include "harness.hpp"
#include "small_training.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kTrainingCheckpoint("training_checkpoint", [](std::string_view bytes) {
  SmallTraining run;
  const std::string before = run.save({});
  try {
    const io::TrainingState state = io::load_training(bytes, run.network, run.trainer);
    run.trainer.resume(state.epoch, state.masks);
    require(run.save(state) == bytes, "a training isn't the one that was saved");
  } catch (const Error&) {
    require(run.save({}) == before, "a refused checkpoint has changed the run");
    throw;
  }
});

}  // namespace

}  // namespace autoprune::fuzz
