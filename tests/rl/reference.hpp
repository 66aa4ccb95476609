/// Brute-force references in double precision that the tests of this room compare with.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/core/tensor.hpp"

namespace reference {

using Vector = std::vector<double>;
using autoprune::Index;
using autoprune::Matrix;
using autoprune::Random;

/// One row through an MLP whose parameters lie as rl::Mlp keeps them: per layer weight, then bias.
inline Vector mlp(const std::vector<Index>& widths, bool sigmoid, const Vector& parameters,
                  Vector x) {
  std::size_t at = 0;
  for (std::size_t l = 1; l < widths.size(); ++l) {
    const auto in = static_cast<std::size_t>(widths[l - 1]);
    const auto out = static_cast<std::size_t>(widths[l]);
    const bool last = l + 1 == widths.size();
    Vector y(out);
    for (std::size_t o = 0; o < out; ++o) {
      y[o] = parameters[at + out * in + o];
      for (std::size_t i = 0; i < in; ++i) y[o] += parameters[at + o * in + i] * x[i];
      if (!last) y[o] = std::max(0.0, y[o]);
      if (last && sigmoid) y[o] = 1.0 / (1.0 + std::exp(-y[o]));
    }
    at += out * (in + 1);
    x = y;
  }
  return x;
}

/// Gradient of f at x by central differences.
inline Vector gradient(const std::function<double(const Vector&)>& f, Vector x) {
  constexpr double kStep = 1e-6;
  Vector out;
  for (double& component : x) {
    const double value = component;
    component = value + kStep;
    const double above = f(x);
    component = value - kStep;
    out.push_back((above - f(x)) / (2.0 * kStep));
    component = value;
  }
  return out;
}

/// Adam in double precision.
struct Adam {
  double rate;
  Vector m, v;
  int t = 0;
  void step(Vector& p, const Vector& g) {
    m.resize(p.size());
    v.resize(p.size());
    ++t;
    for (std::size_t i = 0; i < p.size(); ++i) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      const double mean = m[i] / (1.0 - std::pow(0.9, t));
      const double square = v[i] / (1.0 - std::pow(0.999, t));
      p[i] -= rate * mean / (std::sqrt(square) + 1e-8);
    }
  }
};

inline Vector to_double(std::span<const float> numbers) { return {numbers.begin(), numbers.end()}; }

inline Vector row(const Matrix& matrix, Index r) {
  return {matrix.row(r).begin(), matrix.row(r).end()};
}

inline Matrix random_matrix(Random& random, Index rows, Index cols) {
  Matrix out(rows, cols);
  for (Index i = 0; i < out.size(); ++i)
    out.data()[i] = static_cast<float>(random.uniform(-1.0, 1.0));
  return out;
}

/// The largest |a - b| relative to the largest |b|.
inline double difference(std::span<const float> a, const Vector& b) {
  double worst = a.size() == b.size() ? 0.0 : 1e9, scale = 1e-30;
  for (std::size_t i = 0; i < b.size() && i < a.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a[i]) - b[i]));
    scale = std::max(scale, std::abs(b[i]));
  }
  return worst / scale;
}

}  // namespace reference
