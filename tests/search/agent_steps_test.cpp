// What the search shows to its agent, stores for it and takes from it, step by step, beside plain
// loops over the same episodes.

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>

#include "autoprune/search/auto_prune.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

constexpr Index kWitnessed = 4;  // layers

/// An environment of simple answers that writes down what it is asked. What it realises is neither
/// what is allowed nor what was proposed.
struct Witness {
  struct Asked {
    Index k;
    double saved, previous;
  };
  struct States {
    mutable std::vector<Asked> asked;
    [[nodiscard]] State at(Index k, double saved, double previous) const {
      asked.push_back({k, saved, previous});
      State state{};
      state[0] = static_cast<float>(k) / 4.0F;
      state[9] = static_cast<float>(saved) / 100.0F;
      state[11] = static_cast<float>(previous);
      return state;
    }
  };

  Constraints limits;
  std::vector<Ranking> ranked;
  States table;
  std::vector<Policy> proposals;  ///< that allowed() was asked about
  double worst = 0.0;  ///< added to the reward where the third layer keeps nearly nothing

  Witness() {
    Random random(9);
    for (Index k = 0; k < kWitnessed; ++k) {
      prune::Scores ous(3, 4 + k);
      for (Index i = 0; i < ous.size(); ++i) ous.data()[i] = static_cast<float>(random.uniform());
      ranked.push_back({ous, ous, {}});
    }
  }

  [[nodiscard]] Index layers() const { return kWitnessed; }
  [[nodiscard]] const States& states() const { return table; }
  [[nodiscard]] const Constraints& constraints() const { return limits; }
  [[nodiscard]] std::span<const Ranking> rankings() const { return ranked; }
  [[nodiscard]] double dense_accuracy() const { return 90.0; }
  [[nodiscard]] Fingerprint fingerprint() const { return {}; }
  [[nodiscard]] double saved(Index k, double keep) const {
    return 10.0 * static_cast<double>(k + 1) * (1.0 - keep);
  }
  [[nodiscard]] Policy allowed(const Policy& policy) {
    proposals.push_back(policy);
    return times(policy, 0.9);
  }
  [[nodiscard]] static Policy realised(Policy policy) {
    for (double& keep : policy) keep = std::max(kLeastKeepRatio, 0.8 * std::pow(keep, 1.3));
    return policy;
  }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    Outcome out;
    out.policy = policy;
    out.keep_ratios = realised(policy);
    out.accuracy = 50.0;
    const std::vector<double> peak = {0.1, 0.3, 0.05, 0.2};
    for (std::size_t k = 0; k < policy.size(); ++k)
      out.reward -= std::pow(std::log(out.keep_ratios[k] / peak[k]), 2) / 20.0;
    if (out.keep_ratios[2] < 0.08) out.reward += worst;
    return out;
  }

  static Policy times(Policy policy, double factor) {
    for (double& keep : policy) keep = std::max(kLeastKeepRatio, factor * keep);
    return policy;
  }
};

SearchConfig small_search(bool warm) {
  SearchConfig config;
  config.episodes = 60;
  config.warm_start = warm;
  config.agent.shape.hidden = {16, 12};
  config.agent.batch = 8;
  config.agent.warmup_episodes = 5;
  config.seed = 7;
  return config;
}

/// The numbers of a checkpoint by their names; of a name that occurs often, the last.
std::map<std::string, std::vector<float>> numbers_of(AutoPruner<Witness>& search) {
  const std::string bytes = search.save();
  std::map<std::string, std::vector<float>> all;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto take = [&] {
      std::uint64_t size = 0;
      std::memcpy(&size, bytes.data() + at, sizeof size);
      at += sizeof size;
      at += size;
      return bytes.substr(at - size, size);
    };
    const std::string name = take(), value = take();
    std::vector<float>& floats = all[name];
    floats.resize(value.size() / sizeof(float));
    std::memcpy(floats.data(), value.data(), floats.size() * sizeof(float));
  }
  return all;
}

double action_of(double keep) {
  return std::clamp(1.0 - std::log(keep) / std::log(0.01), 0.0, 1.0);
}
double keep_of(double action) { return std::clamp(std::pow(0.01, 1.0 - action), 1e-4, 1.0); }

/// The states of a policy that is taken layer by layer.
std::vector<Witness::Asked> way_of(const Witness& environment, const Policy& policy) {
  std::vector<Witness::Asked> way;
  double saved = 0.0, previous = 1.0;
  for (Index k = 0; k < kWitnessed; ++k) {
    way.push_back({k, saved, previous});
    previous = policy[static_cast<std::size_t>(k)];
    saved += environment.saved(k, previous);
  }
  return way;
}

void require_way(std::span<const Witness::Asked> got, const std::vector<Witness::Asked>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    REQUIRE(got[k].k == expected[k].k);
    REQUIRE(got[k].saved == Approx(expected[k].saved));
    REQUIRE(got[k].previous == Approx(expected[k].previous));
  }
}

}  // namespace

