// The program where the system gives it less than it asks for.
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

constexpr Index kMib = Index{1} << 20;

// MPI's libraries take address space in every run.
#ifdef AUTOPRUNE_MPI
constexpr Index kLibraries = 100 * kMib;
#else
constexpr Index kLibraries = 0;
#endif

// The sanitizer itself needs more address space than a limit here leaves.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kLimitable = false;
#else
constexpr bool kLimitable = true;
#endif

/// At most so much address space, of which the stack of every thread takes a part.
Before address_space(Index whole, Index stack) {
  return [=] {
    set_limit(RLIMIT_STACK, stack);
    set_limit(RLIMIT_AS, whole);
  };
}

}  // namespace

TEST_CASE("fewer threads than were asked for: a warning, and the same results") {
  if (!kLimitable) return;
  const Words evaluate = Words{"evaluate"} + inputs() + Words{"--threads", "64", "--json", "-"};
  const Answer all = run(evaluate),
               few = run(evaluate, address_space(800 * kMib + kLibraries, 256 * kMib));
  INFO(few.err);
  REQUIRE(few.status == 0);
  CHECK(all.err.empty());
  CHECK(std::count(few.err.begin(), few.err.end(), '\n') == 1);
  CHECK(has(few.err, "warning: "));
  CHECK(has(few.err, " of 64 threads"));
  CHECK(few.json()["threads"].get<Index>() < 64);
  CHECK(few.json()["accuracy"] == all.json()["accuracy"]);
  CHECK(few.json()["layers"] == all.json()["layers"]);
}

TEST_CASE("memory that there isn't is an error with an id") {
  if (!kLimitable) return;
  const Answer answer = run({"map", "--network", "vgg16"}, address_space(64 * kMib, 8 * kMib));
  INFO(answer.err);
  CHECK(answer.status == 1);
  CHECK(has(answer.err, "[autoprune.state.605]"));
}
