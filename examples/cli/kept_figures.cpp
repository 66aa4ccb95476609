#include "kept_figures.hpp"

#include <autoprune/io/file.hpp>
#include <autoprune/io/json_field.hpp>

namespace autoprune::cli {

std::optional<io::Json> read_figures(const std::filesystem::path& file,
                                     const search::Fingerprint& run) {
  if (!std::filesystem::exists(file)) return {};
  const std::string text = io::read_file(file);
  try {
    const io::Json document = io::parse_json(text, file.string());
    const io::JsonField saved(document, file.string());
    if (saved["fingerprint"].text() == concat(run.value())) return saved["figures"].json();
  } catch (const Error&) {
    // Not a file of figures: they are measured again.
  }
  return {};
}

void write_figures(const std::filesystem::path& file, const search::Fingerprint& run,
                   const io::Json& figures) {
  const io::Json document = {{"fingerprint", concat(run.value())}, {"figures", figures}};
  io::write_file(file, io::json_text(document, 1) + "\n");
}

}  // namespace autoprune::cli
