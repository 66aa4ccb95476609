// The bytes of a search's checkpoint; a search that took them can be saved again, and goes on.
#include "harness.hpp"
#include "small_search.hpp"

namespace autoprune::fuzz {

namespace {

/// Whether the bytes were of such a search.
bool goes_on(std::string_view bytes, bool warm) {
  SmallSearch run(warm);
  if (!succeeds([&] { run.pruner.restore(bytes); })) return false;
  require(run.pruner.save() == bytes, "a search isn't the one that was saved");
  if (!run.pruner.done()) (void)run.pruner.run_episode();
  return true;
}

const Harness kSearchCheckpoint("search_checkpoint", [](std::string_view bytes) {
  if (!goes_on(bytes, false) && !goes_on(bytes, true))
    fail(ErrorId::checkpoint_mismatch, "no search's bytes");
});

}  // namespace

}  // namespace autoprune::fuzz
