/// @file zoo.hpp
/// The networks of the paper and two with shortcuts, under PyTorch's module names, so that a
/// state_dict loads as it is.
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/sequential.hpp"

namespace autoprune::nn {

/// LeNet-5: two 5x5 convolutions and three linear layers, ReLU and max pooling, for MNIST with a
/// border of 2.
[[nodiscard]] inline Network lenet5(Shape3 input = {1, 32, 32}) {
  Network network(input);
  Sequential features(network, "features");
  for (const Index out : {6, 16}) {
    features.conv({.out = out, .kernel = 5, .bias = true});
    features.relu();
    features.max_pool();
  }
  network.flatten("flatten");
  Sequential classifier(network, "classifier");
  for (const Index out : {120, 84}) {
    classifier.linear(out);
    classifier.relu();
  }
  classifier.linear(10);
  return network;
}

/// AlexNet for 32x32 images: five convolutions and linear layers 4096-4096-10; 23.3 M weights.
[[nodiscard]] inline Network alexnet(Shape3 input = {3, 32, 32}) {
  Network network(input);
  Sequential features(network, "features");
  features.conv_block(64, 2);
  features.max_pool();
  features.stage({192});
  features.stage({384, 256, 256});
  network.flatten("flatten");
  Sequential classifier(network, "classifier");
  for (int layer = 0; layer < 2; ++layer) {
    classifier.dropout(0.3);
    classifier.linear(4096);
    classifier.relu();
  }
  classifier.linear(10);
  return network;
}

/// VGG16 with batch-norm for 32x32 images: thirteen 3x3 convolutions and one linear layer.
[[nodiscard]] inline Network vgg16(Shape3 input = {3, 32, 32}) {
  Network network(input);
  Sequential features(network, "features");
  for (const auto& stage : std::initializer_list<std::vector<Index>>{
           {64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}})
    features.stage(stage);
  network.flatten("flatten");
  network.linear("classifier.0", 10);
  return network;
}

/// Plain20: ResNet20 without its shortcuts; nineteen 3x3 convolutions, average pool, one linear
/// layer.
[[nodiscard]] inline Network plain20(Shape3 input = {3, 32, 32}) {
  Network network(input);
  Sequential features(network, "features");
  features.conv_block(16);
  for (const Index out : {16, 32, 64})
    for (int layer = 0; layer < 6; ++layer)
      features.conv_block(out, layer == 0 && out > 16 ? 2 : 1);
  features.global_avg_pool();
  network.flatten("flatten");
  network.linear("classifier.0", 10);
  return network;
}

/// ResNet20 for 32x32 images (He et al., CVPR 2016): nine blocks of two 3x3 convolutions around a
/// shortcut, which is a 1x1 convolution where the size changes (their option B); 0.27 M weights.
[[nodiscard]] inline Network resnet20(Shape3 input = {3, 32, 32}) {
  Network network(input);
  const auto conv_bn = [&](const std::string& conv, const std::string& norm, const Conv& op,
                           Index from) {
    network.conv(conv, op, from);
    return network.batch_norm(norm);
  };
  conv_bn("conv1", "bn1", {.out = 16, .kernel = 3, .padding = 1}, 0);
  Index x = network.relu("relu");
  for (Index stage = 0; stage < 3; ++stage)
    for (Index block = 0; block < 3; ++block) {
      const std::string name = concat("layer", stage + 1, '.', block);
      const Index out = Index{16} << stage, stride = stage > 0 && block == 0 ? 2 : 1;
      conv_bn(name + ".conv1", name + ".bn1",
              {.out = out, .kernel = 3, .stride = stride, .padding = 1}, x);
      const Index hidden = network.relu(name + ".relu1");
      const Index body =
          conv_bn(name + ".conv2", name + ".bn2", {.out = out, .kernel = 3, .padding = 1}, hidden);
      const Index shortcut = stride == 1 ? x
                                         : conv_bn(name + ".downsample.0", name + ".downsample.1",
                                                   {.out = out, .kernel = 1, .stride = stride}, x);
      network.add(name + ".add", {body, shortcut});
      x = network.relu(name + ".relu2");
    }
  network.append("avgpool", GlobalAvgPool{});
  network.flatten("flatten");
  network.linear("fc", 10);
  return network;
}

/// MobileNetV2 for 32x32 images (Sandler et al., CVPR 2018), width 1: blocks of a 1x1, a depthwise
/// 3x3 and a 1x1 convolution. The first convolution and the second stage keep the size, as is usual
/// for such images; 2.2 M weights, under torchvision's names.
[[nodiscard]] inline Network mobilenet_v2(Shape3 input = {3, 32, 32}) {
  Network network(input);
  const auto conv_bn = [&](const std::string& conv, const std::string& norm, const Conv& op) {
    network.conv(conv, op);
    return network.batch_norm(norm);
  };
  const auto layer = [&](const std::string& name, const Conv& op) {
    conv_bn(name + ".0", name + ".1", op);
    return network.append(name + ".2", Clip{});
  };
  Index x = layer("features.0", {.out = 32, .kernel = 3, .padding = 1}), in = 32, number = 0;
  struct Stage {
    Index expand, out, blocks, stride;
  };
  for (const Stage& stage : std::initializer_list<Stage>{{1, 16, 1, 1},
                                                         {6, 24, 2, 1},
                                                         {6, 32, 3, 2},
                                                         {6, 64, 4, 2},
                                                         {6, 96, 3, 1},
                                                         {6, 160, 3, 2},
                                                         {6, 320, 1, 1}})
    for (Index block = 0; block < stage.blocks; ++block) {
      const std::string name = concat("features.", ++number);
      const Index hidden = in * stage.expand, stride = block == 0 ? stage.stride : 1;
      Index part = 0;
      const auto next = [&] { return concat(name, ".conv.", part++); };
      if (stage.expand > 1) layer(next(), {.out = hidden, .kernel = 1});
      layer(next(), {.out = hidden, .kernel = 3, .stride = stride, .padding = 1, .groups = hidden});
      const std::string project = next();
      const Index body = conv_bn(project, next(), {.out = stage.out, .kernel = 1});
      const bool residual = stride == 1 && in == stage.out;
      x = residual ? network.add(name + ".add", {x, body}) : body;
      in = stage.out;
    }
  layer("features.18", {.out = 1280, .kernel = 1});
  network.append("avgpool", GlobalAvgPool{});
  network.flatten("flatten");
  network.dropout("classifier.0", 0.2);
  network.linear("classifier.1", 10);
  return network;
}

/// A network that goes by a name.
struct NamedNetwork {
  std::string name;
  std::function<Network(Shape3 input)> make;  ///< its weights are zero
};

namespace detail {

/// By name.
inline std::vector<NamedNetwork>& zoo() {
  static std::vector<NamedNetwork> networks = {{"alexnet", alexnet},           {"lenet5", lenet5},
                                               {"mobilenet_v2", mobilenet_v2}, {"plain20", plain20},
                                               {"resnet20", resnet20},         {"vgg16", vgg16}};
  return networks;
}

}  // namespace detail

/// The names that make_network() knows.
[[nodiscard]] inline std::vector<std::string> zoo_names() {
  std::vector<std::string> names;
  for (const NamedNetwork& known : detail::zoo()) names.push_back(known.name);
  return names;
}

/// Makes a network of one's own known. Call it before other threads ask for any. Throws
/// invalid_graph for a name that is taken.
inline void register_network(NamedNetwork network) {
  std::vector<NamedNetwork>& zoo = detail::zoo();
  const auto place = std::lower_bound(
      zoo.begin(), zoo.end(), network.name,
      [](const NamedNetwork& known, const std::string& name) { return known.name < name; });
  if (place != zoo.end() && place->name == network.name)
    fail(ErrorId::invalid_graph, "a network '", network.name,
         "' is known already; give yours another name");
  zoo.insert(place, std::move(network));
}

/// The zoo's network of that name for images of shape `input`, its weights still zero. Throws
/// unknown_name, and invalid_graph when the images are too small for it.
[[nodiscard]] inline Network make_network(const std::string& name, Shape3 input) {
  for (const NamedNetwork& known : detail::zoo())
    if (known.name == name) return known.make(input);
  fail_unknown("network", name, zoo_names());
}

}  // namespace autoprune::nn
