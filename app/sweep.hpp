/// @file sweep.hpp
/// The command `sweep`.
#pragma once

#include "options.hpp"

namespace autoprune::cli {

/// Measures the network over granularities, hardware and compressions; cells that are in --out
/// already aren't measured again.
void sweep(const Options& options);

}  // namespace autoprune::cli
