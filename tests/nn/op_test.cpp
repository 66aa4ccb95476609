// Operations that a user adds: their gradients, parameters and errors need nothing of the library
// but the list of members in nn/op.hpp.
#include "autoprune/nn/op.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// x below zero times one learned number a channel (He et al., 2015).
struct OwnPrelu {
  static constexpr std::string_view kName = "own_prelu";
  std::vector<Parameter> parameters(const OpInputs& in) const {
    return {{"weight", &Node::weight, {in.front().channels}, 0.25F}};
  }
  bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      rows(
          pass.y,
          [&](Index at, float slope) {
            const float x = pass.x().block(b)[at];
            pass.y.block(b)[at] = x > 0.0F ? x : slope * x;
          },
          pass.node);
      seen.see_all(pass.y.block(b), pass.y.block_size());
    });
  }
  void gradients(const BackwardPass& pass, Gradient& g) const {
    const auto sums =
        channel_sums(pass.dy, pass.part, pass.pool, [&](Index b, Index row, Index, float* lanes) {
          for (Index l = 0; l < kLanes; ++l)
            lanes[l] += std::min(0.0F, pass.x().block(b)[row + l]) * pass.dy.block(b)[row + l];
        });
    for (std::size_t c = 0; c < g.weight.size(); ++c) g.weight(c) = static_cast<float>(sums[2 * c]);
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.blocks([&](Index b) {
      rows(
          dx,
          [&](Index at, float slope) {
            const bool above = pass.x().block(b)[at] > 0.0F;
            dx.block(b)[at] = (above ? 1.0F : slope) * pass.dy.block(b)[at];
          },
          pass.node);
    });
  }

 private:
  /// f(offset in a block, its channel's number)
  template <class F>
  static void rows(const Activation& like, F&& f, const Node& node) {
    for (Index i = 0; i < like.block_size(); ++i)
      f(i, node.weight(static_cast<std::size_t>(i / kLanes % like.shape().channels)));
  }
};

/// The product of two maps, the second to the power of 1 or 2.
struct OwnProduct {
  static constexpr std::string_view kName = "own_product";
  static constexpr Arity kInputs = {2, 2};
  Index power = 1;
  bool halved = false;
  Size2 unused{1, 2};
  void describe(AttributeVisitor& visit) {
    visit.required("power", power);
    visit("halved", halved);
    visit("unused", unused);
  }
  bool forward(const ForwardPass& pass) const {
    return pass.blocks([&](Index b, FiniteRows& seen) {
      const float *x = pass.inputs[0]->block(b), *z = pass.inputs[1]->block(b);
      for (Index i = 0; i < pass.y.block_size(); ++i)
        pass.y.block(b)[i] = scale() * x[i] * (power == 1 ? z[i] : z[i] * z[i]);
      seen.see_all(pass.y.block(b), pass.y.block_size());
    });
  }
  void backward(const BackwardPass& pass, Index input, Activation& dx) const {
    pass.blocks([&](Index b) {
      const float *x = pass.inputs[0]->block(b), *z = pass.inputs[1]->block(b);
      for (Index i = 0; i < dx.block_size(); ++i) {
        const float of_x = power == 1 ? z[i] : z[i] * z[i];
        const float of_z = power == 1 ? x[i] : 2.0F * x[i] * z[i];
        dx.block(b)[i] = scale() * (input == 0 ? of_x : of_z) * pass.dy.block(b)[i];
      }
    });
  }
  float scale() const { return halved ? 0.5F : 1.0F; }
};

struct OwnInput : OwnProduct {
  static constexpr std::string_view kName = "input";
};

Network own_network() {
  Network n({2, 4, 3});
  const Index a = n.conv("a", {.out = 3, .kernel = 3, .padding = 1, .bias = true}, 0);
  const Index b = n.conv("b", {.out = 3, .kernel = 1, .bias = true}, 0);
  n.append("product", OwnProduct{.power = 2, .halved = true}, {a, b});
  n.append("prelu", OwnPrelu{});
  n.relu("relu");  // not fused: nobody in front folds
  n.append("again", OwnPrelu{}, Index{3});
  n.add("sum", {4, 5, 6});
  n.linear("l", 3);
  randomise(n, 4);
  return n;
}

/// The sum of all logits times fixed numbers, in training.
double weighted(Session& session, const Activation& images, const Activation& weights) {
  const Activation& logits = session.forward(images, Mode::training);
  double sum = 0.0;
  for_values(weights, [&](Index i, Index c, Index h, Index w) {
    sum += double{weights.at(i, c, h, w)} * double{logits.at(i, c, h, w)};
  });
  return sum;
}

}  // namespace

