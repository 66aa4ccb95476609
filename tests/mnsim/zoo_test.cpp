#include "autoprune/mnsim/zoo.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

using namespace autoprune;
using namespace autoprune::mnsim;

namespace {

Index count(const nn::Network& network, std::string_view op) {
  return static_cast<Index>(
      std::count_if(network.nodes().begin(), network.nodes().end(),
                    [&](const nn::Node& node) { return node.op.name() == op; }));
}

}  // namespace

TEST_CASE("MNSIM-2.0's networks have its weights, multiplications and residual sums", "[mnsim]") {
  struct Expected {
    Index weights, multiplications, convs, linears;
  };
  const std::map<std::string, Expected> expected = {
      {"mnsim-lenet", {61'770, 651'720, 3, 2}},
      {"mnsim-alexnet", {2'779'840, 42'259'456, 5, 2}},
      {"mnsim-vgg8", {9'303'424, 626'403'328, 7, 1}},
      {"mnsim-vgg16", {14'730'944, 313'217'024, 13, 1}},
      {"mnsim-resnet18", {13'589'184, 153'818'112, 20, 2}}};
  register_networks();
  for (const auto& [name, counts] : expected) {
    INFO(name);
    const nn::Network network = nn::make_network(name, {3, 32, 32});
    Index weights = 0, multiplications = 0;
    for (const Index i : network.matrix_layers()) {
      const nn::Node& node = network.node(i);
      const auto size = static_cast<Index>(node.weight.size());
      weights += size;
      multiplications += size * node.shape.height * node.shape.width;
      CHECK_FALSE(node.has_bias());
    }
    CHECK(weights == counts.weights);
    CHECK(multiplications == counts.multiplications);
    CHECK(count(network, "conv") == counts.convs);
    CHECK(count(network, "linear") == counts.linears);
    CHECK(count(network, "add") == (name == "mnsim-resnet18" ? 8 : 0));
  }
}

TEST_CASE("MNSIM-2.0's networks are known by name, registered twice or not", "[mnsim]") {
  register_networks();
  register_networks();
  CHECK(nn::zoo_names() == std::vector<std::string>{"alexnet", "lenet5", "mnsim-alexnet",
                                                    "mnsim-lenet", "mnsim-resnet18", "mnsim-vgg16",
                                                    "mnsim-vgg8", "mobilenet_v2", "plain20",
                                                    "resnet20", "vgg16"});
  for (const std::string& name : nn::zoo_names())
    for (const nn::Shape3 input : {nn::Shape3{1, 32, 32}, {3, 64, 64}}) {
      const nn::Network network = nn::make_network(name, input);
      CHECK(network.input_shape() == input);
      CHECK(network.outputs() == 10);
    }
}

TEST_CASE("a residual sum reads its block's end and what the block began with", "[mnsim]") {
  const nn::Network network = resnet18();
  Index sums = 0;
  for (const nn::Node& node : network.nodes()) {
    if (!node.op.is<nn::Add>()) continue;
    ++sums;
    REQUIRE(node.inputs.size() == 2);
    CHECK(network.node(node.inputs[0]).name.ends_with(".bn2"));
    CHECK_FALSE(network.node(node.inputs[1]).name.ends_with(".bn2"));
  }
  CHECK(sums == 8);
}
