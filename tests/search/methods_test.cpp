#include "autoprune/search/methods.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

double best_reward(const std::vector<Outcome>& outcomes) {
  double best = -1.0;
  for (const Outcome& o : outcomes) best = std::max(best, o.reward);
  return best;
}

/// Separable CMA-ES again, a generation at a time, its constants in one place.
struct PlainEvolution {
  Eigen::ArrayXd mean, variance, path, sigma_path;
  double sigma;
  Random random;  // the strategy's own stream, so that the points are the same
  int generation = 0;

  PlainEvolution(Index n, double start, double step, std::uint64_t seed)
      : mean(Eigen::ArrayXd::Constant(n, start)),
        variance(Eigen::ArrayXd::Ones(n)),
        path(Eigen::ArrayXd::Zero(n)),
        sigma_path(path),
        sigma(step),
        random(seed, 0xE70) {}

  /// A generation, in units of sigma and from the mean, a point a column.
  Eigen::ArrayXXd steps() {
    const Index n = mean.size();
    Eigen::ArrayXXd drawn(n, 4 + static_cast<Index>(3.0 * std::log(n)));
    for (double& z : drawn.reshaped()) z = random.normal();
    return drawn.colwise() * variance.sqrt();
  }

  void learn(const Eigen::ArrayXXd& steps, const std::vector<double>& values) {
    const Index parents = steps.cols() / 2;
    std::vector<std::pair<double, Index>> order;
    for (Index j = 0; j < steps.cols(); ++j)
      order.emplace_back(-values[static_cast<std::size_t>(j)], j);
    std::sort(order.begin(), order.end());
    Eigen::MatrixXd best(mean.size(), parents);
    Eigen::VectorXd weights(parents);
    for (Index i = 0; i < parents; ++i) {
      best.col(i) = steps.col(order[static_cast<std::size_t>(i)].second);
      weights(i) = std::log((static_cast<double>(parents) + 0.5) / static_cast<double>(i + 1));
    }
    weights /= weights.sum();
    const double mass = 1.0 / weights.squaredNorm(), n = static_cast<double>(mean.size());
    const double c_sigma = (mass + 2) / (n + mass + 5),
                 c_path = (4 + mass / n) / (n + 4 + 2 * mass / n);
    const double damping = 1 + c_sigma + 2 * std::max(0.0, std::sqrt((mass - 1) / (n + 1)) - 1);
    const double c_one = std::min(1.0, (n + 2) / 3 * 2 / ((n + 1.3) * (n + 1.3) + mass));
    const double c_rank =
        std::min(1 - c_one, (n + 2) / 3 * 2 * (mass - 2 + 1 / mass) / ((n + 2) * (n + 2) + mass));
    const double usual = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));

    const Eigen::ArrayXd move = best * weights;
    mean += sigma * move;
    sigma_path *= 1 - c_sigma;
    sigma_path += std::sqrt(c_sigma * (2 - c_sigma) * mass) * move / variance.sqrt();
    const double norm = sigma_path.matrix().norm();
    ++generation;
    path *= 1 - c_path;
    if (norm / std::sqrt(1 - std::pow(1 - c_sigma, 2 * generation)) < (1.4 + 2 / (n + 1)) * usual)
      path += std::sqrt(c_path * (2 - c_path) * mass) * move;
    variance *= 1 - c_one - c_rank;
    variance += c_one * path.square() + c_rank * (best.cwiseAbs2() * weights).array();
    sigma *= std::exp(c_sigma / damping * (norm / usual - 1));
  }
};

/// Stands in for an environment whose answers are known: no network, no constraints.
struct Toy {
  std::vector<Ranking> ranked;
  std::function<double(const Policy&)> value = {};   // accuracy
  std::function<double(const Policy&)> reward = {};  // the same where there is none
  std::function<double(Index layer, double keep)> saving = {};
  Constraints none = {};

  [[nodiscard]] Index layers() const { return static_cast<Index>(ranked.size()); }
  [[nodiscard]] std::span<const Ranking> rankings() const { return ranked; }
  [[nodiscard]] const Constraints& constraints() const { return none; }
  [[nodiscard]] Policy allowed(const Policy& policy) const { return policy; }
  [[nodiscard]] double dense_accuracy() const { return value(Policy(ranked.size(), 1.0)); }
  [[nodiscard]] double saved(Index layer, double keep) const { return saving(layer, keep); }
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    Outcome out;
    out.policy = out.keep_ratios = policy;
    out.accuracy = value(policy);
    out.reward = reward ? reward(policy) : out.accuracy;
    return out;
  }
};

