#include "autoprune/rl/mlp.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "../error_of.hpp"
#include "reference.hpp"

using namespace autoprune;
using rl::Mlp;

namespace {

struct Case {
  std::vector<Index> widths;
  bool sigmoid;
  Index batch;
  [[nodiscard]] Mlp::Output output() const {
    return sigmoid ? Mlp::Output::sigmoid : Mlp::Output::linear;
  }
};

Case random_case(Random& random) {
  Case out{{1 + random.below(7)}, random.below(2) == 1, 1 + random.below(9)};
  const Index layers = 1 + random.below(3);
  for (Index l = 0; l < layers; ++l) out.widths.push_back(1 + random.below(20));
  return out;
}

/// sum over the batch of <d, output>, the loss whose gradient by the output is d.
double loss(const Case& c, const reference::Vector& parameters, const Matrix& x, const Matrix& d) {
  double sum = 0.0;
  for (Index r = 0; r < x.rows(); ++r) {
    const auto y = reference::mlp(c.widths, c.sigmoid, parameters, reference::row(x, r));
    for (Index i = 0; i < d.cols(); ++i) sum += d(r, i) * y[static_cast<std::size_t>(i)];
  }
  return sum;
}

}  // namespace

TEST_CASE("an MLP and its gradients agree with the reference", "[rl][mlp]") {
  Random random(1);
  for (int trial = 0; trial < 40; ++trial) {
    const Case c = random_case(random);
    Mlp mlp(c.widths, c.output(), random);
    const Matrix x = reference::random_matrix(random, c.batch, c.widths.front());
    const Matrix d = reference::random_matrix(random, c.batch, c.widths.back());
    const auto parameters = reference::to_double(mlp.parameters());

    const ConstMatrixView y = mlp.forward(x);
    for (Index r = 0; r < c.batch; ++r) {
      const auto expected = reference::mlp(c.widths, c.sigmoid, parameters, reference::row(x, r));
      const std::span<const float> row(y.row(r).data(), expected.size());
      REQUIRE(reference::difference(row, expected) < 1e-5);
    }

    mlp.backward(d);
    const auto by_parameters = reference::gradient(
        [&](const reference::Vector& p) { return loss(c, p, x, d); }, parameters);
    REQUIRE(reference::difference(mlp.gradients(), by_parameters) < 1e-4);

    const std::vector<float> before(mlp.gradients().begin(), mlp.gradients().end());
    const ConstMatrixView got = mlp.input_gradient(d);
    for (Index r = 0; r < c.batch; ++r) {
      const auto by_input = reference::gradient(
          [&](const reference::Vector& input) {
            const auto out = reference::mlp(c.widths, c.sigmoid, parameters, input);
            double sum = 0.0;
            for (std::size_t i = 0; i < out.size(); ++i)
              sum += d(r, static_cast<Index>(i)) * out[i];
            return sum;
          },
          reference::row(x, r));
      REQUIRE(std::equal(by_input.begin(), by_input.end(), got.row(r).begin(),
                         [](double a, float b) { return std::abs(a - double{b}) < 1e-4; }));
    }
    REQUIRE(std::equal(before.begin(), before.end(), mlp.gradients().begin()));
  }
}

TEST_CASE("parameters start uniform within the inverse root of the fan-in", "[rl][mlp]") {
  Random random(2);
  Mlp mlp({12, 300, 300, 1}, Mlp::Output::linear, random);
  for (Index l = 1; l <= mlp.layers(); ++l) {
    const float bound = 1.0F / std::sqrt(static_cast<float>(mlp.weight(l).cols()));
    REQUIRE(mlp.weight(l).maxCoeff() <= bound);
    REQUIRE(mlp.weight(l).minCoeff() >= -bound);
    REQUIRE(mlp.bias(l).cwiseAbs().maxCoeff() <= bound);
    // 300 numbers or more: the extremes come near to the bounds.
    REQUIRE(mlp.weight(l).maxCoeff() > 0.9F * bound);
    REQUIRE(mlp.weight(l).minCoeff() < -0.9F * bound);
  }
}

TEST_CASE("a smaller batch after a larger one doesn't see what the buffers held", "[rl][mlp]") {
  Random random(3);
  Mlp used({5, 9, 3}, Mlp::Output::sigmoid, random);
  Mlp fresh = used;
  const Matrix many = reference::random_matrix(random, 17, 5);
  const Matrix few = reference::random_matrix(random, 4, 5);
  const Matrix d = reference::random_matrix(random, 4, 3);
  used.forward(many);
  used.backward(reference::random_matrix(random, 17, 3));

  REQUIRE(Matrix(used.forward(few)) == Matrix(fresh.forward(few)));
  REQUIRE(Matrix(used.input_gradient(d)) == Matrix(fresh.input_gradient(d)));
  used.backward(d);
  fresh.backward(d);
  REQUIRE(std::equal(used.gradients().begin(), used.gradients().end(), fresh.gradients().begin()));
}

TEST_CASE("an MLP names what is wrong with its shapes", "[rl][mlp]") {
  Random random(4);
  CHECK(error_of([&] { Mlp({3}, Mlp::Output::linear, random); }) == ErrorId::out_of_range);
  CHECK(error_of([&] { Mlp({3, 0, 1}, Mlp::Output::linear, random); }) == ErrorId::out_of_range);
  Mlp mlp({3, 4, 2}, Mlp::Output::linear, random);
  CHECK(error_of([&] { mlp.forward(Matrix::Zero(5, 4)); }) == ErrorId::shape_mismatch);
  mlp.forward(Matrix::Zero(5, 3));
  CHECK(error_of([&] { mlp.backward(Matrix::Zero(4, 2)); }) == ErrorId::shape_mismatch);
  CHECK(error_of([&] { mlp.backward(Matrix::Zero(5, 1)); }) == ErrorId::shape_mismatch);
}
