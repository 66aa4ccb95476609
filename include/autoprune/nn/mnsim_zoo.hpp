/// @file mnsim_zoo.hpp
/// MNSIM-2.0's own networks for CIFAR-10: for comparing with its hardware model. They share names
/// with the paper's networks and differ from them in shape.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "autoprune/nn/network.hpp"
#include "autoprune/nn/sequential.hpp"

namespace autoprune::nn {

namespace detail {

/// Flattens, and ends in ten classes: linear layers without bias, ReLU between them.
inline void mnsim_classifier(Network& network, std::initializer_list<Index> hidden,
                             double dropout) {
  network.flatten("flatten");
  Sequential classifier(network, "classifier");
  for (const Index out : hidden) {
    classifier.linear(out, false);
    classifier.dropout(dropout);
    classifier.relu();
  }
  classifier.linear(10, false);
}

/// Two 3x3 convolutions around a shortcut, which is a 3x3 convolution itself where the size
/// changes.
inline void mnsim_residual_block(Network& network, const std::string& name, Index out,
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
[[nodiscard]] inline Network mnsim_lenet(Shape3 input = {3, 32, 32}) {
  Network network(input);
  detail::Sequential features(network, "features");
  for (const Index out : {6, 16}) {
    features.conv_block({.out = out, .kernel = 5});
    features.max_pool();
  }
  features.conv_block({.out = 120, .kernel = 5});
  detail::mnsim_classifier(network, {84}, 0.5);
  return network;
}

/// 2,779,840 weights.
[[nodiscard]] inline Network mnsim_alexnet(Shape3 input = {3, 32, 32}) {
  Network network(input);
  detail::Sequential features(network, "features");
  features.conv_block(64, 2);
  features.max_pool();
  features.conv_block(192);
  features.max_pool();
  for (const Index out : {384, 256, 256}) features.conv_block(out);
  features.max_pool();
  detail::mnsim_classifier(network, {512}, 0.2);
  return network;
}

/// 9,303,424 weights.
[[nodiscard]] inline Network mnsim_vgg8(Shape3 input = {3, 32, 32}) {
  Network network(input);
  detail::Sequential features(network, "features");
  for (const Index out : {128, 256, 512}) {
    features.conv_block(out);
    features.conv_block(out);
    features.max_pool();
  }
  features.conv_block({.out = 1024, .kernel = 3});
  features.max_pool();
  detail::mnsim_classifier(network, {}, 0.0);
  return network;
}

/// 14,730,944 weights; no pool behind the last stage.
[[nodiscard]] inline Network mnsim_vgg16(Shape3 input = {3, 32, 32}) {
  Network network(input);
  detail::Sequential features(network, "features");
  for (const auto& stage : std::initializer_list<std::vector<Index>>{
           {64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}}) {
    for (const Index out : stage) features.conv_block(out);
    features.max_pool();
  }
  for (int layer = 0; layer < 3; ++layer) features.conv_block(512);
  detail::mnsim_classifier(network, {}, 0.0);
  return network;
}

/// 13,589,184 weights, eight residual sums; no average pool.
[[nodiscard]] inline Network mnsim_resnet18(Shape3 input = {3, 32, 32}) {
  Network network(input);
  detail::Sequential features(network, "features");
  features.conv_block(64);
  features.max_pool();
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < 2; ++block)
      detail::mnsim_residual_block(network, concat("stage", stage + 1, '.', block),
                                   Index{64} << stage, stage > 0 && block == 0 ? 2 : 1);
  detail::mnsim_classifier(network, {512}, 0.5);
  return network;
}

}  // namespace autoprune::nn
