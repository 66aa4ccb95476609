/// @file steps.hpp
/// Which nodes of a network run together, and when their maps have been read.
#pragma once

#include <optional>
#include <vector>

#include "autoprune/nn/network.hpp"

namespace autoprune::nn::detail {

/// A node and what is fused into it; `last` is the node whose output it produces.
struct Step {
  Index node, last;
  std::optional<Index> norm = {};
  bool relu = false;
  std::vector<Index> read_last = {};  ///< nodes whose outputs nobody reads behind it
};

/// Of each node the only one that reads it, and reads it once.
[[nodiscard]] inline std::vector<std::optional<Index>> sole_readers(const Network& network) {
  const auto size = static_cast<std::size_t>(network.size());
  std::vector<std::optional<Index>> readers(size);
  std::vector<Index> reads(size, 0);
  for (Index i = 0; i < network.size(); ++i)
    for (const Index input : network.node(i).inputs) {
      const auto at = static_cast<std::size_t>(input);
      readers[at] = ++reads[at] == 1 ? std::optional(i) : std::nullopt;
    }
  return readers;
}

/// In the order of the nodes: a layer with a batch-norm and a ReLU behind it is one step.
[[nodiscard]] inline std::vector<Step> steps_of(const Network& network) {
  const auto at = [](Index i) { return static_cast<std::size_t>(i); };
  const std::vector<std::optional<Index>> readers = sole_readers(network);
  std::vector<Step> steps;
  std::vector<bool> done(at(network.size()), false);
  for (Index i = 1; i < network.size(); ++i) {
    if (done[at(i)]) continue;
    const Node& node = network.node(i);
    Step step{i, i};
    const auto absorb = [&](auto&& fits) -> std::optional<Index> {
      const auto next = readers[at(step.last)];
      if (!next || step.last == network.output() || !fits(network.node(*next).op)) return {};
      done[at(step.last = *next)] = true;
      return next;
    };
    if (node.op.folds()) step.norm = i;
    if (node.has_matrix()) step.norm = absorb([](const Op& op) { return op.folds(); });
    if (node.has_matrix() || step.norm)
      step.relu = absorb([](const Op& op) { return op.is<Relu>(); }).has_value();
    steps.push_back(step);
  }
  std::vector<bool> read(at(network.size()), false);
  read[0] = read[at(network.output())] = true;  // for ever
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    std::vector<Index> maps = network.node(step->node).inputs;
    maps.push_back(step->last);  // which nobody may read at all
    for (const Index map : maps)
      if (!read[at(map)]) {
        read[at(map)] = true;
        step->read_last.push_back(map);
      }
  }
  return steps;
}

}  // namespace autoprune::nn::detail
