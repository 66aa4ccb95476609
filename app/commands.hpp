/// @file commands.hpp
/// The program's commands. Those of a few lines are in commands.cpp alone, the others have a file
/// each.
#pragma once

#include "options.hpp"

namespace autoprune::cli {

/// Does what `options.command` says.
void run_command(const Options& options);

/// Prices the network, dense or pruned, and reports it beside the unpruned one.
void cost(const Options& options);

/// Logits of the images in an array.
void run(const Options& options);

/// A network's accuracy on the accelerator, and what the accelerator does.
void simulate(const Options& options);

/// Measures the network over granularities, hardware and compressions, a cell of --out only once.
void sweep(const Options& options);

/// The paper's tables and figures beside ours.
void reproduce(const Options& options);

}  // namespace autoprune::cli
