// Weights and inputs that are rounded to codes: what they become, what a session makes of them, and
// the gradients that pass straight through.
#include "autoprune/nn/layer_codes.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

Codes random_codes(Random& random, bool negative) {
  return {1 + random.below(8), 0.2 + 2.0 * random.uniform(), negative};
}

/// Two convolutions, the second of which reads maps without negative numbers, and a linear layer.
Network small_network() {
  Network n({3, 5, 4});
  n.conv("c1", {.out = 6, .kernel = 3, .padding = 1, .bias = true});
  n.batch_norm("b1");
  n.relu("r1");
  n.conv("c2", {.out = 8, .kernel = {3, 2}, .stride = {1, 2}, .groups = 2});
  n.relu("r2");
  n.linear("l", 5);
  return n;
}

std::vector<LayerCodes> codes_for(Random& random) {
  std::vector<LayerCodes> codes;
  for (const bool negative : {true, false, false})
    codes.push_back({random_codes(random, true), random_codes(random, negative)});
  for (int c = 0; c < 6; ++c)
    codes.front().ranges.push_back(static_cast<float>(random.uniform(0.1, 1.0)));
  return codes;
}

/// Its weights as the codes say.
Network rounded(Network network, std::span<const LayerCodes> codes) {
  for (std::size_t k = 0; const Index i : network.matrix_layers()) {
    Tensor& w = network.node(i).weight;
    const auto& [c, inputs, ranges] = codes[k++];
    const std::size_t each = w.size() / w.shape(0);
    for (std::size_t n = 0; n < w.size(); ++n) {
      const double step = c.step() * (ranges.empty() ? 1.0 : static_cast<double>(ranges[n / each]));
      w.data()[n] =
          static_cast<float>(to_code(static_cast<double>(w.data()[n]), step, c.bits) * step);
    }
  }
  return network;
}

}  // namespace

TEST_CASE("codes are the nearest integers, half to even, within their range") {
  CHECK(to_code(0.5, 1.0, 8) == 0);
  CHECK(to_code(1.5, 1.0, 8) == 2);
  CHECK(to_code(-300.0, 1.0, 8) == -255);
  Random random(5);
  ThreadPool pool(2);
  for (int t = 0; t < 50; ++t) {
    const Codes codes = random_codes(random, t % 2 == 0);
    const double step = codes.largest / largest_code(codes.bits);
    CHECK(codes.step() == step);
    const Activation x = random_activation(random, {3, 2, 2}, 1 + random.below(70));
    Activation integers, values, again, dx = x;
    const InputRounding round(codes);
    round.encode(x, integers, pool);
    round.round(x, values, pool);
    round.round(values, again, pool);
    round.clip_gradient(x, dx, pool);
    CHECK(values_of(values) == values_of(again));
    for_values(x, [&](Index i, Index c, Index h, Index w) {
      const auto v = static_cast<double>(x.at(i, c, h, w));
      const auto code = static_cast<double>(integers.at(i, c, h, w));
      const double low = codes.negative ? -codes.largest : 0.0;
      REQUIRE(std::abs(code * step - std::clamp(v, low, codes.largest)) <= 0.5001 * step);
      REQUIRE(code == std::nearbyint(code));
      REQUIRE(static_cast<double>(values.at(i, c, h, w)) == Approx(code * step));
      const bool inside = v >= low && v <= codes.largest;
      REQUIRE(dx.at(i, c, h, w) == (inside ? x.at(i, c, h, w) : 0.0F));
    });
  }
}

TEST_CASE("a session with codes is one of rounded weights that reads rounded inputs") {
  Random random(9);
  ThreadPool pool(2);
  for (int t = 0; t < 20; ++t) {
    Network network = small_network();
    network.initialise(random.below(1000));
    const std::vector<LayerCodes> codes = codes_for(random);
    Network other = rounded(network, codes);
    std::vector<PruneMask> masks;
    for (const Index i : network.matrix_layers()) {
      const ConstMatrixView w = weight_matrix(std::as_const(network).node(i).weight);
      masks.push_back(
          random_mask(random, w.cols(), w.rows(), 4).in_matrices(network.node(i).matrices));
    }
    Session coded(network, pool), plain(other, pool);
    coded.set_masks(masks);
    coded.set_codes(codes);
    std::vector<MatrixLayer> layers;
    for (std::size_t k = 0; const Index i : other.matrix_layers()) {
      layers.emplace_back(other, other.node(i), masks[k++]);
      layers.back().pack(other.node(i).weight, false, pool);
    }
    plain.set_product([&](Index node, const Activation& x, Activation& y) {
      const auto all = other.matrix_layers();
      const auto k =
          static_cast<std::size_t>(std::find(all.begin(), all.end(), node) - all.begin());
      Activation read;
      InputRounding(codes[k].inputs).round(x, read, pool);
      layers[k].forward(read, y, {}, pool);
    });
    const Activation images = random_activation(random, {3, 5, 4}, 1 + random.below(40));
    const Values expected = values_of(plain.logits_of(images));
    CHECK(error_of(values_of(coded.logits_of(images)), expected) < 1e-5);
    CHECK(error_of(values_of(coded.forward(images, Mode::inference)), expected) < 1e-5);
    coded.set_codes({});
    Session real(network, pool);
    real.set_masks(masks);
    CHECK(values_of(coded.logits_of(images)) == values_of(real.logits_of(images)));
  }
}

