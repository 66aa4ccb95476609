// Numbers that stop being numbers are found where they do, in every mode, and named by their layer.
#include "autoprune/nn/finite.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::array kModes = {Mode::inference, Mode::statistics, Mode::training};

/// Layers whose outputs go through a ReLU or a max-pool, fused and not, and layers whose don't.
Network network_of_all() {
  Network n({3, 8, 8});
  n.conv("c1", {.out = 5, .kernel = 3, .padding = 1, .bias = true});
  const Index skip = n.relu("r1");
  n.conv("c2", {.out = 5, .kernel = 3, .padding = 1});
  n.batch_norm("b2");
  n.relu("r2");
  n.conv("c3", {.out = 5, .kernel = 1, .bias = true});
  n.batch_norm("b3");
  n.add("sum", {skip, n.size() - 1});
  n.relu("r3");
  n.max_pool("m", {.kernel = 2});
  n.batch_norm("b4");
  n.avg_pool("a", {.kernel = 2});
  n.flatten("f");
  n.dropout("d", 0.3);
  n.linear("l1", 7);
  n.relu("r4");
  n.linear("l2", 4);
  randomise(n, 3);
  return n;
}

Batch random_batch(const Network& network, Index images, std::uint64_t seed = 1) {
  Random random(seed);
  Batch batch{random_activation(random, network.input_shape(), images), {}};
  batch.labels.assign(static_cast<std::size_t>(images), 0);
  return batch;
}

/// What a forward pass says; "" when it says nothing.
std::string complaint(Network network, const Activation& images, Mode mode,
                      const std::vector<PruneMask>& masks = {}) {
  ThreadPool pool(2);
  Session session(network, pool);
  session.set_masks(masks);
  try {
    session.forward(images, mode);
  } catch (const Error& error) {
    CHECK(error.id() == ErrorId::not_finite);
    return error.what();
  }
  return "";
}

bool names(const std::string& text, const std::string& node) {
  return text.find("'" + node + "'") != std::string::npos;
}

}  // namespace

TEST_CASE("A parameter that isn't a finite number is refused in every mode, by its layer's name") {
  const Network good = network_of_all();
  const Batch batch = random_batch(good, 35);
  Random random(7);
  for (const Mode mode : kModes) {
    CHECK(complaint(good, batch.images, mode).empty());
    for (std::size_t p = 0; p < good.parameters().size(); ++p)
      for (const float value : {kNan, kInfinity, -kInfinity}) {
        Network bad = good;
        const auto [name, tensor] = bad.parameters()[p];
        INFO(name << " = " << value);
        tensor->flat(random.below(static_cast<Index>(tensor->size()))) = value;
        const std::string said = complaint(bad, batch.images, mode);
        CHECK(names(said, name.substr(0, name.find('.'))));
        CHECK(said.find(name.substr(name.find('.') + 1)) != std::string::npos);
      }
  }
}

TEST_CASE("A variance below zero is refused in every mode, one of zero isn't") {
  const Network good = network_of_all();
  const Batch batch = random_batch(good, 4);
  for (const Mode mode : kModes)
    for (const Index node : {4, 7, 11}) {
      Network bad = good;
      REQUIRE(bad.node(node).op.is<BatchNorm>());
      for (const float variance : {0.0F, -1e-7F, -1.0F}) {
        bad.node(node).running_var(2) = variance;
        const std::string said = complaint(bad, batch.images, mode);
        CHECK(names(said, bad.node(node).name) == (variance < 0.0F));
      }
    }
}

TEST_CASE("What a mask prunes is no business of the network's") {
  Network network = network_of_all();
  const Batch batch = random_batch(network, 4);
  Random random(5);
  const std::vector<PruneMask> masks = random_masks(random, network, 4);
  ThreadPool pool(1);
  Session session(network, pool);
  session.set_masks(masks);
  const Values expected = values_of(session.forward(batch.images, Mode::inference));
  const std::vector<Index> layers = network.matrix_layers();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    MatrixView weights = weight_matrix(network.node(layers[k]).weight);
    for (Index r = 0; r < weights.cols(); ++r)
      for (Index c = 0; c < weights.rows(); ++c)
        if (!masks[k].kept(r / 4, c)) weights(c, r) = kNan;
  }
  session.weights_changed();
  CHECK(values_of(session.forward(batch.images, Mode::inference)) == expected);
}

