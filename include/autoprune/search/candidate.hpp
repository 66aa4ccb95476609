/// @file candidate.hpp
/// A policy and the masks that it came to: what is measured and priced.
#pragma once

#include <span>
#include <vector>

#include "autoprune/core/prune_mask.hpp"
#include "autoprune/methods/layer_plan.hpp"

namespace autoprune::search {

/// Holds references.
struct Candidate {
  std::span<const PruneMask> masks;                 ///< one a matrix layer
  std::span<const methods::LayerPlan> policy = {};  ///< none: keep ratios alone were decided

  Candidate(std::span<const PruneMask> of, std::span<const methods::LayerPlan> by = {})
      : masks(of), policy(by) {}
  Candidate(const std::vector<PruneMask>& of) : masks(of) {}  // NOLINT: masks are one
};

}  // namespace autoprune::search
