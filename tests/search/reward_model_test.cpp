#include "autoprune/search/reward_model.hpp"

#include <Eigen/LU>
#include <catch2/catch.hpp>
#include <numbers>
#include <set>

#include "autoprune/core/random.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

constexpr Index kActions = 4;

Eigen::MatrixXd random_points(Random& random, Index count) {
  Eigen::MatrixXd points(kActions, count);
  for (double& x : points.reshaped()) x = random.uniform();
  return points;
}

/// Smooth, with its peak inside.
double hill(const Eigen::VectorXd& x) { return 0.7 - (x.array() - 0.4).square().sum(); }

Eigen::VectorXd hill_of(const Eigen::MatrixXd& points) {
  Eigen::VectorXd values(points.cols());
  for (Index i = 0; i < values.size(); ++i) values(i) = hill(points.col(i));
  return values;
}

/// The model again, from densities and inverses: of every length and noise the likeliest.
struct PlainModel {
  Eigen::MatrixXd points, inverse;
  Eigen::VectorXd centred;
  double mean, length = 0.0, variance = 0.0, noise = 0.0;

  PlainModel(const Eigen::MatrixXd& seen, const Eigen::VectorXd& values)
      : points(seen), centred(values.array() - values.mean()), mean(values.mean()) {
    const Index count = values.size();
    double likeliest = -std::numeric_limits<double>::infinity();
    for (double l = 0.14; l < 7.0; l *= std::numbers::sqrt2)
      for (const double share : {0.01, 0.03, 0.1, 0.3}) {
        Eigen::MatrixXd kernel = share * Eigen::MatrixXd::Identity(count, count);
        for (Index i = 0; i < count; ++i) kernel.col(i) += near(points.col(i), l);
        const Eigen::MatrixXd inverted = kernel.inverse();
        // The normal density of the values, with the variance that makes it the highest.
        const double fit = centred.dot(inverted * centred) / static_cast<double>(count);
        const double density = -0.5 * std::log((fit * kernel).determinant());
        if (density <= likeliest) continue;
        likeliest = density;
        inverse = inverted;
        length = l;
        noise = share;
        variance = fit;
      }
  }
  [[nodiscard]] Eigen::VectorXd near(const Eigen::VectorXd& point, double l) const {
    Eigen::VectorXd all(points.cols());
    for (Index i = 0; i < all.size(); ++i)
      all(i) = std::exp(-(points.col(i) - point).squaredNorm() / (2.0 * l * l));
    return all;
  }
  [[nodiscard]] Guess at(const Eigen::VectorXd& point) const {
    const Eigen::VectorXd k = near(point, length);
    return {mean + k.dot(inverse * centred), std::sqrt(variance * (1.0 - k.dot(inverse * k)))};
  }
};

}  // namespace

TEST_CASE("a reward model says what points that weren't measured are worth") {
  Random random(1);
  const Eigen::MatrixXd seen = random_points(random, 60), unseen = random_points(random, 200);
  const Eigen::VectorXd truth = hill_of(unseen);
  const RewardModel model(seen, hill_of(seen));
  double error = 0.0;
  for (Index i = 0; i < unseen.cols(); ++i)
    error += std::pow(model.at(unseen.col(i)).mean - truth(i), 2);
  const double spread = (truth.array() - truth.mean()).square().sum();
  REQUIRE(error < 0.06 * spread);
}

TEST_CASE("its deviations are as wide as its errors, and wider away from what was measured") {
  Random random(2);
  const Eigen::MatrixXd seen = random_points(random, 40), unseen = random_points(random, 400);
  const Eigen::VectorXd truth = hill_of(unseen);
  const RewardModel model(seen, hill_of(seen));
  int within = 0;
  for (Index i = 0; i < unseen.cols(); ++i) {
    const Guess guess = model.at(unseen.col(i));
    within += std::abs(guess.mean - truth(i)) <= 2.0 * guess.deviation ? 1 : 0;
  }
  REQUIRE(within > 340);
  const Eigen::VectorXd far = Eigen::VectorXd::Constant(kActions, 5.0);
  for (Index i = 0; i < seen.cols(); ++i)
    REQUIRE(model.at(seen.col(i)).deviation < 0.5 * model.at(far).deviation);
}

