/// @file zoo.hpp
/// MNSIM-2.0's own networks for CIFAR-10: for comparing with its hardware model. They share names
/// with the paper's networks and differ from them in shape.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "autoprune/nn/network.hpp"
#include "autoprune/nn/sequential.hpp"
#include "autoprune/nn/zoo.hpp"

namespace autoprune::mnsim {

namespace detail {

/// Flattens, and ends in ten classes: linear layers without bias, ReLU between them.
inline void add_classifier(nn::Network& network, std::initializer_list<Index> hidden,
                           double dropout) {
  network.flatten("flatten");
  nn::Sequential classifier(network, "classifier");
  for (const Index out : hidden) {
    classifier.linear(out, false);
    classifier.dropout(dropout);
    classifier.relu();
  }
  classifier.linear(10, false);
}

/// Two 3x3 convolutions around a shortcut, which is a 3x3 convolution itself where the size
/// changes.
inline void add_residual_block(nn::Network& network, const std::string& name, Index out,
                               Index stride) {
  const Index in = network.size() - 1;
  const auto conv_bn = [&](const std::string& part, Index step, Index from) {
    network.conv(concat(name, ".conv", part), {.out = out, .stride = step, .padding = 1}, from);
    return network.batch_norm(concat(name, ".bn", part));
  };
  conv_bn("1", stride, in);
  const Index hidden = network.relu(name + ".relu1");
  const Index body = conv_bn("2", 1, hidden);
  const Index shortcut = stride > 1 ? conv_bn("3", stride, in) : in;
  network.add(name + ".add", {body, shortcut});
  network.relu(name + ".relu2");
}

}  // namespace detail

/// 61,770 weights.
[[nodiscard]] inline nn::Network lenet(nn::Shape3 input = {3, 32, 32}) {
  nn::Network network(input);
  nn::Sequential features(network, "features");
  for (const Index out : {6, 16}) {
    features.conv_block({.out = out, .kernel = 5});
    features.max_pool();
  }
  features.conv_block({.out = 120, .kernel = 5});
  detail::add_classifier(network, {84}, 0.5);
  return network;
}

/// 2,779,840 weights.
[[nodiscard]] inline nn::Network alexnet(nn::Shape3 input = {3, 32, 32}) {
  nn::Network network(input);
  nn::Sequential features(network, "features");
  features.conv_block(64, 2);
  features.max_pool();
  features.stage({192});
  features.stage({384, 256, 256});
  detail::add_classifier(network, {512}, 0.2);
  return network;
}

/// 9,303,424 weights.
[[nodiscard]] inline nn::Network vgg8(nn::Shape3 input = {3, 32, 32}) {
  nn::Network network(input);
  nn::Sequential features(network, "features");
  for (const Index out : {128, 256, 512}) features.stage({out, out});
  features.conv_block({.out = 1024, .kernel = 3});
  features.max_pool();
  detail::add_classifier(network, {}, 0.0);
  return network;
}

/// 14,730,944 weights; no pool behind the last stage.
[[nodiscard]] inline nn::Network vgg16(nn::Shape3 input = {3, 32, 32}) {
  nn::Network network(input);
  nn::Sequential features(network, "features");
  for (const auto& stage : std::initializer_list<std::vector<Index>>{
           {64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}})
    features.stage(stage);
  for (int layer = 0; layer < 3; ++layer) features.conv_block(512);
  detail::add_classifier(network, {}, 0.0);
  return network;
}

/// 13,589,184 weights, eight residual sums; no average pool.
[[nodiscard]] inline nn::Network resnet18(nn::Shape3 input = {3, 32, 32}) {
  nn::Network network(input);
  nn::Sequential features(network, "features");
  features.conv_block(64);
  features.max_pool();
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < 2; ++block)
      detail::add_residual_block(network, concat("stage", stage + 1, '.', block),
                                 Index{64} << stage, stage > 0 && block == 0 ? 2 : 1);
  detail::add_classifier(network, {512}, 0.5);
  return network;
}

/// Makes them known to nn::make_network() as mnsim-lenet and so on. Call it before other threads
/// ask for any network; calling it again does nothing.
inline void register_networks() {
  static const bool known = [] {
    nn::register_network({"mnsim-alexnet", alexnet});
    nn::register_network({"mnsim-lenet", lenet});
    nn::register_network({"mnsim-resnet18", resnet18});
    nn::register_network({"mnsim-vgg16", vgg16});
    nn::register_network({"mnsim-vgg8", vgg8});
    return true;
  }();
  (void)known;
}

}  // namespace autoprune::mnsim
