/// @file composed.hpp
/// Of which earlier tensors a node's output is a function, number by number (functions.hpp).
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "autoprune/onnx/arithmetic.hpp"
#include "autoprune/onnx/graph.hpp"
#include "autoprune/onnx/ops/elementwise.hpp"

namespace autoprune::onnx {

using Functions = std::vector<FunctionOf>;

namespace detail {

/// Of a tensor itself as well; far ones come first.
[[nodiscard]] inline Functions with_itself(const GraphNode& node, Index k) {
  Functions all = node.values().find(node.input(k))->functions;
  all.push_back({node.input(k), places()});
  if (all.size() > kLongestFunction) all.erase(all.begin());
  return all;
}

template <class F>
[[nodiscard]] Functions applied(Functions all, const F& f) {
  for (FunctionOf& one : all)
    std::transform(one.samples.begin(), one.samples.end(), one.samples.begin(), f);
  return all;
}

/// f of the two tensors, as a function of those of which both are.
template <class F>
[[nodiscard]] Functions applied(const Functions& a, const Functions& b, const F& f) {
  Functions all;
  for (FunctionOf one : a)
    for (const FunctionOf& other : b)
      if (one.of == other.of) {
        std::transform(one.samples.begin(), one.samples.end(), other.samples.begin(),
                       one.samples.begin(), f);
        all.push_back(std::move(one));
        break;
      }
  return all;
}

/// Far ones first; none of a node that isn't elementwise. Throws Unsupported where it can't be read
/// anyway.
[[nodiscard]] inline Functions functions_of(const GraphNode& node) {
  const auto view = [&](Index k) -> const Map* {
    const Value* value = node.values().find(node.input(k));
    const bool is = value != nullptr && value->map && value->map->known && !value->map->padded();
    return is ? &*value->map : nullptr;
  };
  const std::string& op = node.op();
  if (view(0) != nullptr) {
    if (op == "Clip") {
      const auto limits = ops::limits_of(node);
      return applied(with_itself(node, 0),
                     [&](double x) { return std::min(std::max(x, limits.first), limits.second); });
    }
    if (op == "HardSigmoid") {
      const auto line = ops::line_of(node);
      return applied(with_itself(node, 0),
                     [&](double x) { return std::clamp(line.first * x + line.second, 0.0, 1.0); });
    }
    if (const Function f = function_of(op)) return applied(with_itself(node, 0), f);
  }
  if (node.inputs() != 2 || !combine(op, 1.0, 1.0)) return {};
  const auto result = [&](double a, double b) { return *combine(op, a, b); };
  if (view(0) != nullptr && view(1) != nullptr)
    return applied(with_itself(node, 0), with_itself(node, 1), result);
  for (const Index k : {0, 1}) {
    const Map* map = view(1 - k);
    if (map == nullptr || !node.is_constant(k)) continue;
    const std::vector<Index> shape = node.values().shape(node.input(k));
    if (shape.size() > map->extents.size() + 1 || size_of(shape) != 1) continue;
    const double c = node.number(k);
    return applied(with_itself(node, 1 - k),
                   [&](double x) { return k == 0 ? result(c, x) : result(x, c); });
  }
  return {};
}

}  // namespace detail

}  // namespace autoprune::onnx
