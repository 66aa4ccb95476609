/// @file data_file.hpp
/// What the readers of data sets share.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/inflate.hpp"

namespace autoprune::io {

/// Which images of a data set.
enum class Part { train, test };

/// Where a data set is read from.
struct DataDirectory {
  std::filesystem::path path;
  std::string look = {};  ///< what it seems to hold instead, as a part of a message
};

/// A file by which the directory of a data set, or of another version of it, is known.
struct KnownName {
  const char *name, *look;  ///< "data_batch_1.bin", "as CIFAR-10's: write cifar10:DIR"
};

/// The most bytes that the files of one part of a data set may have in all.
inline constexpr std::size_t kMaxDataset = std::size_t{1} << 28;

namespace detail {

struct DataFile {
  std::filesystem::path path;
  std::string bytes;
};

[[nodiscard]] inline bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// The first file of a directory that has one of the names, or one of them and .gz. Throws
/// cannot_open, saying what is there instead and where to get the file, also for more than `most`
/// bytes.
[[nodiscard]] inline DataFile read_data_file(const DataDirectory& directory,
                                             const std::vector<std::string>& names,
                                             const std::string& set, std::size_t most) {
  for (const std::string& name : names)
    if (const auto path = directory.path / name; is_there(path))
      return {path, read_file(path, most)};
  for (const std::string& name : names)
    if (const auto packed = directory.path / (name + ".gz"); is_there(packed)) {
      if (can_inflate())
        return {packed, io::inflate(read_file(packed, most), Wrapping::gzip, most,
                                    concat("file '", packed.string(), "'"))};
      fail(ErrorId::cannot_open, "file '", packed.string(),
           "' is compressed; unpack it with: gunzip ", packed.string());
    }
  fail(ErrorId::cannot_open, "no file '", (directory.path / names.front()).string(), "'",
       directory.look, "; get it with: examples/data/fetch ", set, ' ', directory.path.string());
}

}  // namespace detail

}  // namespace autoprune::io
