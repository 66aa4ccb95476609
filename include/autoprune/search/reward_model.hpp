/// @file reward_model.hpp
/// What a policy that hasn't been measured may be worth: a Gaussian process through those that have
/// been (Rasmussen and Williams, "Gaussian Processes for Machine Learning", MIT Press 2006,
/// algorithm 2.1), with a squared exponential kernel.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::search {

/// A value that hasn't been measured is normally distributed.
struct Guess {
  double mean = 0.0, deviation = 0.0;
};

/// By how much a value of that distribution is expected to exceed `best`, where it does.
[[nodiscard]] inline double expected_improvement(const Guess& guess, double best) {
  if (!(guess.deviation > 0.0)) return std::max(0.0, guess.mean - best);
  const double z = (guess.mean - best) / guess.deviation;
  const double above = 0.5 * std::erfc(-z / std::numbers::sqrt2);
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
  return guess.deviation * (z * above + density);
}

class RewardModel {
 public:
  /// Points of [0, 1]^n, one a column, and their values. The kernel's length and its noise are
  /// those under which the values are most likely. Throws shape_mismatch unless there are as many
  /// points as values, at least one.
  RewardModel(Eigen::MatrixXd points, const Eigen::VectorXd& values)
      : points_(std::move(points)), mean_(values.size() > 0 ? values.mean() : 0.0) {
    const Index count = values.size();
    if (count < 1 || points_.cols() != count)
      fail(ErrorId::shape_mismatch, count, " values for ", points_.cols(),
           " points; a model needs as many, and at least one");
    const Eigen::VectorXd centred = values.array() - mean_;
    Eigen::MatrixXd squares(count, count);  // of distances
    for (Index i = 0; i < count; ++i) squares.col(i) = squares_to(points_.col(i));
    double best = -std::numeric_limits<double>::infinity();
    for (double length = kLeastLength; length < kMostLength; length *= std::numbers::sqrt2)
      for (const double noise : {0.01, 0.03, 0.1, 0.3}) {
        Eigen::MatrixXd kernel = (squares.array() * (-0.5 / (length * length))).exp();
        kernel.diagonal().array() += noise;
        const Eigen::LLT<Eigen::MatrixXd> factor(kernel);
        const Eigen::VectorXd weights = factor.solve(centred);
        // The likeliest variance for this kernel, and the logarithm of the likelihood with it.
        const double variance =
            std::max(kLeastVariance, centred.dot(weights) / static_cast<double>(count));
        const double likelihood = -0.5 * static_cast<double>(count) * std::log(variance) -
                                  factor.matrixLLT().diagonal().array().log().sum();
        if (likelihood <= best) continue;
        best = likelihood;
        length_ = length;
        variance_ = variance;
        factor_ = factor;
        weights_ = weights;
      }
  }

  [[nodiscard]] Guess at(const Eigen::VectorXd& point) const {
    const Eigen::VectorXd near = (squares_to(point).array() * (-0.5 / (length_ * length_))).exp();
    const double unknown = std::max(0.0, 1.0 - near.dot(factor_.solve(near)));
    return {mean_ + near.dot(weights_), std::sqrt(variance_ * unknown)};
  }

 private:
  // A shorter length says that nothing measured tells of anything else, which a few lucky
  // measurements can make the likeliest.
  static constexpr double kLeastLength = 0.14, kMostLength = 7.0, kLeastVariance = 1e-16;

  [[nodiscard]] Eigen::VectorXd squares_to(const Eigen::VectorXd& point) const {
    return (points_.colwise() - point).colwise().squaredNorm();
  }

  Eigen::MatrixXd points_;
  double mean_, length_ = 0.0, variance_ = 0.0;
  Eigen::LLT<Eigen::MatrixXd> factor_;  // of the kernel, in units of the variance
  Eigen::VectorXd weights_;
};

}  // namespace autoprune::search
