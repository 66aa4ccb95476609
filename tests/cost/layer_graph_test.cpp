// What of a network an accelerator works on.

#include "autoprune/cost/layer_graph.hpp"

#include "autoprune/cost/layer_work.hpp"

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::cost;

TEST_CASE("nodes that cost nothing are passed through") {
  nn::Network network({3, 8, 8});
  const Index image = network.relu("relu0");
  network.conv("a", {.out = 3, .kernel = 3, .padding = 1});
  network.batch_norm("bn");
  const Index a = network.relu("relu");
  const Index sum = network.add("sum", {a, image});
  network.max_pool("pool", {});
  network.flatten("flatten");
  network.dropout("dropout", 0.5);
  network.linear("last", 10);
  network.conv("side", {.out = 1}, sum);
  const std::vector<GraphLayer> layers = layer_graph(network);
  REQUIRE(layers.size() == 5);
  CHECK(layers[0].inputs == std::vector<Index>{kImage});
  CHECK(layers[0].outputs == std::vector<Index>{1});
  CHECK(layers[1].inputs == std::vector<Index>{0, kImage});
  CHECK(layers[1].outputs == std::vector<Index>{2, 4});
  CHECK(layers[3].kind == LayerKind::linear);
  CHECK(layers[3].in == nn::Shape3{48, 1, 1});
  CHECK(layers[3].inputs == std::vector<Index>{2});
  CHECK(layers[4].inputs == std::vector<Index>{1});
}

TEST_CASE("what is concatenated is read from all of its layers, and gates cost like sums") {
  nn::Network network({3, 8, 8});
  const Index a = network.conv("a", {.out = 4, .kernel = 3, .padding = {2, 2}, .dilation = 2});
  const Index b = network.conv("b", {.out = 2, .padding = 1}, 0);
  const Index both = network.append("concat", nn::Concat{}, {a, b, a});
  network.append("more", nn::Concat{}, {both, both});
  network.append("relu6", nn::Clip{});
  const Index pool = network.append("pool", nn::GlobalAvgPool{});
  network.append("gate", nn::Mul{}, {pool, pool - 1});
  const std::vector<GraphLayer> layers = layer_graph(network);
  REQUIRE(layers.size() == 4);
  CHECK(layers[0].reach() == nn::Size2(5));
  CHECK(layers[2].kind == LayerKind::pool);
  CHECK(layers[2].inputs == std::vector<Index>{0, 1});
  CHECK(layers[2].kernel == nn::Size2(8));
  CHECK(layers[3].kind == LayerKind::sum);
  CHECK(layers[3].in == nn::Shape3{20, 8, 8});
  CHECK(layers[3].inputs == std::vector<Index>{2, 0, 1});
}

TEST_CASE("a convolution in groups has the rows of one, and reads all channels") {
  nn::Network network({4, 8, 8});
  network.conv("grouped", {.out = 6, .kernel = 3, .groups = 2});
  const LayerShape shape = layer_shapes(network).front();
  CHECK(shape.rows == 18);
  CHECK(shape.filters == 6);
  CHECK(shape.matrices == 2);
  CHECK(shape.inputs == 256);
  CHECK(shape.buffered_inputs == 96);
  CHECK(shape.macs() == 18.0 * 6.0 * 36.0);
  CHECK(layer_graph(network).front().in == nn::Shape3{4, 8, 8});
}

TEST_CASE("a branch reads what it was taken from, and a linear layer a whole map") {
  nn::Network network({3, 8, 6});
  const Index a = network.conv("a", {.out = 4, .kernel = 3, .padding = 1});
  network.conv("b", {.out = 5, .kernel = 1});
  network.relu("relu", a);
  network.conv("c", {.out = 2, .kernel = 1});
  network.linear("d", 7);
  const std::vector<GraphLayer> layers = layer_graph(network);
  REQUIRE(layers.size() == 4);
  CHECK(layers[2].inputs == std::vector<Index>{0});
  CHECK(layers[0].outputs == std::vector<Index>{1, 2});
  CHECK(layers[3].in == nn::Shape3{2 * 8 * 6, 1, 1});
}
