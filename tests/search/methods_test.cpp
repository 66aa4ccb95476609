#include "autoprune/search/methods.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

double best_reward(const std::vector<Outcome>& outcomes) {
  double best = -1.0;
  for (const Outcome& o : outcomes) best = std::max(best, o.reward);
  return best;
}

}  // namespace

TEST_CASE("the evolution strategy finds the top of a skewed hill") {
  // Coordinates of very different scale, the top away from the start.
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<double> top = {0.7, -0.4, 0.1, 0.9, 0.3};
    Evolution strategy(std::vector<double>(5, 0.5), 0.3, seed);
    double best = -1e9;
    for (std::size_t i = 0; i < 250 * strategy.population(); ++i) {
      const std::vector<double> point = strategy.ask();
      double value = 0.0;
      for (std::size_t k = 0; k < point.size(); ++k)
        value -= std::pow(10.0, static_cast<double>(k)) * (point[k] - top[k]) * (point[k] - top[k]);
      best = std::max(best, value);
      strategy.tell(value);
    }
    REQUIRE(best > -1e-8);
  }
}

TEST_CASE("every method keeps to its budget, and gives the same for the same seed") {
  ThreadPool pool(1);
  for (const bool has_target : {false, true}) {
    const Constraints constraints = has_target ? test::target(3.0) : Constraints{};
    PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                     test::environment_images(pool), constraints, pool);
    for (const auto& [method, name] : kSearchMethodNames)
      for (const Index budget : {1, 9}) {
        INFO(name << ", budget " << budget);
        const auto outcomes = search_by(method, environment, budget, 3);
        REQUIRE(static_cast<Index>(outcomes.size()) <= budget);
        REQUIRE_FALSE(outcomes.empty());
        if (method != SearchMethod::greedy) REQUIRE(static_cast<Index>(outcomes.size()) == budget);
        if (has_target)
          for (const Outcome& o : outcomes) REQUIRE(o.crossbars.compression_pooled() >= 3.0);
        if (method == SearchMethod::agent) continue;  // slow, and tested elsewhere
        const auto again = search_by(method, environment, budget, 3);
        for (std::size_t i = 0; i < outcomes.size(); ++i)
          REQUIRE(outcomes[i].policy == again[i].policy);
      }
  }
}

TEST_CASE("evolution is no worse than its start, greedy no worse than dense") {
  ThreadPool pool(1);
  PruningEnvironment<> environment(test::trained(), test::small_compressor(),
                                   test::environment_images(pool), {}, pool);
  const auto start = warm_start(environment.rankings(), environment.constraints(), 30);
  double heuristic = -1.0;
  for (const Proposal& p : start)
    heuristic = std::max(heuristic, environment.evaluate(environment.allowed(p.policy)).reward);
  REQUIRE(best_reward(search_by(SearchMethod::evolution, environment, 30, 1)) >= heuristic);
  const double dense = environment.evaluate(Policy(4, 1.0)).reward;
  REQUIRE(best_reward(search_by(SearchMethod::greedy, environment, 30, 1)) > dense);
  REQUIRE(error_of([&] { (void)search_by(SearchMethod::random, environment, 0, 1); }) ==
          ErrorId::out_of_range);
}
