/// @file sequential.hpp
/// Building a network the way PyTorch's nn.Sequential does.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autoprune/nn/network.hpp"

namespace autoprune::nn {

/// Appends nodes named PREFIX.0, PREFIX.1 and so on, as PyTorch's nn.Sequential numbers them.
class Sequential {
 public:
  Sequential(Network& network, std::string prefix)
      : network_(network), prefix_(std::move(prefix)) {}

  void conv(const Conv& options) { network_.conv(next(), options); }
  void linear(Index out, bool bias = true) { network_.linear(next(), out, bias); }
  void relu() { network_.relu(next()); }
  void max_pool() { network_.max_pool(next(), {.kernel = 2}); }
  void dropout(double rate) { network_.dropout(next(), rate); }
  void global_avg_pool() {
    const Shape3& shape = network_.nodes().back().shape;
    network_.avg_pool(next(), {.kernel = {shape.height, shape.width}});
  }
  /// A 3x3 convolution with padding 1 and without bias, batch-norm, ReLU.
  void conv_block(Index out, Index stride = 1) {
    conv_block({.out = out, .kernel = 3, .stride = stride, .padding = 1});
  }
  void conv_block(const Conv& options) {
    conv(options);
    network_.batch_norm(next());
    relu();
  }

  /// Such blocks of one width after another, then a pool.
  void stage(const std::vector<Index>& widths) {
    for (const Index out : widths) conv_block(out);
    max_pool();
  }

 private:
  [[nodiscard]] std::string next() { return concat(prefix_, '.', count_++); }

  Network& network_;
  std::string prefix_;
  Index count_ = 0;
};

}  // namespace autoprune::nn