TEST_CASE("Gradients of a user's operations agree with finite differences", "[op]") {
  Network n = own_network();
  Random random(5);
  const Activation images = random_activation(random, n.input_shape(), 35);
  const Activation weights = random_activation(random, {3, 1, 1}, 35);
  ThreadPool pool(2);
  Session session(n, pool);
  (void)weighted(session, images, weights);
  session.backward(weights);
  Index compared = 0;
  for (Index i = 1; i < n.size(); ++i)
    for (const Parameter& p : n.node(i).parameters) {
      Tensor& tensor = n.node(i).*p.tensor;
      const Gradient& g = session.gradient(i);
      const Tensor gradient = p.tensor == &Node::weight ? g.weight : g.bias;
      for (std::size_t k = 0; k < tensor.size(); k += 1 + tensor.size() / 6) {
        INFO(n.node(i).name << '.' << p.name << '[' << k << ']');
        const float value = tensor.flat(k);
        const auto at = [&](float step) {
          tensor.flat(k) = value + step;
          session.weights_changed();
          return weighted(session, images, weights);
        };
        const double slope = (at(1e-4F) - at(-1e-4F)) / 2e-4;
        (void)at(0.0F);
        CHECK(gradient.flat(k) == Approx(slope).epsilon(0.02).margin(0.2));
        ++compared;
      }
    }
  CHECK(compared > 20);
}

TEST_CASE("What a user's operation learns is a parameter like any other", "[op]") {
  Network n = own_network();
  std::vector<std::string> names;
  for (const auto& parameter : n.parameters()) names.push_back(parameter.name);
  CHECK(std::count(names.begin(), names.end(), "prelu.weight") == 1);
  CHECK(n.node(*n.find("prelu")).weight.size() == 3);
  CHECK(Network(own_network()).node(4).weight(0) != 0.25F);  // randomised
  ThreadPool pool(1);
  Session session(n, pool);
  Sgd sgd(n, {});
  Random random(6);
  const Activation images = random_activation(random, n.input_shape(), 32);
  const Activation weights = random_activation(random, {3, 1, 1}, 32);
  const double before = weighted(session, images, weights);
  const Values prelu = values_of(n.node(4).weight);
  session.backward(weights);
  sgd.step(session, 1e-5, {});
  CHECK(weighted(session, images, weights) < before);
  CHECK(values_of(n.node(4).weight) != prelu);
  n.node(4).weight(1) = std::numeric_limits<float>::quiet_NaN();
  session.weights_changed();
  CHECK_THROWS_WITH(
      session.forward(images, Mode::inference),
      Catch::Contains("own_prelu 'prelu'") && Catch::Contains("number 1 of its weight"));
}

TEST_CASE("Operations are told apart by name and attributes", "[op]") {
  const Op one = OwnProduct{.power = 2};
  CHECK(one == Op(OwnProduct{.power = 2}));
  CHECK_FALSE(one == Op(OwnProduct{.power = 3}));
  CHECK_FALSE(Op(MaxPool{}) == Op(AvgPool{}));
  CHECK(Op(MaxPool{.kernel = 3}) == Op(MaxPool{.kernel = 3, .stride = Size2{3}}));
  CHECK(one.as<OwnProduct>()->power == 2);
  CHECK(one.as<OwnPrelu>() == nullptr);
  CHECK_FALSE(one.has_matrix());
  CHECK(one.work() == Work::none);
}

TEST_CASE("A user's operation is known by its name once, and says what it can't read", "[op]") {
  CHECK(error_of([] { (void)find_op("own_product"); }) == ErrorId::unknown_name);
  register_op(OwnProduct{});
  CHECK(find_op("own_product").is<OwnProduct>());
  CHECK(error_of([] { register_op(OwnProduct{}); }) == ErrorId::invalid_graph);
  CHECK(error_of([] { register_op(OwnInput{}); }) == ErrorId::invalid_graph);
  Network n({1, 2, 2});
  CHECK_THROWS_WITH(n.append("p", OwnProduct{}),
                    Catch::Contains("own_product 'p': 1 inputs; it takes 2"));
  CHECK_THROWS_WITH(n.append("p", OwnProduct{}, {0, 3}), Catch::Contains("reads node 3 of 1"));
}