TEST_CASE("gradients are those of what was rounded, and none of what was cut off") {
  Random random(17);
  ThreadPool pool(2);
  // Inputs of so many bits hardly move, but what is cut off does: a clip before the layer.
  const double most = 0.7;
  Network coded({2, 4, 4}), clipped({2, 4, 4});
  for (Network* n : {&coded, &clipped}) {
    n->conv("c1", {.out = 5, .kernel = 3, .padding = 1});
    if (n == &clipped) n->append("clip", Clip({.min = 0.0, .max = most}));
    n->conv("c2", {.out = 4, .kernel = 3});
    n->linear("l", 3);
    n->initialise(3);
  }
  std::vector<LayerCodes> codes(3);
  codes[0].weights = {3, 0.4, true};
  codes[1] = {{4, 0.3, true}, {16, most, false}};
  for (const char* name : {"c1", "c2", "l"})
    clipped.node(*clipped.find(name)).weight = coded.node(*coded.find(name)).weight;
  clipped = rounded(
      std::move(clipped),
      std::vector<LayerCodes>{{{3, 0.4, true}, {}}, {{4, 0.3, true}, {}}, {{16, 8.0, true}, {}}});
  Session a(coded, pool), b(clipped, pool);
  a.set_codes(codes);
  const Activation images = random_activation(random, {2, 4, 4}, 7);
  a.forward(images, Mode::training);
  b.forward(images, Mode::training);
  CHECK(error_of(values_of(a.logits()), values_of(b.logits())) < 1e-3);
  const Activation dlogits = random_activation(random, {3, 1, 1}, 7);
  a.backward(dlogits);
  b.backward(dlogits);
  for (const char* name : {"c1", "c2", "l"}) {
    const auto at = [&](const Network& n) { return *n.find(name); };
    CHECK(error_of(values_of(a.gradient(at(coded)).weight),
                   values_of(b.gradient(at(clipped)).weight)) < 1e-3);
  }
}

TEST_CASE("codes that can't be are refused") {
  Network network = small_network();
  network.initialise(1);
  ThreadPool pool(1);
  Session session(network, pool);
  std::vector<LayerCodes> codes(3);
  codes[1].inputs.bits = 17;
  CHECK(autoprune::error_of([&] { session.set_codes(codes); }) == ErrorId::out_of_range);
  codes[1].inputs = {8, std::numeric_limits<double>::quiet_NaN(), true};
  CHECK(autoprune::error_of([&] { session.set_codes(codes); }) == ErrorId::not_finite);
  codes.resize(2);
  CHECK(autoprune::error_of([&] { session.set_codes(codes); }) == ErrorId::shape_mismatch);
  // A weight that is no number can't hide behind its code.
  codes.assign(3, {{4, 1.0, true}, {4, 1.0, true}});
  session.set_codes(codes);
  network.node(network.matrix_layers()[1]).weight(0) = std::numeric_limits<float>::quiet_NaN();
  session.weights_changed();
  Random random(1);
  const Activation images = random_activation(random, {3, 5, 4}, 2);
  CHECK(autoprune::error_of([&] { session.logits_of(images); }) == ErrorId::not_finite);
}

TEST_CASE("ranges are positive numbers, one a channel") {
  const Network network = small_network();
  std::vector<LayerCodes> codes(network.matrix_layers().size());
  const auto filters = static_cast<std::size_t>(network.node(network.matrix_layers()[1]).filters());
  codes[1].ranges.assign(filters, 0.5F);
  CHECK_NOTHROW(require(codes, network));
  for (const float bad : {0.0F, -1.0F, std::numeric_limits<float>::infinity()}) {
    codes[1].ranges.back() = bad;
    CHECK(error_of([&] { require(codes, network); }) == ErrorId::not_finite);
  }
  codes[1].ranges.assign(filters + 1, 0.5F);
  CHECK(error_of([&] { require(codes, network); }) == ErrorId::shape_mismatch);
  ThreadPool pool(1);
  Tensor weight = make_tensor({2, 3}, 0.5F), rounded;
  CHECK(error_of([&] {
          round_weights(weight, {{3, 1.0, true}, {}, {1.0F, 1.0F, 1.0F}}, rounded, pool);
        }) == ErrorId::shape_mismatch);
}
