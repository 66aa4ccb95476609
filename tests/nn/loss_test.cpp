#include "autoprune/nn/loss.hpp"

#include <catch2/catch.hpp>

#include "reference.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

TEST_CASE("Loss and gradient agree with their definition", "[nn]") {
  Random random(3);
  const Activation logits = random_activation(random, {7, 1, 1}, 35);
  const Activation teacher = random_activation(random, {7, 1, 1}, 35);
  std::vector<Label> labels;
  for (Index i = 0; i < 35; ++i) labels.push_back(static_cast<Label>(random.below(7)));
  const Distillation d{GENERATE(1.0, 3.0, 10.0), GENERATE(0.0, 0.7, 1.0)};
  const bool taught = GENERATE(false, true);

  Activation dlogits;
  const double value = loss(logits, labels, taught ? &teacher : nullptr, d, dlogits);
  Values at = values_of(logits);
  const Values target = values_of(teacher);
  const auto reference = [&] { return reference_loss(at, labels, taught ? &target : nullptr, d); };
  CHECK(value == Approx(reference()));
  Values wanted;
  for (double& v : at) {
    const double middle = v;
    v = middle + 1e-5;
    const double above = reference();
    v = middle - 1e-5;
    wanted.push_back((above - reference()) / 2e-5);
    v = middle;
  }
  CHECK(error_of(values_of(dlogits), wanted) < 1e-8);
  for (Index lane = 35; lane < 64; ++lane) CHECK(dlogits.at(lane, 2, 0, 0) == 0.0F);
}

TEST_CASE("The loss stays finite for logits far apart", "[nn]") {
  Activation logits({3, 1, 1}, 2);
  logits.fill(0.0F);
  logits.at(0, 0, 0, 0) = 1e5F;
  logits.at(1, 2, 0, 0) = -1e5F;
  const std::vector<Label> labels{1, 2};
  Activation dlogits;
  CHECK(std::isfinite(loss(logits, labels, &logits, {3.0, 0.75}, dlogits)));
  // Softmaxes of (1, 0, 0) and (1/2, 1/2, 0); a quarter of each counts, for half of the batch.
  const Values wanted{0.125, -0.125, 0.0, 0.0625, 0.0625, -0.125};
  CHECK(error_of(values_of(dlogits), wanted) < 1e-6);
}

TEST_CASE("A loss refuses labels and teachers that don't fit", "[nn]") {
  Activation logits({3, 1, 1}, 2), dlogits;
  logits.fill(0.0F);
  const auto id = [&](const std::vector<Label>& labels, const Activation* teacher) {
    return error_of([&] { loss(logits, labels, teacher, {}, dlogits); });
  };
  CHECK(id({0, 1, 2}, nullptr) == ErrorId::shape_mismatch);
  CHECK(id({0, 3}, nullptr) == ErrorId::bad_label);
  CHECK(id({0, -1}, nullptr) == ErrorId::bad_label);
  const Activation other({4, 1, 1}, 2), longer({3, 1, 1}, 3);
  CHECK(id({0, 1}, &other) == ErrorId::shape_mismatch);
  CHECK(id({0, 1}, &longer) == ErrorId::shape_mismatch);
}
