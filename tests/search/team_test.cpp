#include "autoprune/search/team_evaluator.hpp"

#include <catch2/catch.hpp>

#include "autoprune/core/random.hpp"
#include "autoprune/search/evaluator.hpp"
#include "reversed_team.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

/// Every figure of an outcome is told apart. Policies above 0.9 fail.
struct Telling {
  double inputs = 1.0;

  [[nodiscard]] Fingerprint fingerprint() const { return Fingerprint().add(inputs); }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    if (policy[0] > 0.9) fail(ErrorId::not_finite, "keep ratio ", policy[0]);
    Outcome o;
    o.policy = policy;
    for (const double keep : policy) o.keep_ratios.push_back(keep / 2.0);
    o.accuracy = 100.0 * policy[0] / 3.0;
    o.reward = -policy[0] / 7.0;
    o.feasible = policy[0] < 0.5;
    o.crossbars = {1'000'003, 20, static_cast<Index>(100.0 * policy[0])};
    return o;
  }
};

void check_same(const Outcome& a, const Outcome& b) {
  CHECK(a.policy == b.policy);
  CHECK(a.keep_ratios == b.keep_ratios);
  CHECK(a.accuracy == b.accuracy);
  CHECK(a.reward == b.reward);
  CHECK(a.feasible == b.feasible);
  CHECK(a.crossbars.dense == b.crossbars.dense);
  CHECK(a.crossbars.per_layer == b.crossbars.per_layer);
  CHECK(a.crossbars.pooled == b.crossbars.pooled);
}

}  // namespace

TEST_CASE("a team's outcomes are those of the environment, in the order asked") {
  test::ReversedTeam team;
  Telling environment;
  {
    TeamEvaluator evaluator(team, environment);
    static_assert(Evaluator<decltype(evaluator)>);
    Random random(1);
    for (const std::size_t layers : {1u, 8u, 19u}) {
      std::vector<Policy> policies(7);
      for (Policy& policy : policies)
        for (std::size_t k = 0; k < layers; ++k) policy.push_back(random.uniform(0.01, 0.9));
      const std::vector<Outcome> outcomes = evaluator.measure(policies);
      REQUIRE(outcomes.size() == policies.size());
      for (std::size_t i = 0; i < policies.size(); ++i)
        check_same(outcomes[i], environment.evaluate(policies[i]));
    }
    const std::vector<Policy> policies = {{0.1}, {0.2}, {0.95}, {0.3}};
    CHECK(evaluator.measure(policies).size() == 2);
    CHECK_THROWS_WITH(evaluator.measure(std::span(policies).subspan(2)),
                      "[autoprune.numeric.501] keep ratio 0.95");
    CHECK(team.dismissed == 0);
  }
  CHECK(team.dismissed == 1);
}

TEST_CASE("a helper measures for a leader of its own inputs, and for no other") {
  Telling environment;
  test::ReversedTeam helper;
  helper.leading = false;
  const auto task_of = [](const Telling& leader, const Policy& policy) {
    const std::uint64_t inputs = leader.fingerprint().value();
    return std::string(reinterpret_cast<const char*>(&inputs), sizeof inputs) +
           search::detail::bytes_of(policy);
  };
  TeamEvaluator evaluator(helper, environment);
  helper.handed_out = {task_of(environment, {0.25, 1.0})};
  evaluator.help();
  REQUIRE(helper.answered.size() == 1);
  check_same(search::detail::outcome_of(helper.answered[0]), environment.evaluate({0.25, 1.0}));
  for (const std::string& task : {task_of(Telling{2.0}, {0.25, 1.0}), std::string("short")}) {
    helper.handed_out = {task};
    CHECK_THROWS_AS(evaluator.help(), Error);
  }
}

TEST_CASE("what isn't an outcome's bytes is refused") {
  CHECK_THROWS_AS(search::detail::outcome_of(""), Error);
  CHECK_THROWS_AS(search::detail::outcome_of(std::string(48 + 8, 'x')),
                  Error);  // a number too many
  CHECK_THROWS_AS(search::detail::outcome_of(std::string(49, 'x')), Error);
  CHECK(search::detail::outcome_of(search::detail::bytes_of(Outcome{})).policy.empty());
}
