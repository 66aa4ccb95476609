/// @file data_file.hpp
/// What the readers of data sets share.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/file.hpp"

namespace autoprune::io {

/// Which images of a data set.
enum class Part { train, test };

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

/// A name by which the directory of another data set, or of another version, is known.
struct KnownName {
  const char *name, *set, *look;
};

inline constexpr std::array kKnownNames = {
    KnownName{"data_batch_1.bin", "cifar10", "as CIFAR-10's: write cifar10:DIR"},
    KnownName{"data_batch_1", "", "as the Python version of CIFAR-10: get the binary version"},
    KnownName{"train.bin", "cifar100", "as CIFAR-100's, of 100 classes: get CIFAR-10's"},
    KnownName{"train", "cifar100", "as the Python version of CIFAR-100: get CIFAR-10's binary one"},
    KnownName{"train-images-idx3-ubyte", "mnist", "as MNIST's: write mnist:DIR"},
    KnownName{"train-images.idx3-ubyte", "mnist", "as MNIST's: write mnist:DIR"},
    KnownName{"train-images-idx3-ubyte.gz", "mnist", "as MNIST's: write mnist:DIR"},
    KnownName{"cifar-10-batches-bin", "", "which may be CIFAR-10: write cifar10: and its path"},
    KnownName{"cifar-10-batches-py", "", "the Python version of CIFAR-10: get the binary version"},
    KnownName{"raw", "", "which may be MNIST: write mnist: and its path"},
};

/// What a directory without the files of `set` holds instead, as a part of a message.
[[nodiscard]] inline std::string directory_look(const std::filesystem::path& directory,
                                                const std::string& set) {
  for (const KnownName& known : kKnownNames)
    if (known.set != set && is_there(directory / known.name))
      return concat("; the directory has '", known.name, "', ", known.look);
  return {};
}

/// The first file of a directory that has one of the names. Throws cannot_open, saying what is
/// there instead and where to get the file, also for more than `most` bytes.
[[nodiscard]] inline DataFile read_data_file(const std::filesystem::path& directory,
                                             const std::vector<std::string>& names,
                                             const std::string& set, std::size_t most) {
  for (const std::string& name : names)
    if (const auto path = directory / name; is_there(path)) return {path, read_file(path, most)};
  for (const std::string& name : names)
    if (const auto packed = directory / (name + ".gz"); is_there(packed))
      fail(ErrorId::cannot_open, "file '", packed.string(),
           "' is compressed; unpack it with: gunzip ", packed.string());
  fail(ErrorId::cannot_open, "no file '", (directory / names.front()).string(), "'",
       directory_look(directory, set), "; get it with: examples/data/fetch ", set, ' ',
       directory.string());
}

}  // namespace detail

}  // namespace autoprune::io
