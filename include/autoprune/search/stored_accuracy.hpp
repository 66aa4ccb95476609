/// @file stored_accuracy.hpp
/// The accuracy of the integers that training would end at.
#pragma once

#include <utility>

#include "autoprune/hardware/accelerator.hpp"
#include "autoprune/search/exchanged_parameters.hpp"
#include "autoprune/search/oracle.hpp"
#include "autoprune/search/quantiser.hpp"

namespace autoprune::search {

/// Where a candidate's integers are coarse on the accelerator, the backend's network is what
/// write_codes() leaves of it, while `inner` measures.
[[nodiscard]] inline AccuracyOracle stored_accuracy(hardware::Accelerator accelerator,
                                                    AccuracyOracle inner) {
  return [accelerator = std::move(accelerator), inner = std::move(inner)](
             nn::Backend& backend, const Candidate& candidate, const EnvironmentImages& images) {
    const hardware::Accelerator chip = methods::planned(accelerator, candidate.policy);
    if (!coarse(chip, std::ssize(candidate.masks))) return inner(backend, candidate, images);
    backend.fetch();
    nn::Network stored = backend.network();
    write_codes(stored, candidate.masks, chip, backend.pool());
    const ExchangedParameters exchanged(backend, std::move(stored));
    return inner(backend, candidate, images);
  };
}

}  // namespace autoprune::search
