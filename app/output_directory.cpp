#include "output_directory.hpp"

#include <autoprune/io/file.hpp>

namespace autoprune::cli {

namespace fs = std::filesystem;

fs::path OutputDirectory::file(const std::string& name) const {
  const fs::path file = path_ / name;
  if (file.parent_path() != path_) io::make_directory(file.parent_path());
  io::remove_leftovers(file);
  return file;
}

void prove_json_writable(const Options& options) {
  if (options.json.empty() || options.json == "-") return;
  const fs::path parent = fs::path(options.json).parent_path();
  const fs::path directory = parent.empty() ? fs::path(".") : parent;
  io::make_directory(directory);
  io::require_writable(directory);
}

}  // namespace autoprune::cli
