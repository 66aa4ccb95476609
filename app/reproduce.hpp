/// @file reproduce.hpp
/// The command `reproduce`: the paper's tables and figures beside ours.
#pragma once

#include "options.hpp"

namespace autoprune::cli {

void reproduce(const Options& options);

}  // namespace autoprune::cli