/// Layers of random scores.
Toy random_toy(Random& random) {
  Toy toy{std::vector<Ranking>(4)};
  for (Ranking& layer : toy.ranked) {
    layer.ous.resize(8, 5);
    for (float& score : layer.ous.reshaped()) score = static_cast<float>(random.uniform());
  }
  return toy;
}

/// What a method measures there.
std::vector<Outcome> search_toy(SearchMethod method, Toy& toy, Index budget, std::uint64_t seed) {
  return search::detail::BudgetedSearch<Toy>(toy, budget, seed, 0.01).run(method);
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

TEST_CASE("the evolution strategy asks for the points that a plain one does, on any ground") {
  // A slope lets steps grow, a hill from its top shrinks them, on the flat they wander.
  const std::function<double(const Eigen::ArrayXd&)> grounds[] = {
      [](const auto& x) { return x.sum(); }, [](const auto& x) { return -x.square().sum(); },
      [](const auto&) { return 0.0; }};
  for (const auto& ground : grounds)
    for (const Index n : {1, 2, 5, 20}) {
      Evolution strategy(std::vector<double>(static_cast<std::size_t>(n), 0.2), 0.3, 9);
      PlainEvolution plain(n, 0.2, 0.3, 9);
      for (int generation = 0; generation < 15; ++generation) {
        const Eigen::ArrayXXd steps = plain.steps();
        REQUIRE(static_cast<Index>(strategy.population()) == steps.cols());
        std::vector<double> values;
        for (Index j = 0; j < steps.cols(); ++j) {
          const Eigen::ArrayXd expected = plain.mean + plain.sigma * steps.col(j);
          const std::vector<double> asked = strategy.ask();
          REQUIRE((Eigen::Map<const Eigen::ArrayXd>(asked.data(), n) - expected).abs().maxCoeff() <
                  1e-9 * (1.0 + expected.abs().maxCoeff()));
          values.push_back(ground(expected));
          strategy.tell(values.back());
        }
        plain.learn(steps, values);
      }
    }
}

TEST_CASE("evolution's first generation lies around the best policy of its start") {
  constexpr Index kStart = 48;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed);
    Toy toy = random_toy(random);
    // Little pruning is best, where both ends of the keep ratios can't be mistaken.
    const Policy top = {0.9, 0.6, 0.4, random.uniform(0.4, 1.0)};
    const auto steps_between = [&](const Policy& a, const Policy& b) {
      std::vector<double> steps;  // in units of the whole range, 0.01 to 1
      for (std::size_t k = 0; k < a.size(); ++k)
        steps.push_back(std::abs(std::log(a[k] / b[k])) / std::log(100.0));
      return steps;
    };
    toy.reward = [&](const Policy& policy) {
      const std::vector<double> off = steps_between(policy, top);
      return -std::accumulate(off.begin(), off.end(), 0.0);
    };
    toy.value = [&](const Policy& policy) { return -toy.reward(policy); };
    const auto outcomes = search_toy(SearchMethod::evolution, toy, 200, seed);
    REQUIRE(std::any_of(outcomes.end() - 20, outcomes.end(),
                        [](const Outcome& o) { return o.reward > -0.1; }));
    const auto best =
        std::max_element(outcomes.begin(), outcomes.begin() + kStart,
                         [](const Outcome& a, const Outcome& b) { return a.reward < b.reward; });
    const std::size_t population = Evolution(top, 0.1, 1).population();
    for (std::size_t i = kStart; i < kStart + population; ++i)
      for (const double step : steps_between(outcomes[i].policy, best->policy))
        REQUIRE(step < 4.0 * SearchConfig{}.step_sigma(4));
  }
}

