#include "autoprune/search/evaluator.hpp"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

std::vector<Policy> random_policies(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<Policy> policies;
  for (std::size_t i = 0; i < count; ++i) policies.push_back(test::random_policy(random, 4));
  return policies;
}

std::string bits_of(const Outcome& outcome) {
  ArchiveWriter out;
  Outcome o = outcome;
  visit_outcome(out, o, o.policy.size());
  return out.bytes();
}

/// An accuracy of the simulated accelerator: exchanges the session's products.
AccuracyOracle on_crossbars() {
  hardware::Accelerator chip;
  chip.geometry = test::SmallGeometry{};
  return simulated_accuracy(test::small_compressor(), chip, {});
}

/// Kept weights are fitted: exchanges the session's weights.
AccuracyOracle reconstructed() {
  nn::Network network = test::trained();
  ThreadPool pool(1);
  nn::CpuBackend backend(network, pool);
  return reconstructed_accuracy(
      std::make_shared<const Reconstruction>(backend, test::environment_images(pool).calibration));
}

struct Measured {
  explicit Measured(AccuracyOracle oracle = float_accuracy(), Index threads = 1,
                    const Constraints& constraints = test::target(3.0))
      : pool(threads),
        environment(test::trained(), test::small_compressor(), test::environment_images(pool),
                    constraints, pool, Metric::top1, CompressionReward{}, std::move(oracle)) {}

  ThreadPool pool;
  PruningEnvironment<> environment;
};

/// Keeps a note of how many are measured at once. A policy below 0.1 waits until as many others are
/// measured; policies above 0.9 fail.
struct Busy {
  int together = 1;
  mutable std::atomic<int> now = 0, most = 0;

  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    const int at_once = ++now;
    for (int seen = most; at_once > seen && !most.compare_exchange_weak(seen, at_once);) {
    }
    for (int i = 0; policy[0].keep < 0.1 && most < together && i < 10'000; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --now;
    if (policy[0].keep > 0.9) fail(ErrorId::not_finite, "no outcome at ", policy[0].keep);
    Outcome out;
    out.policy = policy;
    return out;
  }
};

/// Everything of a batch, as often as it takes.
std::vector<Outcome> measure_all(Evaluator auto& evaluator, std::span<const Policy> policies) {
  std::vector<Outcome> all;
  while (all.size() < policies.size())
    for (Outcome& outcome : evaluator.measure(policies.subspan(all.size())))
      all.push_back(std::move(outcome));
  return all;
}

SearchConfig busy_search(Index batch) {
  SearchConfig config;
  config.searcher = "evolution";
  config.episodes = 14;
  config.batch = batch;
  return config;
}

}  // namespace

TEST_CASE("a batch has the same bits, however many are measured at once, and before") {
  const std::vector<AccuracyOracle> oracles = {float_accuracy(), on_crossbars(), reconstructed()};
  for (const AccuracyOracle& oracle : oracles)
    for (const std::size_t batch : {1, 4, 7}) {
      const std::vector<Policy> policies = random_policies(batch, batch);
      std::vector<std::string> alone;
      for (const Policy& policy : policies)
        alone.push_back(bits_of(Measured(oracle).environment.evaluate(policy)));
      Measured used(oracle), two_threads(oracle, 2);
      for (const Index workers : {1, 2, 3})
        for (const Measured* m : {&used, &two_threads}) {
          ParallelEvaluator evaluator(m->environment, workers);
          const std::vector<Outcome> outcomes = measure_all(evaluator, policies);
          for (std::size_t i = 0; i < batch; ++i) REQUIRE(bits_of(outcomes[i]) == alone[i]);
        }
    }
}

TEST_CASE("a search ends in the same bits, however many of a batch are measured at once") {
  for (const Index batch : {1, 4, 7}) {
    std::optional<std::string> alone;
    for (const Index workers : {0, 1, 2, 3}) {
      Measured m;
      Search search(m.environment, busy_search(batch));
      std::optional<ParallelEvaluator<PruningEnvironment<>>> evaluator;
      if (workers > 0) search.measure_with(evaluator.emplace(m.environment, workers));
      while (!search.done()) search.run_episode();
      if (!alone) alone = search.save();
      REQUIRE(search.save() == *alone);
    }
  }
}

