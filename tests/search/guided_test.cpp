// What the guided search shows to its agent, stores for it and takes from it, step by step, beside
// plain loops over the same episodes.

#include <catch2/catch.hpp>
#include <cmath>

#include "helpers.hpp"
#include "witness.hpp"

using namespace autoprune;
using namespace autoprune::search;
using namespace autoprune::search::test;

TEST_CASE(
    "after a warm start the critic learns at once, and leads the actor only when it has seen "
    "enough") {
  Witness environment;
  SearchConfig config = small_search("guided");
  config.imitation_steps = config.anchor_steps = 0;
  config.critic_episodes = 40;
  config.episodes = 44;
  Search<Witness> search(environment, config);
  const std::vector<float> actor = numbers_of(search).at("actor");
  std::vector<float> critic = numbers_of(search).at("critic");
  const auto starts = warm_start(environment.ranked, environment.limits, config.episodes).size();
  while (!search.done()) {
    search.run_episode();
    const auto numbers = numbers_of(search);
    const std::size_t n = search.episodes().size();
    INFO("episode " << n);
    REQUIRE((numbers.at("critic") != critic) == (n >= starts));
    REQUIRE((numbers.at("actor") != actor) == (n > 40));
    critic = numbers.at("critic");
  }
}

TEST_CASE("the actor is fitted when there is a new best policy, and anchored after all others") {
  for (const bool anchored : {false, true}) {
    Witness environment;
    SearchConfig config = small_search("guided");
    config.imitation_steps = anchored ? 0 : 20;
    config.anchor_steps = anchored ? 20 : 0;
    Search<Witness> search(environment, config);
    const auto starts = warm_start(environment.ranked, environment.limits, config.episodes).size();
    std::vector<float> actor = numbers_of(search).at("actor");
    Index best = -1, fitted = 0, others = 0;
    while (!search.done()) {
      search.run_episode();
      const std::vector<float> now = numbers_of(search).at("actor");
      const bool started = search.episodes().size() >= starts;
      const bool is_new = search.best() != best;
      REQUIRE((now != actor) == (started && is_new != anchored));
      if (started) {
        best = search.best();
        (is_new ? fitted : others) += 1;
      }
      actor = now;
    }
    REQUIRE(fitted > 1);
    REQUIRE(others > 1);
  }
}

TEST_CASE("the actor repeats the mean of the best four policies, the better the heavier") {
  Witness environment;
  SearchConfig config = small_search("guided");
  config.imitation_steps = config.anchor_steps = 1500;
  config.agent.actor_rate = 3e-3;
  Search<Witness> search(environment, config);
  while (search.episodes().size() < 34) search.run_episode();

  std::vector<const Outcome*> order;
  for (const Episode& episode : search.episodes()) order.push_back(&episode.outcome);
  std::stable_sort(order.begin(), order.end(),
                   [](const Outcome* a, const Outcome* b) { return a->reward > b->reward; });
  std::vector<double> mean(kWitnessed, 0.0);
  double total = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    const double weight = std::log(4.5 / static_cast<double>(i + 1));
    total += weight;
    for (std::size_t k = 0; k < mean.size(); ++k)
      mean[k] += weight * action_of(order[i]->keep_ratios[k]);
  }

  environment.table.asked.clear();
  search.run_episode();
  // Of the next walk through the layers: what the agent took before each.
  for (std::size_t k = 1; k < kWitnessed; ++k)
    REQUIRE(action_of(environment.table.asked[k].previous) ==
            Approx(mean[k - 1] / total).margin(0.004));
}

namespace {

/// What a model of all episodes expects of each proposal but the last, which was chosen.
std::vector<double> gains_of(const std::vector<Episode>& episodes,
                             std::span<const Policy> proposals) {
  const auto point_of = [](const std::vector<double>& policy) {
    Eigen::VectorXd point(kWitnessed);
    for (Index k = 0; k < kWitnessed; ++k)
      point(k) = double{static_cast<float>(action_of(policy[static_cast<std::size_t>(k)]))};
    return point;
  };
  const Index count = std::ssize(episodes);
  Eigen::MatrixXd points(kWitnessed, count);
  std::vector<double> rewards;
  for (const Episode& episode : episodes) {
    points.col(std::ssize(rewards)) = point_of(episode.outcome.keep_ratios);
    rewards.push_back(episode.outcome.reward);
  }
  std::vector<double> sorted = rewards;
  std::sort(sorted.begin(), sorted.end());
  const double floor = 2.0 * sorted[sorted.size() / 2] - sorted.back();
  Eigen::VectorXd values(count);
  for (Index i = 0; i < count; ++i)
    values(i) = std::max(rewards[static_cast<std::size_t>(i)], floor);
  const RewardModel model(points, values);
  double best = -1e300;
  for (Index i = 0; i < count; ++i) best = std::max(best, model.at(points.col(i)).mean);
  std::vector<double> gains;
  for (const Policy& proposal : proposals.first(proposals.size() - 1))
    gains.push_back(expected_improvement(
        model.at(point_of(Witness::realised(Witness::times(proposal, 0.9)))), best));
  return gains;
}

}  // namespace

