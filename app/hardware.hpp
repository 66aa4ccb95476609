/// @file hardware.hpp
/// The accelerator of --hardware, and what else is a name or a file.
#pragma once

#include <autoprune/hardware/geometry.hpp>
#include <optional>
#include <string>
#include <vector>

#include "options.hpp"

namespace autoprune::cli {

/// Whether a word names a file, rather than one of those that are known. Throws unknown_name for
/// what looks like neither.
[[nodiscard]] bool names_file(const char* kind, const std::string& word,
                              const std::vector<std::string>& known);

/// The accelerator of --hardware and of the options that override it, with the crossbars that a
/// network was pruned for, unless --geometry names others. Throws geometry_mismatch for a file that
/// describes other ones than these.
[[nodiscard]] hardware::Accelerator accelerator_of(const Options& options,
                                                   const std::optional<Geometry<>>& stored = {});

}  // namespace autoprune::cli
