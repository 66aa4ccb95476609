/// @file sorted.hpp
/// The nodes of a graph in an order in which each reads what earlier ones make.
#pragma once

#include <functional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "autoprune/onnx/drafts.hpp"

namespace autoprune::onnx {

/// That of the file where it is one. Throws invalid_graph for a tensor that nobody makes, or that
/// two nodes make, and for nodes that read each other in a circle.
[[nodiscard]] inline std::vector<const proto::NodeProto*> sorted_nodes(const Model& model,
                                                                       const Values& given) {
  const auto& graph = model.graph();
  std::unordered_map<std::string, int> maker;
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string& output : graph.node(i).output())
      if (!output.empty() && (given.find(output) != nullptr || !maker.emplace(output, i).second))
        fail(ErrorId::invalid_graph, "file '", model.origin, "': tensor '", output,
             "' is made twice; the model is damaged");
  std::vector<int> waits(static_cast<std::size_t>(graph.node_size()), 0);
  std::vector<std::vector<int>> readers(waits.size());
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    if (node.output_size() == 0 || node.output(0).empty())
      fail(ErrorId::invalid_graph, "file '", model.origin, "': ", node_text(node),
           " has no output; the model is damaged");
    for (const std::string& input : node.input()) {
      const auto found = maker.find(input);
      if (found == maker.end() && !input.empty() && given.find(input) == nullptr)
        fail(ErrorId::invalid_graph, "file '", model.origin, "': ", node_text(node), " reads '",
             input, "', which no node makes and the file doesn't hold");
      if (found == maker.end()) continue;
      readers[static_cast<std::size_t>(found->second)].push_back(i);
      ++waits[static_cast<std::size_t>(i)];
    }
    if (waits[static_cast<std::size_t>(i)] == 0) ready.push(i);
  }
  std::vector<const proto::NodeProto*> order;
  while (!ready.empty()) {
    const int i = ready.top();
    ready.pop();
    order.push_back(&graph.node(i));
    for (const int reader : readers[static_cast<std::size_t>(i)])
      if (--waits[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
  }
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waits[i] > 0)
      fail(ErrorId::invalid_graph, "file '", model.origin,
           "': ", node_text(graph.node(static_cast<int>(i))),
           " depends on its own output; nodes can't read each other in a circle");
  return order;
}

}  // namespace autoprune::onnx