TEST_CASE("greedy halves layers in the order of accuracy lost for every crossbar saved") {
  constexpr std::size_t kLayers = 3, kLevels = 6;
  Random random(5);
  // A layer's next halving costs more than its last: the order is that of all costs.
  std::vector<std::vector<double>> lost(kLayers, {0.0}), saved(kLayers, {0.0});
  std::vector<std::pair<double, std::size_t>> halvings;  // cost of a crossbar, layer
  for (std::size_t k = 0; k < kLayers; ++k)
    for (double cost = 0.0; lost[k].size() <= kLevels;) {
      cost += random.uniform(0.01, 1.0);
      const double crossbars = random.uniform(1.0, 20.0);
      lost[k].push_back(lost[k].back() + cost * crossbars);
      saved[k].push_back(saved[k].back() + crossbars);
      halvings.emplace_back(cost, k);
    }
  std::sort(halvings.begin(), halvings.end());
  const auto level = [&](double keep) {
    return std::min(kLevels, static_cast<std::size_t>(std::lround(-std::log2(keep))));
  };
  Toy toy{std::vector<Ranking>(kLayers)};
  toy.saving = [&](Index k, double keep) {
    return saved[static_cast<std::size_t>(k)][level(keep)];
  };
  toy.value = [&](const Policy& policy) {
    double left = 100.0;
    for (std::size_t k = 0; k < kLayers; ++k) left -= lost[k][level(policy[k])];
    return left;
  };
  // Each layer at each level first, then the way: dense, the halvings, and eight steps of all.
  constexpr std::size_t kFirst = kLayers * kLevels, kWay = 1 + kFirst + 8;
  const auto outcomes = search_toy(SearchMethod::greedy, toy, kFirst + kWay, 1);
  REQUIRE(outcomes.size() == kFirst + kWay);
  Policy policy(kLayers, 1.0);
  for (std::size_t i = 0; i <= halvings.size(); ++i) {
    REQUIRE(outcomes[kFirst + i].policy == policy);
    if (i < halvings.size()) policy[halvings[i].second] /= 2.0;
  }
}

TEST_CASE("greedy spends half of its budget on single layers, and the rest evenly on the way") {
  Toy toy{std::vector<Ranking>(3)};
  toy.saving = [](Index, double keep) { return 1.0 - keep; };
  toy.value = [](const Policy& policy) {
    return 30.0 * policy[0] + 20.0 * policy[1] + 10.0 * policy[2];
  };
  // Two levels of three layers; a way of the dense policy, six halvings and eight steps of all.
  const std::vector<Policy> way = {{1, 1, 1},         {1, 1, 0.5},     {1, 1, 0.25},
                                   {1, 0.5, 0.25},    {1, 0.25, 0.25}, {0.5, 0.25, 0.25},
                                   {0.25, 0.25, 0.25}};
  const auto outcomes = search_toy(SearchMethod::greedy, toy, 12, 1);
  REQUIRE(outcomes.size() == 12);
  for (std::size_t i = 0; i < 6; ++i) REQUIRE(outcomes[i].policy[i % 3] == (i < 3 ? 0.5 : 0.25));
  for (std::size_t i = 0; i < 6; ++i) {
    const std::size_t step = i * 14 / 5;
    if (step < way.size())
      REQUIRE(outcomes[6 + i].policy == way[step]);
    else
      REQUIRE(outcomes[6 + i].policy[2] ==
              Approx(0.25 * std::pow(0.5, static_cast<double>(step - 6) / 2.0)));
  }
}

TEST_CASE("greedy takes a layer that seems to gain from pruning for one that loses nothing") {
  const std::vector<std::vector<double>> lost = {{0, 5, -1, 6, 16, 26, 36},
                                                 {0, 5.5, 11, 21, 31, 41, 51}};
  const auto level = [](double keep) {
    return std::min<std::size_t>(6, static_cast<std::size_t>(std::lround(-std::log2(keep))));
  };
  Toy toy{std::vector<Ranking>(2)};
  toy.saving = [&](Index, double keep) { return 10.0 * static_cast<double>(level(keep)); };
  toy.value = [&](const Policy& policy) {
    return 100.0 - lost[0][level(policy[0])] - lost[1][level(policy[1])];
  };
  const auto outcomes = search_toy(SearchMethod::greedy, toy, 12 + 1 + 12 + 8, 1);
  // From 5 to 6 points the third halving costs one, not seven: it comes before the other layer's.
  REQUIRE(outcomes[12 + 3].policy == Policy{0.125, 1.0});
  REQUIRE(outcomes[12 + 4].policy == Policy{0.125, 0.5});
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

TEST_CASE("random and evolution draw anew for every seed, the other methods have none") {
  Random random(4);
  Toy toy = random_toy(random);
  toy.value = [](const Policy& policy) { return policy.front(); };
  toy.saving = [](Index, double keep) { return 1.0 - keep; };
  for (const auto& [method, name] : kSearchMethodNames) {
    if (method == SearchMethod::agent) continue;  // tested elsewhere
    INFO(name);
    const bool draws = method == SearchMethod::random || method == SearchMethod::evolution;
    // The last: evolution draws after its start.
    const Policy one = search_toy(method, toy, 20, 1).back().policy;
    REQUIRE((search_toy(method, toy, 20, 2).back().policy != one) == draws);
    REQUIRE(search_toy(method, toy, 20, 1).back().policy == one);
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
