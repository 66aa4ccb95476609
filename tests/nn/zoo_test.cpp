#include "autoprune/nn/zoo.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

using namespace autoprune;

namespace {

using Shapes = std::map<std::string, std::vector<Index>>;

Shapes parameters(nn::Network network) {
  Shapes shapes;
  for (const auto& [name, tensor] : network.parameters()) shapes[name] = shape_of(*tensor);
  return shapes;
}

/// Adds a convolution without bias at `features.at` and the batch-norm behind it.
void add_block(Shapes& shapes, Index at, Index in, Index out) {
  shapes[concat("features.", at, ".weight")] = {out, in, 3, 3};
  for (const char* part : {"weight", "bias", "running_mean", "running_var"})
    shapes[concat("features.", at + 1, '.', part)] = {out};
}

void add_linear(Shapes& shapes, Index at, Index in, Index out) {
  shapes[concat("classifier.", at, ".weight")] = {out, in};
  shapes[concat("classifier.", at, ".bias")] = {out};
}

std::vector<std::string> names_of(const nn::Network& network, std::string_view op) {
  std::vector<std::string> names;
  for (const nn::Node& node : network.nodes())
    if (node.op.name() == op) names.push_back(node.name);
  return names;
}

Index weights_of(const nn::Network& network) {
  Index weights = 0;
  for (const Index i : network.matrix_layers())
    weights += static_cast<Index>(network.node(i).weight.size());
  return weights;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("LeNet-5 has PyTorch's names and shapes", "[zoo]") {
  Shapes expected = {{"features.0.weight", {6, 1, 5, 5}},
                     {"features.0.bias", {6}},
                     {"features.3.weight", {16, 6, 5, 5}},
                     {"features.3.bias", {16}}};
  add_linear(expected, 0, 400, 120);
  add_linear(expected, 2, 120, 84);
  add_linear(expected, 4, 84, 10);
  CHECK(parameters(nn::lenet5()) == expected);
  CHECK(names_of(nn::lenet5(), "max_pool") == Names{"features.2", "features.5"});
  CHECK(names_of(nn::lenet5(), "relu") ==
        Names{"features.1", "features.4", "classifier.1", "classifier.3"});
}

TEST_CASE("AlexNet has PyTorch's names and shapes", "[zoo]") {
  Shapes expected;
  add_block(expected, 0, 3, 64);
  add_block(expected, 4, 64, 192);
  add_block(expected, 8, 192, 384);
  add_block(expected, 11, 384, 256);
  add_block(expected, 14, 256, 256);
  add_linear(expected, 1, 1024, 4096);
  add_linear(expected, 4, 4096, 4096);
  add_linear(expected, 6, 4096, 10);
  const nn::Network network = nn::alexnet();
  CHECK(parameters(network) == expected);
  CHECK(weights_of(network) == 23'262'912);
  CHECK(names_of(network, "max_pool") == Names{"features.3", "features.7", "features.17"});
  CHECK(names_of(network, "dropout") == Names{"classifier.0", "classifier.3"});
  for (const nn::Node& node : network.nodes())
    if (const auto* dropout = node.op.as<nn::Dropout>()) CHECK(dropout->rate == 0.3);
  CHECK(network.node(1).op.window().stride == nn::Size2(2));
}

TEST_CASE("VGG16 has PyTorch's names and shapes", "[zoo]") {
  Shapes expected;
  const std::vector<std::pair<Index, Index>> convs = {
      {0, 64},   {3, 64},   {7, 128},  {10, 128}, {14, 256}, {17, 256}, {20, 256},
      {24, 512}, {27, 512}, {30, 512}, {34, 512}, {37, 512}, {40, 512}};
  Index in = 3;
  for (const auto& [at, out] : convs) {
    add_block(expected, at, in, out);
    in = out;
  }
  add_linear(expected, 0, 512, 10);
  CHECK(parameters(nn::vgg16()) == expected);
  CHECK(names_of(nn::vgg16(), "max_pool") ==
        Names{"features.6", "features.13", "features.23", "features.33", "features.43"});
}

TEST_CASE("Plain20 has PyTorch's names and shapes", "[zoo]") {
  for (const Index channels : {1, 3}) {
    Shapes expected;
    for (Index layer = 0; layer < 19; ++layer) {
      const auto width = [](Index i) { return Index{16} << std::max<Index>(0, (i - 1) / 6); };
      add_block(expected, 3 * layer, layer == 0 ? channels : width(layer - 1), width(layer));
    }
    add_linear(expected, 0, 64, 10);
    CHECK(parameters(nn::plain20({channels, 32, 32})) == expected);
  }
  const nn::Network network = nn::plain20();
  CHECK(names_of(network, "avg_pool") == Names{"features.57"});
  CHECK(network.node(58).op.window().kernel == nn::Size2(8));
  std::vector<std::string> strided;
  for (const nn::Node& node : network.nodes())
    if (node.op.is<nn::Conv>() && node.op.window().stride == nn::Size2(2))
      strided.push_back(node.name);
  CHECK(strided == Names{"features.21", "features.39"});
}

TEST_CASE("ResNet20 has its shapes, and shortcuts of 1x1 where the size changes", "[zoo]") {
  const nn::Network network = nn::resnet20();
  CHECK(network.matrix_layers().size() == 22);
  CHECK(weights_of(network) == 270'896);
  const Shapes shapes = parameters(network);
  CHECK(shapes.at("conv1.weight") == std::vector<Index>{16, 3, 3, 3});
  CHECK(shapes.at("layer1.2.conv2.weight") == std::vector<Index>{16, 16, 3, 3});
  CHECK(shapes.at("layer2.0.conv1.weight") == std::vector<Index>{32, 16, 3, 3});
  CHECK(shapes.at("layer3.0.downsample.0.weight") == std::vector<Index>{64, 32, 1, 1});
  CHECK(shapes.at("fc.weight") == std::vector<Index>{10, 64});
  CHECK(shapes.count("layer1.0.downsample.0.weight") == 0);
  CHECK(names_of(network, "add").size() == 9);
  CHECK(network.node(*network.find("layer3.2.add")).shape == nn::Shape3{64, 8, 8});
}

TEST_CASE("MobileNetV2 has torchvision's names and shapes", "[zoo]") {
  const nn::Network network = nn::mobilenet_v2();
  const Shapes shapes = parameters(network);
  CHECK(shapes.at("features.0.0.weight") == std::vector<Index>{32, 3, 3, 3});
  CHECK(shapes.at("features.1.conv.0.0.weight") == std::vector<Index>{32, 1, 3, 3});
  CHECK(shapes.at("features.1.conv.1.weight") == std::vector<Index>{16, 32, 1, 1});
  CHECK(shapes.at("features.2.conv.0.0.weight") == std::vector<Index>{96, 16, 1, 1});
  CHECK(shapes.at("features.2.conv.1.0.weight") == std::vector<Index>{96, 1, 3, 3});
  CHECK(shapes.at("features.17.conv.3.running_var") == std::vector<Index>{320});
  CHECK(shapes.at("features.18.0.weight") == std::vector<Index>{1280, 320, 1, 1});
  CHECK(shapes.at("classifier.1.weight") == std::vector<Index>{10, 1280});
  Index depthwise = 0, channels = 0, numbers = 0;
  for (const Index i : network.matrix_layers())
    if (network.node(i).matrices > 1) {
      ++depthwise;
      channels += network.node(i).filters();
      CHECK(network.node(i).matrices == network.node(i).filters());
    }
  CHECK(depthwise == 17);
  CHECK(channels == 7136);
  CHECK(network.matrix_layers().size() == 53);
  CHECK(names_of(network, "add").size() == 10);
  CHECK(network.node(*network.find("features.18.2")).shape == nn::Shape3{1280, 4, 4});
  // torchvision's has 3,504,872 with a classifier of 1000 classes.
  for (const auto& [name, shape] : shapes) {
    Index size = 1;
    for (const Index extent : shape) size *= extent;
    numbers += name.find("running") == std::string::npos ? size : 0;
  }
  CHECK(numbers == 3'504'872 - 990 * 1281);
}

TEST_CASE("every network is made by its name and ends in ten classes", "[zoo]") {
  for (const std::string& name : nn::zoo_names())
    for (const nn::Shape3 input : {nn::Shape3{1, 32, 32}, {3, 32, 32}, {3, 64, 64}}) {
      const nn::Network network = nn::make_network(name, input);
      CHECK(network.input_shape() == input);
      CHECK(network.outputs() == 10);
    }
}

TEST_CASE("weights start with the spread that keeps signals' sizes, layer by layer", "[zoo]") {
  nn::Network network({48, 8, 9});
  network.conv("wide", {.out = 64, .kernel = {1, 5}});
  network.conv("high", {.out = 48, .kernel = {3, 2}});
  network.linear("linear", 30);
  network.conv("again", {.out = 64, .kernel = {1, 5}}, 0);
  network.initialise(3);
  const auto fan = [](const Tensor& weight) {
    double squares = 0.0;
    for (const float w : weight) squares += static_cast<double>(w) * static_cast<double>(w);
    return 2.0 * static_cast<double>(weight.size()) / squares;
  };
  CHECK(fan(network.node(1).weight) == Approx(64.0 * 1 * 5).epsilon(0.05));
  CHECK(fan(network.node(2).weight) == Approx(48.0 * 3 * 2).epsilon(0.05));
  CHECK(fan(network.node(3).weight) == Approx(48.0 * 6 * 4).epsilon(0.05));
  // Two layers of one shape start apart.
  const Tensor &one = network.node(1).weight, &other = network.node(4).weight;
  CHECK_FALSE(std::equal(one.begin(), one.end(), other.begin()));
}

TEST_CASE("a network of one's own is known once it is registered", "[zoo]") {
  nn::register_network({"lenet4", nn::lenet5});
  CHECK(nn::zoo_names() ==
        Names{"alexnet", "lenet4", "lenet5", "mobilenet_v2", "plain20", "resnet20", "vgg16"});
  CHECK(nn::make_network("lenet4", {1, 32, 32}).outputs() == 10);
  CHECK_THROWS_WITH(nn::register_network({"vgg16", nn::vgg16}),
                    Catch::Contains("'vgg16' is known already"));
  std::erase_if(nn::detail::zoo(), [](const auto& known) { return known.name == "lenet4"; });
}

TEST_CASE("an unknown name and too small images are errors", "[zoo]") {
  CHECK_THROWS_WITH(nn::make_network("vgg-16", {3, 32, 32}),
                    Catch::Contains("config.101") && Catch::Contains("did you mean 'vgg16'") &&
                        Catch::Contains("alexnet, lenet5, mobilenet_v2, plain20, resnet20, vgg16"));
  CHECK_THROWS_WITH(nn::make_network("vgg16", {3, 8, 8}), Catch::Contains("shape.202"));
}
