#include "kept_figures.hpp"

#include <autoprune/io/file.hpp>

namespace autoprune::cli {

std::optional<io::Json> read_figures(const std::filesystem::path& file,
                                     const search::Fingerprint& run) {
  if (!std::filesystem::exists(file)) return {};
  const io::Json saved = io::Json::parse(io::read_file(file), nullptr, false);
  if (!saved.is_object() || saved.value("fingerprint", io::Json()) != concat(run.value()))
    return {};
  return saved["figures"];
}

void write_figures(const std::filesystem::path& file, const search::Fingerprint& run,
                   const io::Json& figures) {
  const io::Json document = {{"fingerprint", concat(run.value())}, {"figures", figures}};
  io::write_file(file, io::json_text(document, 1) + "\n");
}

}  // namespace autoprune::cli
