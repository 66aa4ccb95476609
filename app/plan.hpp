/// @file plan.hpp
/// What --plan and a network's file decide of layers, held against what is kept of them.
#pragma once

#include <autoprune/core/prune_mask.hpp>
#include <autoprune/hardware/accelerator.hpp>
#include <autoprune/methods/layer_plan.hpp>
#include <autoprune/nn/network.hpp>
#include <autoprune/study/pruned_file.hpp>
#include <span>

#include "options.hpp"

namespace autoprune::cli {

/// What --plan or --policy decide of layers beside keep ratios; what they leave open, options of
/// the hardware do, and then the network's file. Throws bad_syntax for what would change nothing.
[[nodiscard]] methods::Policy read_plan(const Options& o, const nn::Network& network,
                                        const hardware::Accelerator& accelerator,
                                        const study::PrunedAs& file);

/// Throws bad_syntax where fewer column-vectors are asked for by --plan, which is the plan, than
/// masks keep: it doesn't prune, unless a search without keep ratios does it.
void refuse_pruning(const Options& o, std::span<const PruneMask> masks,
                    const methods::Policy& plan);
/// Warns where masks that zeros spell out keep more than the network's file says.
void warn_of_zeros(const Options& o, std::span<const PruneMask> masks, const methods::Policy& file);

}  // namespace autoprune::cli
