/// @file input.hpp
/// The images: what the first node of every network is. Graphs have no other.
#pragma once

#include <string_view>

#include "autoprune/nn/op.hpp"

namespace autoprune::nn {

struct Input {
  static constexpr std::string_view kName = "input";
  [[nodiscard]] bool forward(const ForwardPass&) const { return true; }
  void backward(const BackwardPass&, Index, Activation&) const {}
};

}  // namespace autoprune::nn
