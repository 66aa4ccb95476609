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

template <class Scalar>
class BasicRewardModel {
 public:
  using Vector = Eigen::VectorX<Scalar>;
  using Matrix = Eigen::MatrixX<Scalar>;

  /// Points of [0, 1]^n, one a column, and their values. The kernel's length and its noise are
  /// those under which the values are most likely. Throws shape_mismatch unless there are as many
  /// points as values, at least one.
  BasicRewardModel(Matrix points, const Vector& values)
      : points_(std::move(points)), mean_(values.size() > 0 ? values.mean() : Scalar{0}) {
    const Index count = values.size();
    if (count < 1 || points_.cols() != count)
      fail(ErrorId::shape_mismatch, count, " values for ", points_.cols(),
           " points; a model needs as many, and at least one");
    const Vector centred = values.array() - mean_;
    Matrix squares(count, count);  // of distances
    for (Index i = 0; i < count; ++i) squares.col(i) = squares_to(points_.col(i));
    Scalar best = -std::numeric_limits<Scalar>::infinity();
    for (Scalar length = kLeastLength; length < kMostLength;
         length *= std::numbers::sqrt2_v<Scalar>)
      for (const Scalar noise : {Scalar(0.01), Scalar(0.03), Scalar(0.1), Scalar(0.3)}) {
        Matrix kernel = closeness(squares.array(), length);
        kernel.diagonal().array() += noise;
        const Eigen::LLT<Matrix> factor(kernel);
        const Vector weights = factor.solve(centred);
        // The likeliest variance for this kernel, and the logarithm of the likelihood with it.
        const auto many = static_cast<Scalar>(count);
        const Scalar variance = std::max(kLeastVariance, centred.dot(weights) / many);
        const Scalar likelihood = Scalar(-0.5) * many * std::log(variance) -
                                  factor.matrixLLT().diagonal().array().log().sum();
        if (likelihood <= best) continue;
        best = likelihood;
        length_ = length;
        variance_ = variance;
        factor_ = factor;
        weights_ = weights;
      }
  }

  [[nodiscard]] Guess at(const Vector& point) const {
    const Vector near = closeness(squares_to(point).array(), length_);
    const Scalar unknown = std::max(Scalar{0}, Scalar{1} - near.dot(factor_.solve(near)));
    return {mean_ + near.dot(weights_), std::sqrt(variance_ * unknown)};
  }

 private:
  // A shorter length says that nothing measured tells of anything else, which a few lucky
  // measurements can make the likeliest.
  static constexpr Scalar kLeastLength = 0.14, kMostLength = 7.0, kLeastVariance = 1e-16;

  /// Correlation of points at these squared distances.
  template <class Squares>
  [[nodiscard]] static auto closeness(const Squares& squares, Scalar length) {
    return (squares * (Scalar(-0.5) / (length * length))).exp().matrix().eval();
  }

  [[nodiscard]] Vector squares_to(const Vector& point) const {
    return (points_.colwise() - point).colwise().squaredNorm();
  }

  Matrix points_;
  Scalar mean_, length_ = 0, variance_ = 0;
  Eigen::LLT<Matrix> factor_;  // of the kernel, in units of the variance
  Vector weights_;
};

using RewardModel = BasicRewardModel<double>;

}  // namespace autoprune::search