TEST_CASE("a search that measures several at once is stopped and resumed as any other") {
  Measured m;
  ParallelEvaluator evaluator(m.environment, 3);
  const auto make = [&] {
    Search<> search(m.environment, busy_search(7));
    search.measure_with(evaluator);
    return search;
  };
  Search<> whole = make();
  std::vector<std::string> saves = {whole.save()};
  while (!whole.done()) {
    whole.run_episode();
    saves.push_back(whole.save());
  }
  Search<> used = make();  // with outcomes at hand that were of another place
  used.run_episode();
  for (const std::string& save : saves) {
    Search<> fresh = make();
    for (Search<>* resumed : {&fresh, &used}) {
      resumed->restore(save);
      while (!resumed->done()) resumed->run_episode();
      REQUIRE(resumed->save() == saves.back());
    }
  }
}

TEST_CASE("no more are measured at once than there are workers, and as many where it can be") {
  for (const Index workers : {1, 2, 3}) {
    const Busy busy{static_cast<int>(workers)};
    ParallelEvaluator evaluator(busy, workers);
    const std::vector<Policy> policies(7, Policy{0.05});
    REQUIRE(std::ssize(evaluator.measure(policies)) == workers);
    REQUIRE(busy.most == workers);
    REQUIRE(evaluator.measure(std::span(policies).first(1)).size() == 1);
  }
}

TEST_CASE("where a policy fails, those before it are answered, and then the first error is") {
  const Busy busy;
  ParallelEvaluator three(busy, 3), one(busy, 1);
  const std::vector<Policy> policies = {{0.01}, {0.91}, {0.92}, {0.5}};
  REQUIRE(three.measure(policies).size() == 1);
  const auto rest = std::span<const Policy>(policies).subspan(1);
  for (auto* evaluator : {&one, &three})
    REQUIRE_THROWS_WITH(evaluator->measure(rest), Catch::Contains("at 0.91"));
  REQUIRE(three.measure(rest.subspan(2)).size() == 1);
}

TEST_CASE("a search keeps what was measured before an error, and may try again") {
  std::atomic<bool> broken = true;
  const auto oracle = [&](nn::Backend& backend, const Candidate& candidate,
                          const EnvironmentImages& images) {
    if (broken && candidate.masks[2].keep_ratio() < 0.4) fail(ErrorId::not_finite, "no accuracy");
    return backend.evaluate(images.held_out);
  };
  Measured m(oracle, 1, {}), whole(float_accuracy(), 1, {});
  SearchConfig config;
  config.searcher = "uniform";
  config.episodes = config.batch = 6;
  ParallelEvaluator evaluator(m.environment, 3);
  Search<> search(m.environment, config), expected(whole.environment, config);
  search.measure_with(evaluator);
  ErrorId error{};
  while (error == ErrorId{}) error = error_of([&] { search.run_episode(); });
  REQUIRE(error == ErrorId::not_finite);
  const std::size_t kept = search.episodes().size();
  REQUIRE(kept == 2);  // which keep all and half of it
  REQUIRE(error_of([&] { search.run_episode(); }) == ErrorId::not_finite);
  REQUIRE(search.episodes().size() == kept);
  broken = false;
  Search<> resumed(m.environment, config);
  resumed.restore(search.save());
  while (!expected.done()) expected.run_episode();
  for (Search<>* run : {&search, &resumed}) {
    while (!run->done()) run->run_episode();
    REQUIRE(run->save() == expected.save());
  }
}

TEST_CASE("evaluators that answer too little or too much are refused, and so are no workers") {
  struct Answers {
    std::size_t count;
    std::vector<Outcome> measure(std::span<const Policy>) { return std::vector<Outcome>(count); }
  };
  Measured m;
  for (const std::size_t count : {0, 5}) {
    Answers evaluator{count};
    Search<> search(m.environment, busy_search(4));
    search.measure_with(evaluator);
    REQUIRE(error_of([&] { search.run_episode(); }) == ErrorId::shape_mismatch);
    REQUIRE(search.episodes().empty());
  }
  for (const Index workers : {-1, 0, 1025})
    REQUIRE(error_of([&] { ParallelEvaluator(m.environment, workers); }) == ErrorId::out_of_range);
}