TEST_CASE("noise is smoothed, not followed") {
  Random random(3);
  const Eigen::MatrixXd seen = random_points(random, 80);
  Eigen::VectorXd noisy = hill_of(seen);
  for (double& value : noisy) value += 0.05 * random.normal();
  const RewardModel model(seen, noisy);
  double error = 0.0, noise = 0.0;
  for (Index i = 0; i < seen.cols(); ++i) {
    error += std::pow(model.at(seen.col(i)).mean - hill(seen.col(i)), 2);
    noise += std::pow(noisy(i) - hill(seen.col(i)), 2);
  }
  REQUIRE(error < 0.6 * noise);
}

TEST_CASE("a model is the likeliest of all lengths and noises, as a plain computation finds it") {
  Random random(5);
  std::set<double> noises;
  for (const double noise : {0.0, 0.03, 0.06, 0.1, 0.2}) {
    const Eigen::MatrixXd seen = random_points(random, 30), unseen = random_points(random, 20);
    Eigen::VectorXd values = hill_of(seen);
    for (double& value : values) value += noise * random.normal();
    const RewardModel model(seen, values);
    const PlainModel plain(seen, values);
    noises.insert(plain.noise);
    for (Index i = 0; i < unseen.cols(); ++i) {
      const Guess guess = model.at(unseen.col(i)), expected = plain.at(unseen.col(i));
      REQUIRE(guess.mean == Approx(expected.mean).epsilon(1e-7));
      REQUIRE(guess.deviation == Approx(expected.deviation).epsilon(1e-7));
    }
  }
  REQUIRE(noises.size() > 2);
}

TEST_CASE("values that are all the same, and one alone, are a model too") {
  for (const Index count : {Index{1}, Index{7}}) {
    Random random(4);
    const Eigen::MatrixXd points = random_points(random, count);
    const RewardModel model(points, Eigen::VectorXd::Constant(count, 0.3));
    const Guess guess = model.at(Eigen::VectorXd::Constant(kActions, 0.9));
    REQUIRE(guess.mean == Approx(0.3));
    REQUIRE(guess.deviation < 1e-6);
    REQUIRE(expected_improvement(guess, 0.3) >= 0.0);
  }
}

TEST_CASE("a point measured twice counts, and as many values as points are needed") {
  Eigen::MatrixXd twice = Eigen::MatrixXd::Constant(kActions, 2, 0.5);
  const RewardModel model(twice, Eigen::VectorXd{{0.2, 0.4}});
  REQUIRE(model.at(twice.col(0)).mean == Approx(0.3));
  const auto id_of = [](Index points, Index values) {
    try {
      RewardModel(Eigen::MatrixXd::Zero(kActions, points), Eigen::VectorXd::Zero(values));
    } catch (const Error& error) {
      return error.id();
    }
    return ErrorId{};
  };
  REQUIRE(id_of(3, 2) == ErrorId::shape_mismatch);
  REQUIRE(id_of(0, 0) == ErrorId::shape_mismatch);
  REQUIRE(id_of(2, 2) == ErrorId{});
}

TEST_CASE("the expected improvement is the mean of what normal draws exceed the best by") {
  for (const double best : {-0.2, 0.0, 0.1, 0.3}) {
    const Guess guess{0.05, 0.12};
    Random random(6);
    constexpr int kDraws = 200000;
    double sum = 0.0;
    for (int i = 0; i < kDraws; ++i)
      sum += std::max(0.0, guess.mean + guess.deviation * random.normal() - best);
    REQUIRE(expected_improvement(guess, best) == Approx(sum / kDraws).margin(0.0008));
  }
  REQUIRE(expected_improvement({0.5, 0.0}, 0.2) == Approx(0.3));
  REQUIRE(expected_improvement({0.1, 0.0}, 0.2) == 0.0);
}
