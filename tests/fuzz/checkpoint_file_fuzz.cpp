// What stands around a checkpoint's own bytes.
#include "autoprune/io/checkpoint_file.hpp"

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kCheckpointFile("checkpoint_file", [](std::string_view bytes) {
  (void)io::parse_checkpoint(std::string(bytes), 42, "any");
});

}  // namespace

}  // namespace autoprune::fuzz
