/// @file json_file.hpp
/// JSON documents in files.
#pragma once

#include <filesystem>
#include <string>

#include "autoprune/io/file.hpp"
#include "autoprune/io/json.hpp"

namespace autoprune::io {

/// "file 'policy.json'", as messages name where a document came from.
[[nodiscard]] inline std::string file_origin(const std::filesystem::path& path) {
  return concat("file '", path.string(), '\'');
}

/// Throws cannot_open or bad_json.
[[nodiscard]] inline Json read_json(const std::filesystem::path& path) {
  return parse_json(read_file(path), file_origin(path));
}

/// Indented, with a newline at its end. Throws cannot_write, or bad_json for text that isn't UTF-8.
inline void write_json(const std::filesystem::path& path, const Json& document) {
  write_file(path, json_text(document, 1) + "\n");
}

}  // namespace autoprune::io
