/// @file exchanged_weights.hpp
/// Other weights for a while.
#pragma once

#include <utility>
#include <vector>

#include "autoprune/core/tensor.hpp"
#include "autoprune/nn/backend.hpp"

namespace autoprune::search {

/// The matrices of a backend's layers exchanged for others, and back in the end, whatever happens
/// in between.
class ExchangedWeights {
 public:
  ExchangedWeights(nn::Backend& backend, std::vector<Matrix> weights)
      : backend_(backend), weights_(std::move(weights)) {
    exchange();
  }
  ~ExchangedWeights() { exchange(); }
  ExchangedWeights(const ExchangedWeights&) = delete;
  ExchangedWeights& operator=(const ExchangedWeights&) = delete;

 private:
  void exchange() {
    nn::Network& network = backend_.network();
    std::size_t k = 0;
    for (const Index i : network.matrix_layers()) {
      MatrixView own = weight_matrix(network.node(i).weight);
      weights_[k++].swap(own);
    }
    backend_.weights_changed();
  }

  nn::Backend& backend_;
  std::vector<Matrix> weights_;
};

}  // namespace autoprune::search
