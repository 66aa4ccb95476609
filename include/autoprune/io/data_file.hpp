/// @file data_file.hpp
/// What the readers of data sets share.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "autoprune/core/error.hpp"
#include "autoprune/io/file.hpp"

namespace autoprune::io {

/// Which images of a data set.
enum class Part { train, test };

namespace detail {

/// A file of a data set. Throws cannot_open, saying where to get it.
[[nodiscard]] inline std::string read_data_file(const std::filesystem::path& path,
                                                const std::string& set) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    fail(ErrorId::cannot_open, "no file '", path.string(), "'; get it with: examples/data/fetch ",
         set, ' ', path.parent_path().string());
  return read_file(path);
}

}  // namespace detail

}  // namespace autoprune::io
