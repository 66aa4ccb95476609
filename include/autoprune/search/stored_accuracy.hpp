/// @file stored_accuracy.hpp
/// The accuracy of the integers that training would end at.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/search/exchanged_weights.hpp"
#include "autoprune/search/oracle.hpp"
#include "autoprune/search/quantiser.hpp"

namespace autoprune::search {

/// Where a candidate's integers are coarse on the accelerator, the backend's weights are those that
/// Quantiser::write_codes() leaves, while `inner` measures.
[[nodiscard]] inline AccuracyOracle stored_accuracy(hardware::Accelerator accelerator,
                                                    AccuracyOracle inner) {
  return [accelerator = std::move(accelerator), inner = std::move(inner)](
             nn::Backend& backend, const Candidate& candidate, const EnvironmentImages& images) {
    const hardware::Accelerator chip = methods::planned(accelerator, candidate.policy);
    if (!coarse(chip, std::ssize(candidate.masks))) return inner(backend, candidate, images);
    const nn::Network& network = backend.network();
    const std::vector<nn::Codes> codes = weight_codes(network, candidate.masks, chip);
    std::vector<Matrix> stored;
    for (std::size_t k = 0; const Index i : network.matrix_layers()) {
      Tensor rounded;
      nn::round_weights(network.node(i).weight, codes[k++], rounded, backend.pool());
      stored.emplace_back(weight_matrix(std::as_const(rounded)));
    }
    const ExchangedWeights exchanged(backend, std::move(stored));
    return inner(backend, candidate, images);
  };
}

}  // namespace autoprune::search
