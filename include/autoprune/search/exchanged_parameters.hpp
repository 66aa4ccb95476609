/// @file exchanged_parameters.hpp
/// Other parameters for a while.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "autoprune/nn/backend.hpp"

namespace autoprune::search {

/// A backend's weights and statistics exchanged for those of another network of its kind, and back
/// in the end, whatever happens in between.
class ExchangedParameters {
 public:
  ExchangedParameters(nn::Backend& backend, nn::Network other)
      : backend_(backend), other_(std::move(other)) {
    exchange();
  }
  ~ExchangedParameters() { exchange(); }
  ExchangedParameters(const ExchangedParameters&) = delete;
  ExchangedParameters& operator=(const ExchangedParameters&) = delete;

 private:
  void exchange() {
    const std::vector<nn::NamedTensor> own = backend_.network().parameters(),
                                       theirs = other_.parameters();
    for (std::size_t i = 0; i < own.size(); ++i)
      std::swap_ranges(own[i].tensor->begin(), own[i].tensor->end(), theirs[i].tensor->begin());
    backend_.weights_changed();
  }

  nn::Backend& backend_;
  nn::Network other_;
};

}  // namespace autoprune::search
