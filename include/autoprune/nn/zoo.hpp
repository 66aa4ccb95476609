/// @file zoo.hpp
/// The networks of the paper, under PyTorch's module names, so that a state_dict loads as it is.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/mnsim_zoo.hpp"
#include "autoprune/nn/network.hpp"
#include "autoprune/nn/sequential.hpp"

namespace autoprune::nn {

/// LeNet-5: two 5x5 convolutions and three linear layers, ReLU and max pooling, for MNIST with a
/// border of 2.
[[nodiscard]] inline Network lenet5(Shape3 input = {1, 32, 32}) {
  Network network(input);
  detail::Sequential features(network, "features");
  for (const Index out : {6, 16}) {
    features.conv({.out = out, .kernel = 5, .bias = true});
    features.relu();
    features.max_pool();
  }
  network.flatten("flatten");
  detail::Sequential classifier(network, "classifier");
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
  detail::Sequential features(network, "features");
  features.conv_block(64, 2);
  features.max_pool();
  features.conv_block(192);
  features.max_pool();
  for (const Index out : {384, 256, 256}) features.conv_block(out);
  features.max_pool();
  network.flatten("flatten");
  detail::Sequential classifier(network, "classifier");
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
  detail::Sequential features(network, "features");
  for (const auto& stage : std::initializer_list<std::vector<Index>>{
           {64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}}) {
    for (const Index out : stage) features.conv_block(out);
    features.max_pool();
  }
  network.flatten("flatten");
  network.linear("classifier.0", 10);
  return network;
}

/// Plain20: ResNet20 without its shortcuts; nineteen 3x3 convolutions, average pool, one linear
/// layer.
[[nodiscard]] inline Network plain20(Shape3 input = {3, 32, 32}) {
  Network network(input);
  detail::Sequential features(network, "features");
  features.conv_block(16);
  for (const Index out : {16, 32, 64})
    for (int layer = 0; layer < 6; ++layer)
      features.conv_block(out, layer == 0 && out > 16 ? 2 : 1);
  features.global_avg_pool();
  network.flatten("flatten");
  network.linear("classifier.0", 10);
  return network;
}

/// The names that make_network() knows.
[[nodiscard]] inline std::vector<std::string> zoo_names() {
  return {"alexnet",     "lenet5",     "mnsim-alexnet", "mnsim-lenet", "mnsim-resnet18",
          "mnsim-vgg16", "mnsim-vgg8", "plain20",       "vgg16"};
}

/// The zoo's network of that name for images of shape `input`, its weights still zero. Throws
/// unknown_name, and invalid_graph when the images are too small for it.
[[nodiscard]] inline Network make_network(const std::string& name, Shape3 input) {
  if (name == "alexnet") return alexnet(input);
  if (name == "lenet5") return lenet5(input);
  if (name == "mnsim-alexnet") return mnsim_alexnet(input);
  if (name == "mnsim-lenet") return mnsim_lenet(input);
  if (name == "mnsim-resnet18") return mnsim_resnet18(input);
  if (name == "mnsim-vgg16") return mnsim_vgg16(input);
  if (name == "mnsim-vgg8") return mnsim_vgg8(input);
  if (name == "plain20") return plain20(input);
  if (name == "vgg16") return vgg16(input);
  fail_unknown("network", name, zoo_names());
}

}  // namespace autoprune::nn
