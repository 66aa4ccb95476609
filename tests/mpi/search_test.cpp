// A search over ranks ends in the bits of one without, whatever happens in between.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "../search/helpers.hpp"
#include "autoprune/search/team_evaluator.hpp"
#include "world.hpp"

using namespace autoprune;
using mpi::test::variable;
using mpi::test::world;

namespace {

search::SearchConfig config_of(const std::string& searcher) {
  search::SearchConfig config;
  config.searcher = searcher;
  config.episodes = 14;
  config.batch = 4;
  return config;
}

struct Case {
  ThreadPool pool{1};
  search::PruningEnvironment<> environment{
      search::test::trained(), search::test::small_compressor(),
      search::test::environment_images(pool), search::test::target(3.0), pool};
};

/// What a search ends in when it measures one policy after the other.
std::string alone(Case& c, const search::SearchConfig& config) {
  search::Search search(c.environment, config);
  while (!search.done()) search.run_episode();
  return search.save();
}

std::string read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a search over ranks has the bits of one without") {
  Case c;
  for (const char* searcher : {"guided", "random", "evolution"}) {
    INFO(searcher);
    search::TeamEvaluator together(*world, c.environment);
    if (!world->leads()) {
      together.help();
      continue;
    }
    const search::Dismissal dismissal(world);
    search::Search search(c.environment, config_of(searcher));
    search.measure_with(together);
    while (!search.done()) search.run_episode();
    CHECK(search.save() == alone(c, config_of(searcher)));
  }
}

TEST_CASE("where a policy fails, those before it are kept, and its error is thrown next") {
  struct Picky {
    Picky& landscape() { return *this; }
    [[nodiscard]] static Index layers() { return 2; }
    [[nodiscard]] search::Fingerprint fingerprint() const { return {}; }
    [[nodiscard]] search::Outcome evaluate(const search::Policy& policy) const {
      if (policy.front().keep > 0.9) fail(ErrorId::not_finite, "keep ratio ", policy.front().keep);
      search::Outcome outcome;
      outcome.policy = policy;
      outcome.keep_ratios = search::keep_ratios(policy);
      outcome.crossbars = {1, 2, 3};
      return outcome;
    }
  } environment;
  search::TeamEvaluator together(*world, environment);
  if (!world->leads()) return together.help();
  const search::Dismissal dismissal(world);
  const std::vector<search::Policy> policies = {{0.1, 1.0}, {0.2, 1.0}, {0.95, 1.0}, {0.3, 1.0}};
  const auto outcomes = together.measure(policies);
  REQUIRE(outcomes.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(outcomes[i].policy == policies[i]);
    CHECK(outcomes[i].keep_ratios == search::keep_ratios(policies[i]));
    CHECK(outcomes[i].crossbars.pooled == 3);
  }
  CHECK_THROWS_WITH(together.measure(std::span(policies).subspan(2)),
                    "[autoprune.numeric.501] keep ratio 0.95");
}

TEST_CASE("members with other inputs don't measure for one another") {
  struct Other {
    Other& landscape() { return *this; }
    [[nodiscard]] static Index layers() { return 1; }
    [[nodiscard]] search::Fingerprint fingerprint() const {
      search::Fingerprint print;
      return print.add(static_cast<double>(world->rank()));
    }
    [[nodiscard]] search::Outcome evaluate(const search::Policy& policy) const {
      search::Outcome outcome;
      outcome.policy = policy;
      outcome.keep_ratios = search::keep_ratios(policy);
      return outcome;
    }
  } environment;
  search::TeamEvaluator together(*world, environment);
  if (!world->leads()) return together.help();
  const search::Dismissal dismissal(world);
  if (world->members() > 1)
    CHECK_THROWS_WITH(together.measure(std::vector<search::Policy>{{0.5}}),
                      Catch::Contains("other weights"));
}

// For faults.sh: a search that keeps a checkpoint, goes on from it, and stops or hangs on a rank.
TEST_CASE("a run", "[.run]") {
  const std::string file = variable("RUN_CHECKPOINT"), fault = variable("RUN_FAULT");
  struct Faulty {
    Case c = {};
    std::string fault = {}, checkpoint = {};
    mutable int measured = 0;

    [[nodiscard]] search::PruningLandscape& landscape() { return c.environment.landscape(); }
    [[nodiscard]] search::Fingerprint fingerprint() const { return c.environment.fingerprint(); }
    [[nodiscard]] search::Outcome evaluate(const search::Policy& policy) const {
      // Late enough that the leader has kept a checkpoint, however slow it is.
      if (!world->leads() && ++measured >= 3 && std::filesystem::exists(checkpoint)) {
        if (fault == "dies") std::raise(SIGKILL);
        if (fault == "hangs") std::this_thread::sleep_for(std::chrono::hours(1));
      }
      return c.environment.evaluate(policy);
    }
  } environment;
  environment.fault = fault;
  environment.checkpoint = file;
  world->set_time_limit(fault == "hangs" ? 2.0 : 0.0);
  search::TeamEvaluator together(*world, environment);
  if (!world->leads()) return together.help();
  const search::Dismissal dismissal(world);
  search::Search search(environment, config_of("guided"));
  search.measure_with(together);
  if (const std::string saved = read(file); !saved.empty()) search.restore(saved);
  try {
    while (!search.done()) {
      search.run_episode();
      std::ofstream(file + ".new", std::ios::binary) << search.save();
      std::filesystem::rename(file + ".new", file);  // whole, whenever the run is killed
    }
  } catch (const Error& error) {
    FAIL(error.what());
  }
}
