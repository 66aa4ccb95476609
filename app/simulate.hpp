/// @file simulate.hpp
#pragma once

#include "options.hpp"

namespace autoprune::cli {

/// The command `simulate`: a network's accuracy on the accelerator, and what the accelerator does.
void simulate(const Options& options);

}  // namespace autoprune::cli
