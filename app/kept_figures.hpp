/// @file kept_figures.hpp
/// Figures in a file of their own, so that a later run needn't measure them again.
#pragma once

#include <autoprune/io/json.hpp>
#include <autoprune/search/archive.hpp>
#include <filesystem>
#include <optional>

namespace autoprune::cli {

/// Nothing when there is no such file, when it is of another run, or not as it was written: then
/// the figures are measured anew.
[[nodiscard]] std::optional<io::Json> read_figures(const std::filesystem::path& file,
                                                   const search::Fingerprint& run);

void write_figures(const std::filesystem::path& file, const search::Fingerprint& run,
                   const io::Json& figures);

}  // namespace autoprune::cli
