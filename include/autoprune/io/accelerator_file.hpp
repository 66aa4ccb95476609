/// @file accelerator_file.hpp
/// An accelerator by its name: a preset's, or a file's.
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/hardware_json.hpp"
#include "autoprune/io/json_file.hpp"

namespace autoprune::io {

/// Whether a word names a file, rather than one of those that are known. Throws unknown_name for
/// what looks like neither.
[[nodiscard]] inline bool names_file(const char* kind, const std::string& word,
                                     const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return false;
  if (std::error_code ignored;
      !std::filesystem::exists(word, ignored) && word.find_first_of("./") == std::string::npos)
    fail_unknown(kind, word, known);
  return true;
}

/// Of crossbars of `geometry`, if that is given, and else of those that a network was pruned for,
/// `stored`, if it was. Throws geometry_mismatch for a file that describes others than these,
/// unknown_name, cannot_open, and what accelerator_from_json() throws.
[[nodiscard]] inline hardware::Accelerator read_accelerator(
    const std::string& name, const std::optional<Geometry<>>& geometry = {},
    const std::optional<Geometry<>>& stored = {}) {
  const std::optional<Geometry<>> asked = geometry ? geometry : stored;
  if (!names_file("hardware", name, cost::ou_preset_names()))
    return cost::ou_preset(name, asked.value_or(cost::ou_preset_geometry(name)));
  hardware::Accelerator accelerator =
      accelerator_from_json(read_json(name), file_origin(name), geometry);
  if (asked && accelerator.geometry != *asked)
    fail(ErrorId::geometry_mismatch, "hardware file '", name, "' describes ",
         accelerator.geometry.to_string(), ", but the network was pruned for ", asked->to_string(),
         "; change one of the two");
  return accelerator;
}

}  // namespace autoprune::io
