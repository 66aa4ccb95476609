/// @file commands.hpp
#pragma once

#include "options.hpp"

namespace autoprune::cli {

/// Does what `options.command` says.
void run_command(const Options& options);

}  // namespace autoprune::cli
