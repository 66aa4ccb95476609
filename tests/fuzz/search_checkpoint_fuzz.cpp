// The bytes of a search's checkpoint; a search that took them can be saved again, and goes on.
#include <algorithm>

#include "harness.hpp"
#include "small_search.hpp"

namespace autoprune::fuzz {

namespace {

/// Whether the bytes were of such a search.
bool goes_on(std::string_view bytes, const std::string& searcher) {
  SmallSearch run(searcher);
  if (!succeeds([&] { run.search.restore(bytes); })) return false;
  require(run.search.save() == bytes, "a search isn't the one that was saved");
  if (!run.search.done()) (void)run.search.run_episode();
  return true;
}

const Harness kSearchCheckpoint("search_checkpoint", [](std::string_view bytes) {
  const std::vector<std::string> searchers = search::searcher_names();
  if (std::none_of(searchers.begin(), searchers.end(),
                   [&](const std::string& searcher) { return goes_on(bytes, searcher); }))
    fail(ErrorId::checkpoint_mismatch, "no search's bytes");
});

}  // namespace

}  // namespace autoprune::fuzz
