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
  Index size = 2;  // layers

  Telling& landscape() { return *this; }
  [[nodiscard]] Index layers() const { return size; }
  [[nodiscard]] Fingerprint fingerprint() const { return Fingerprint().add(inputs); }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    const double first = policy[0].keep;
    if (first > 0.9) fail(ErrorId::not_finite, "keep ratio ", first);
    Outcome o;
    o.policy = policy;
    for (const LayerPlan& plan : policy) o.keep_ratios.push_back(plan.keep / 2.0);
    o.accuracy = 100.0 * first / 3.0;
    o.reward = -first / 7.0;
    o.feasible = first < 0.5;
    o.crossbars = {1'000'003, 20, static_cast<Index>(100.0 * first)};
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
    const Dismissal dismissal(&team);
    TeamEvaluator evaluator(team, environment);
    static_assert(Evaluator<decltype(evaluator)>);
    Random random(1);
    for (const Index layers : {1, 8, 19}) {
      environment.size = layers;
      std::vector<Policy> policies(7);
      for (Policy& policy : policies)
        for (Index k = 0; k < layers; ++k) policy.emplace_back(random.uniform(0.01, 0.9));
      policies[3][0].hardware = {Geometry<>(64, 64, 16, 16, 2), 4, 6, 5};
      policies[4][0].granularity = 16;
      const std::vector<Outcome> outcomes = evaluator.measure(policies);
      REQUIRE(outcomes.size() == policies.size());
      for (std::size_t i = 0; i < policies.size(); ++i)
        check_same(outcomes[i], environment.evaluate(policies[i]));
    }
    environment.size = 1;
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
  const auto task_of = [](const Telling& leader, Policy policy) {
    return search::detail::message_of([&](auto& out) {
      std::uint64_t inputs = leader.fingerprint().value();
      out("inputs", inputs);
      visit_policy(out, policy);
    });
  };
  TeamEvaluator evaluator(helper, environment);
  helper.handed_out = {task_of(environment, {0.25, 1.0})};
  evaluator.help();
  REQUIRE(helper.answered.size() == 1);
  Outcome answer;
  search::detail::read_message(helper.answered[0], [&](auto& in) { visit_outcome(in, answer, 2); });
  check_same(answer, environment.evaluate({0.25, 1.0}));
  for (const std::string& task : {task_of(Telling{2.0}, {0.25, 1.0}), std::string("short")}) {
    helper.handed_out = {task};
    CHECK_THROWS_AS(evaluator.help(), Error);
  }
}

TEST_CASE("what isn't an outcome's bytes is refused") {
  const auto read = [](const std::string& bytes, std::size_t layers) {
    Outcome o;
    search::detail::read_message(bytes, [&](auto& in) { visit_outcome(in, o, layers); });
    return o;
  };
  Outcome one = Telling{}.evaluate({0.25, 0.5});
  const std::string whole =
      search::detail::message_of([&](auto& out) { visit_outcome(out, one, 2); });
  check_same(read(whole, 2), one);
  CHECK_THROWS_AS(read("", 2), Error);
  CHECK_THROWS_AS(read(whole.substr(0, whole.size() - 1), 2), Error);
  CHECK_THROWS_AS(read(whole + "x", 2), Error);
  CHECK_THROWS_AS(read(whole, 3), Error);
}