TEST_CASE("of the candidates near the actor's policy, the one that promises most is measured") {
  Witness environment;
  environment.worst = -1e6;  // the model isn't to follow it
  SearchConfig config = small_search("guided");
  config.candidates = 50;
  Search<Witness> search(environment, config);
  while (search.episodes().size() < 30) search.run_episode();
  REQUIRE(std::any_of(search.episodes().begin(), search.episodes().end(),
                      [](const Episode& e) { return e.outcome.reward < -1e5; }));
  while (search.episodes().size() < 60) {
    const std::vector<Episode> before = search.episodes();
    environment.proposals.clear();
    search.run_episode();
    REQUIRE(environment.proposals.size() == 51);  // the chosen one once more
    const std::vector<double> gains = gains_of(before, environment.proposals);
    const auto chosen = std::max_element(gains.begin(), gains.end()) - gains.begin();
    REQUIRE(environment.proposals.back() ==
            environment.proposals[static_cast<std::size_t>(chosen)]);
  }
}

TEST_CASE("candidates lie a quarter to twice a step away, in all layers or in a share of them") {
  Witness environment;
  SearchConfig config = small_search("guided");
  config.candidates = 400;
  Search<Witness> search(environment, config);
  while (search.episodes().size() < 34) search.run_episode();
  environment.proposals.clear();
  environment.table.asked.clear();
  search.run_episode();
  Index moved[2] = {0, 0}, up = 0, short_ones = 0, long_ones = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    double squares = 0.0;
    for (std::size_t k = 0; k + 1 < kWitnessed; ++k) {
      const double own = action_of(environment.table.asked[k + 1].previous);
      const double step = action_of(environment.proposals[i][k].keep) - own;
      moved[i % 2] += std::abs(step) > 1e-6 ? 1 : 0;
      up += step > 1e-6 ? 1 : 0;
      squares += step * step;
    }
    const double length = std::sqrt(squares / 3.0) / (config.warm_step / 2.0);
    if (i % 2 == 0) short_ones += length < 0.4 ? 1 : 0;
    if (i % 2 == 0) long_ones += length > 1.6 ? 1 : 0;
  }
  REQUIRE(moved[0] > 570);  // of 600; a few stop at an end of their range
  REQUIRE(moved[1] == Approx(180).margin(60));
  REQUIRE(static_cast<double>(up) / static_cast<double>(moved[0] + moved[1]) ==
          Approx(0.5).margin(0.08));
  REQUIRE(short_ones > 40);  // 15 and 10 of 200 were every step equally long
  REQUIRE(long_ones > 15);
}

TEST_CASE(
    "of several policies at once, each is chosen as if those before were worth what is expected") {
  Witness environment;
  const SearchConfig config = small_search("guided");
  std::vector<Policy> first;
  for (const Index batch : {1, 4}) {
    Guided<Witness> guided(environment, config);
    std::vector<Proposal> asked;
    for (Index told = 0; told < 30; told += std::ssize(asked)) {
      asked = guided.ask(1);
      guided.tell(std::vector{environment.evaluate(environment.allowed(asked.front().policy))});
    }
    asked = guided.ask(batch);
    REQUIRE(std::ssize(asked) == batch);
    first.push_back(asked.front().policy);
    for (std::size_t i = 1; i < asked.size(); ++i) {
      double step = 0.0;  // none twice
      for (std::size_t k = 0; k < asked[i].policy.size(); ++k)
        step += std::abs(std::log(asked[i].policy[k].keep / asked[i - 1].policy[k].keep));
      REQUIRE(step > 0.01);
    }
  }
  REQUIRE(first[0] == first[1]);
}
