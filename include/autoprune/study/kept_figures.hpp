/// @file kept_figures.hpp
/// Figures in a file of their own, so that a later run needn't measure them again.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "autoprune/io/json_file.hpp"
#include "autoprune/search/archive.hpp"

namespace autoprune::study {

namespace detail {

/// Of the run that measured the figures, and of these as they are written.
[[nodiscard]] inline std::string checksum(search::Fingerprint run, const io::Json& figures) {
  const std::string text = io::json_text(figures);
  return concat(run.add(std::span<const char>(text)).value());
}

}  // namespace detail

/// Nothing when there is no such file, when it is of another run, or not as it was written: then
/// the figures are measured anew.
[[nodiscard]] inline std::optional<io::Json> read_figures(const std::filesystem::path& file,
                                                          const search::Fingerprint& run) {
  if (std::error_code ignored; !std::filesystem::exists(file, ignored)) return {};
  try {
    const io::Json saved = io::read_json(file);
    if (!saved.is_object() || !saved.contains("figures")) return {};
    const io::Json& figures = saved["figures"];
    if (saved.value("checksum", io::Json()) != detail::checksum(run, figures)) return {};
    return figures;
  } catch (const Error&) {
    return {};
  }
}

/// Throws cannot_write.
inline void write_figures(const std::filesystem::path& file, const search::Fingerprint& run,
                          const io::Json& figures) {
  const io::Json document =
      io::json_object({{"checksum", detail::checksum(run, figures)}, {"figures", figures}});
  io::write_json(file, document);
}

}  // namespace autoprune::study
