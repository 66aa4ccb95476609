/// @file hardware.hpp
/// The accelerator that costs are computed for: a preset, or a file.
#pragma once

#include <autoprune/cost/ou_model.hpp>
#include <autoprune/mnsim/hardware.hpp>

#include "job.hpp"

namespace autoprune::cli {

/// The accelerator of --hardware and of the options that override it, with the crossbars that a
/// network was pruned for, unless --geometry names others. Throws geometry_mismatch for a file that
/// describes other ones than these.
[[nodiscard]] hardware::Accelerator accelerator_of(const Options& options,
                                                   const std::optional<Geometry<>>& stored = {});

/// The --hardware of MNSIM-2.0's model, its crossbars those of --geometry where that was given.
[[nodiscard]] mnsim::Hardware mnsim_hardware(const Options& options);

/// The cost model of the job's network on its crossbars.
[[nodiscard]] cost::OuModel ou_model(const Job& job);

}  // namespace autoprune::cli
