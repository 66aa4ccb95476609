/// @file evolution.hpp
/// Separable CMA-ES (Ros and Hansen, "A simple modification in CMA-ES achieving linear time and
/// space complexity", PPSN 2008): an evolution strategy that learns a step size a coordinate.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/rl/state_visitor.hpp"
#include "autoprune/search/archive.hpp"

namespace autoprune::search {

/// Asks for points to be measured and is told their values, larger is better. Constants are the
/// paper's, and where it doesn't say those of Hansen, "The CMA evolution strategy: a tutorial"
/// (arXiv:1604.00772).
class Evolution {
 public:
  using Point = std::vector<double>;

  Evolution(Point start, double sigma, std::uint64_t seed)
      : mean_(std::move(start)),
        sigma_(sigma),
        seed_(seed),
        random_(seed, kStream),
        path_(mean_.size(), 0.0),
        sigma_path_(mean_.size(), 0.0),
        variance_(mean_.size(), 1.0) {
    const auto n = static_cast<double>(mean_.size());
    population_ = static_cast<std::size_t>(4.0 + std::floor(3.0 * std::log(n)));
    const std::size_t parents = population_ / 2;
    for (std::size_t i = 0; i < parents; ++i)
      weights_.push_back(std::log(static_cast<double>(parents) + 0.5) -
                         std::log(static_cast<double>(i) + 1.0));
    const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    double squares = 0.0;
    for (double& w : weights_) {
      w /= sum;
      squares += w * w;
    }
    mass_ = 1.0 / squares;
    sigma_rate_ = (mass_ + 2.0) / (n + mass_ + 5.0);
    damping_ = 1.0 + 2.0 * std::max(0.0, std::sqrt((mass_ - 1.0) / (n + 1.0)) - 1.0) + sigma_rate_;
    path_rate_ = (4.0 + mass_ / n) / (n + 4.0 + 2.0 * mass_ / n);
    const double separable = (n + 2.0) / 3.0;
    one_rate_ = std::min(1.0, separable * 2.0 / ((n + 1.3) * (n + 1.3) + mass_));
    rank_rate_ = std::min(1.0 - one_rate_, separable * 2.0 * (mass_ - 2.0 + 1.0 / mass_) /
                                               ((n + 2.0) * (n + 2.0) + mass_));
    expected_norm_ = std::sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));
  }

  /// Points of a generation.
  [[nodiscard]] std::size_t population() const noexcept { return population_; }

  /// Points that may be asked for before all that were are told.
  [[nodiscard]] std::size_t left_of_generation() const noexcept {
    return population_ - steps_.size();
  }

  [[nodiscard]] Point ask() {
    Point step;
    for (const double v : variance_) step.push_back(std::sqrt(v) * random_.normal());
    Point point = mean_;
    for (std::size_t i = 0; i < point.size(); ++i) point[i] += sigma_ * step[i];
    steps_.push_back(std::move(step));
    return point;
  }

  /// The value of the next of the points that were asked for, in their order. Throws wrong_order
  /// when each has one.
  void tell(double value) {
    if (values_.size() >= steps_.size())
      fail(ErrorId::wrong_order, "a value, but all ", steps_.size(), " points have one; ask first");
    values_.push_back(value);
    if (values_.size() == population_) next_generation();
  }

  template <class Archive>
  void describe(Archive& archive) {
    for (auto [name, numbers] : {std::pair{"mean", &mean_},
                                 {"path", &path_},
                                 {"sigma_path", &sigma_path_},
                                 {"variance", &variance_}})
      visit_finite(archive, name, *numbers);
    visit_finite(archive, "sigma", {&sigma_, 1});
    visit_finite(archive, "generation", {&generation_, 1});
    Index steps = std::ssize(steps_), values = std::ssize(values_);
    visit_integer(archive, "steps", steps, static_cast<Index>(population_));
    visit_integer(archive, "values", values, std::min(steps, static_cast<Index>(population_) - 1));
    steps_.resize(static_cast<std::size_t>(steps), Point(mean_.size()));
    values_.resize(static_cast<std::size_t>(values));
    for (Point& step : steps_) visit_finite(archive, "step", step);
    visit_finite(archive, "told", values_);
    rl::visit_random(archive, "random", random_, seed_, kStream);
  }

 private:
  static constexpr std::uint64_t kStream = 0xE70;

  void next_generation() {
    std::vector<std::size_t> order(population_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return values_[a] > values_[b]; });
    Point move(mean_.size(), 0.0), squares(mean_.size(), 0.0);
    for (std::size_t k = 0; k < weights_.size(); ++k)
      for (std::size_t i = 0; i < move.size(); ++i) {
        const double step = steps_[order[k]][i];
        move[i] += weights_[k] * step;
        squares[i] += weights_[k] * step * step;
      }
    double norm = 0.0;
    for (std::size_t i = 0; i < move.size(); ++i) {
      mean_[i] += sigma_ * move[i];
      sigma_path_[i] =
          (1.0 - sigma_rate_) * sigma_path_[i] +
          std::sqrt(sigma_rate_ * (2.0 - sigma_rate_) * mass_) * move[i] / std::sqrt(variance_[i]);
      norm += sigma_path_[i] * sigma_path_[i];
    }
    norm = std::sqrt(norm);
    ++generation_;
    const double settled = std::sqrt(1.0 - std::pow(1.0 - sigma_rate_, 2.0 * generation_));
    const auto n = static_cast<double>(mean_.size());
    const bool moves = norm / settled < (1.4 + 2.0 / (n + 1.0)) * expected_norm_;
    for (std::size_t i = 0; i < move.size(); ++i) {
      path_[i] = (1.0 - path_rate_) * path_[i] +
                 (moves ? std::sqrt(path_rate_ * (2.0 - path_rate_) * mass_) * move[i] : 0.0);
      variance_[i] = (1.0 - one_rate_ - rank_rate_) * variance_[i] +
                     one_rate_ * path_[i] * path_[i] + rank_rate_ * squares[i];
    }
    sigma_ *= std::exp(sigma_rate_ / damping_ * (norm / expected_norm_ - 1.0));
    steps_.clear();
    values_.clear();
  }

  Point mean_;
  double sigma_;
  std::uint64_t seed_;
  Random random_;
  Point path_, sigma_path_, variance_;
  std::size_t population_ = 0;
  std::vector<double> weights_;
  double mass_ = 0.0, sigma_rate_ = 0.0, damping_ = 0.0, path_rate_ = 0.0, one_rate_ = 0.0,
         rank_rate_ = 0.0, expected_norm_ = 0.0, generation_ = 0.0;
  std::vector<Point> steps_;  // of this generation, in units of sigma
  std::vector<double> values_;
};

}  // namespace autoprune::search
