#include "kept_figures.hpp"

#include <autoprune/io/file.hpp>
#include <autoprune/io/json_field.hpp>

namespace autoprune::cli {

namespace {

/// Of the run that measured the figures, and of these as they are written.
std::string checksum(search::Fingerprint run, const io::Json& figures) {
  const std::string text = io::json_text(figures);
  return concat(run.add(std::span<const char>(text)).value());
}

}  // namespace

std::optional<io::Json> read_figures(const std::filesystem::path& file,
                                     const search::Fingerprint& run) {
  if (std::error_code ignored; !std::filesystem::exists(file, ignored)) return {};
  try {
    const io::Json saved = io::parse_json(io::read_file(file), file.string());
    if (!saved.is_object() || !saved.contains("figures")) return {};
    const io::Json& figures = saved["figures"];
    if (saved.value("checksum", io::Json()) != checksum(run, figures)) return {};
    return figures;
  } catch (const Error&) {
    return {};
  }
}

void write_figures(const std::filesystem::path& file, const search::Fingerprint& run,
                   const io::Json& figures) {
  const io::Json document = {{"checksum", checksum(run, figures)}, {"figures", figures}};
  io::write_file(file, io::json_text(document, 1) + "\n");
}

}  // namespace autoprune::cli
