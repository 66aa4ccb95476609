#include "autoprune/search/evolution.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

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