TEST_CASE("Sums that outgrow float32 are found where they do, whatever hides them") {
  const auto make = [](bool norm, bool relu, bool pool) {
    Network n({2, 4, 4});
    n.conv("c1", {.out = 3, .kernel = 1, .bias = true});
    n.relu("r1");
    n.conv("c2", {.out = 3, .kernel = 3, .padding = 1});
    if (norm) n.batch_norm("b2");
    if (relu) n.relu("r2");
    if (pool) n.max_pool("m2", {.kernel = 2});
    n.linear("l", 2);
    for (const auto& [name, tensor] : n.parameters())
      if (tensor->dimension() > 1) tensor->fill(1e-3F);
    return n;
  };
  for (const Mode mode : kModes)
    for (int i = 0; i < 8; ++i) {
      Network n = make((i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
      Batch batch = random_batch(n, 3);
      batch.images.fill(1.0F);
      CHECK(complaint(n, batch.images, mode).empty());
      for (const float sign : {1.0F, -1.0F}) {
        n.node(1).weight.fill(1e30F);
        n.node(3).weight.fill(sign * 1e30F);
        CHECK(names(complaint(n, batch.images, mode), "c2"));
      }
      // Both infinities, whose sum isn't a number.
      for (std::size_t k = 0; k < n.node(3).weight.size(); ++k)
        n.node(3).weight.flat(k) = k % 2 == 0 ? 1e30F : -1e30F;
      CHECK(names(complaint(n, batch.images, mode), "c2"));
    }
}

TEST_CASE("Batch-norms, sums of nodes and dropout are looked at as well") {
  Network n({2, 4, 4});
  n.batch_norm("b");
  n.relu("r0");
  n.add("sum", {0, n.size() - 1});
  n.relu("r1");
  n.dropout("d", 0.5);
  n.max_pool("m", {.kernel = 2});
  n.linear("l", 2);
  n.initialise(1);
  Batch batch = random_batch(n, 40);
  CHECK(complaint(n, batch.images, Mode::inference).empty());
  SECTION("batch-norm") {
    n.node(1).weight.fill(-3e38F);
    for (const Mode mode : kModes) CHECK(names(complaint(n, batch.images, mode), "b"));
  }
  SECTION("sum") {
    n.node(1).bias.fill(3e38F);
    n.node(1).weight.fill(0.0F);
    batch.images.fill(3e38F);
    batch.images.at(7, 0, 0, 0) = -3e38F;
    CHECK(names(complaint(n, batch.images, Mode::inference), "sum"));
    batch.images.fill(1.0F);
    CHECK(complaint(n, batch.images, Mode::training) == complaint(n, batch.images, Mode::training));
    CHECK(names(complaint(n, batch.images, Mode::training), "d"));  // twice 3e38
  }
  SECTION("squares that outgrow float32 before the values do") {
    batch.images.at(39, 1, 2, 2) = 1e25F;
    CHECK(complaint(n, batch.images, Mode::inference).empty());
    const Tensor before = n.node(1).running_var;
    ThreadPool pool(1);
    Session session(n, pool);
    for (const Mode mode : {Mode::statistics, Mode::training})
      CHECK(error_of([&] { session.forward(batch.images, mode); }) == ErrorId::not_finite);
    CHECK(values_of(n.node(1).running_var) == values_of(before));
  }
}

TEST_CASE("Images that hold NaN or infinity are refused, whoever reads them first") {
  const auto first = [](const Op& op) {
    Network n({2, 4, 4});
    n.append("first", op, op.arity().least == 1 ? std::vector<Index>{0} : std::vector<Index>{0, 0});
    n.relu("hides");
    n.linear("l", 2);
    n.initialise(1);
    return n;
  };
  for (const Op& op : {Op(Conv{.out = 2, .kernel = 1}), Op(Relu{}), Op(MaxPool{}), Op(Flatten{}),
                       Op(Dropout{.rate = 0.9}), Op(BatchNorm{}), Op(Add{}), Op(Linear{.out = 2})})
    for (const Mode mode : kModes)
      for (const float value : {kNan, kInfinity, -kInfinity}) {
        const Network n = first(op);
        Batch batch = random_batch(n, 33);
        CHECK(complaint(n, batch.images, mode).empty());
        batch.images.at(32, 1, 3, 2) = value;
        CHECK(complaint(n, batch.images, mode).find("images") != std::string::npos);
      }
}

TEST_CASE("Lanes without an image may hold anything") {
  // The batch has one value, which normalises to zero; the zeros beside it become -3e32 and, one
  // layer on, more than float32 holds.
  Network n({1, 1, 1});
  n.batch_norm("b");
  n.conv("c", {.out = 1, .kernel = 1});
  n.relu("r");
  n.linear("l", 2);
  n.node(2).weight.fill(1e10F);
  n.node(4).weight.fill(1.0F);
  Batch batch = random_batch(n, 1);
  batch.images.at(0, 0, 0, 0) = 1e30F;
  CHECK(complaint(n, batch.images, Mode::statistics).empty());
  batch = random_batch(n, 2);
  batch.images.at(0, 0, 0, 0) = batch.images.at(1, 0, 0, 0) = 1e30F;
  CHECK(complaint(n, batch.images, Mode::statistics).empty());
  batch.images.at(1, 0, 0, 0) = 0.0F;
  CHECK(complaint(n, batch.images, Mode::statistics) != "");
}

TEST_CASE("Parameters of a node are checked one by one") {
  Network n = network_of_all();
  for (const Node& node : n.nodes()) CHECK(error_of([&] { check_parameters(node); }) == ErrorId{});
  n.node(1).weight.flat(5) = kNan;
  CHECK_THROWS_WITH(check_parameters(n.node(1)),
                    Catch::Contains("conv 'c1': number 5 of its weight"));
}
