/// @file cost.hpp
/// The command `cost`.
#pragma once

#include "options.hpp"

namespace autoprune::cli {

/// Prices the network, dense or pruned, and reports it beside the unpruned one.
void cost(const Options& options);

}  // namespace autoprune::cli