TEST_CASE("the agent sees the states of its own policy, and stores those of the realised one") {
  Witness environment;
  AutoPruner<Witness> search(environment, small_search(false));
  for (std::size_t n = 0; n < 8; ++n) {
    environment.table.asked.clear();
    const Outcome outcome = search.run_episode().outcome;
    const std::span<const Witness::Asked> asked = environment.table.asked;
    require_way(asked.first(kWitnessed), way_of(environment, environment.proposals.back()));
    require_way(asked.subspan(kWitnessed), way_of(environment, outcome.keep_ratios));

    // A step: state, action, next state, reward, whether the episode goes on.
    const std::vector<float> ring = numbers_of(search).at("replay.ring");
    constexpr std::size_t kState = std::tuple_size_v<State>, kStep = 2 * kState + 3;
    REQUIRE(ring.size() == (n + 1) * kWitnessed * kStep);
    const std::vector<Witness::Asked> way = way_of(environment, outcome.keep_ratios);
    for (std::size_t k = 0; k < kWitnessed; ++k) {
      const float* step = ring.data() + (n * kWitnessed + k) * kStep;
      const Witness::Asked& next = way[std::min<std::size_t>(k + 1, kWitnessed - 1)];
      REQUIRE(step[9] == Approx(way[k].saved / 100.0));
      REQUIRE(step[11] == Approx(way[k].previous));
      REQUIRE(step[kState] == Approx(action_of(outcome.keep_ratios[k])).margin(1e-6));
      REQUIRE(step[kState + 1 + 9] == Approx(next.saved / 100.0));
      REQUIRE(step[kState + 1 + 11] == Approx(next.previous));
      REQUIRE(step[kStep - 2] == Approx(outcome.reward));
      REQUIRE(step[kStep - 1] == (k + 1 == kWitnessed ? 0.0F : 1.0F));
    }
  }
}

TEST_CASE("without a warm start the agent proposes at random, then learns after every episode") {
  Witness environment;
  SearchConfig config = small_search(false);
  AutoPruner<Witness> search(environment, config);
  const std::vector<float> first = numbers_of(search).at("actor");
  std::vector<float> before = first;
  for (Index n = 1; n <= 10; ++n) {
    search.run_episode();
    REQUIRE(search.episodes().back().origin == (n <= 5 ? Origin::explore : Origin::agent));
    const std::vector<float> after = numbers_of(search).at("actor");
    REQUIRE((after != before) == (n >= 5));
    before = after;
  }
  REQUIRE(environment.proposals[0] != environment.proposals[1]);
  config.seed = 8;
  AutoPruner<Witness> other(environment, config);
  REQUIRE((numbers_of(other).at("actor") != first));
}

TEST_CASE(
    "after a warm start the critic learns at once, and leads the actor only when it has seen "
    "enough") {
  Witness environment;
  SearchConfig config = small_search(true);
  config.imitation_steps = config.anchor_steps = 0;
  config.critic_episodes = 40;
  config.episodes = 44;
  AutoPruner<Witness> search(environment, config);
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
    SearchConfig config = small_search(true);
    config.imitation_steps = anchored ? 0 : 20;
    config.anchor_steps = anchored ? 20 : 0;
    AutoPruner<Witness> search(environment, config);
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
  SearchConfig config = small_search(true);
  config.imitation_steps = config.anchor_steps = 1500;
  config.agent.actor_rate = 3e-3;
  AutoPruner<Witness> search(environment, config);
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
std::vector<double> gains_of(const AutoPruner<Witness>& search, std::span<const Policy> proposals) {
  const auto point_of = [](const Policy& policy) {
    Eigen::VectorXd point(kWitnessed);
    for (Index k = 0; k < kWitnessed; ++k)
      point(k) = double{static_cast<float>(action_of(policy[static_cast<std::size_t>(k)]))};
    return point;
  };
  const Index count = std::ssize(search.episodes());
  Eigen::MatrixXd points(kWitnessed, count);
  std::vector<double> rewards;
  for (const Episode& episode : search.episodes()) {
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

TEST_CASE("of the candidates near the agent's policy, the one that promises most is measured") {
  Witness environment;
  environment.worst = -1e6;  // the model isn't to follow it
  SearchConfig config = small_search(true);
  config.candidates = 50;
  AutoPruner<Witness> search(environment, config);
  while (search.episodes().size() < 30) search.run_episode();
  REQUIRE(std::any_of(search.episodes().begin(), search.episodes().end(),
                      [](const Episode& e) { return e.outcome.reward < -1e5; }));
  while (!search.done()) {
    const AutoPruner<Witness> before = search;
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
  SearchConfig config = small_search(true);
  config.candidates = 400;
  AutoPruner<Witness> search(environment, config);
  while (search.episodes().size() < 34) search.run_episode();
  environment.proposals.clear();
  environment.table.asked.clear();
  search.run_episode();
  Index moved[2] = {0, 0}, up = 0, short_ones = 0, long_ones = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    double squares = 0.0;
    for (std::size_t k = 0; k + 1 < kWitnessed; ++k) {
      const double own = action_of(environment.table.asked[k + 1].previous);
      const double step = action_of(environment.proposals[i][k]) - own;
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

TEST_CASE("an action is a share of the way down to the least keep ratio, in equal factors") {
  Witness environment;
  SearchConfig config = small_search(false);
  AutoPruner<Witness> search(environment, config);
  Random exploration(config.seed, 0x5EED'0000'0002);  // the agent's own stream
  for (int n = 0; n < 3; ++n) {
    search.run_episode();
    for (const double keep : environment.proposals.back())
      REQUIRE(keep == Approx(keep_of(static_cast<float>(exploration.uniform()))));
  }
}
