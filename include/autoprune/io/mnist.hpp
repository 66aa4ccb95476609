/// @file mnist.hpp
/// MNIST in its IDX format: a big-endian header, then one byte a pixel or label.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/data_file.hpp"
#include "autoprune/io/looks_like.hpp"
#include "autoprune/nn/dataset.hpp"

namespace autoprune::io {

namespace detail {

/// The values of an IDX file of unsigned bytes with `rank` dimensions, and their extents.
struct Idx {
  std::vector<Index> shape;
  std::vector<std::uint8_t> values;
};

/// Throws bad_magic, truncated_file or bad_header.
[[nodiscard]] inline Idx parse_idx(const DataFile& file, Index rank) {
  const std::string &bytes = file.bytes, path = file.path.string();
  const auto size = static_cast<Index>(bytes.size());
  const auto big_endian = [&](Index at) {
    Index value = 0;
    for (Index i = at; i < at + 4; ++i)
      value = value * 256 + static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(i)]);
    return value;
  };
  const Index header = 4 * (1 + rank);
  const Index magic = 0x800 + rank;  // 8: unsigned bytes
  if (size >= 4 && big_endian(0) != magic)
    fail(ErrorId::bad_magic, "file '", path, "' begins with ", big_endian(0), ", not ", magic,
         ": no IDX file of ", rank, " dimensions", looks_like_text(bytes));
  if (size < header)
    fail(ErrorId::truncated_file, "file '", path, "' has ", size,
         " bytes and ends inside its header of ", header, "; get it again");
  Idx idx;
  Index count = 1;
  for (Index at = 4; at < header; at += 4) {
    idx.shape.push_back(big_endian(at));
    if (__builtin_mul_overflow(count, idx.shape.back(), &count))
      count = std::numeric_limits<Index>::max();
  }
  if (size - header != count)
    fail(size - header < count ? ErrorId::truncated_file : ErrorId::bad_header, "file '", path,
         "' has ", size, " bytes, but its header of ", header, " bytes announces ",
         shape_text(idx.shape), " more; get it again");
  idx.values.assign(bytes.begin() + header, bytes.end());
  return idx;
}

/// The file "train-images-idx3-ubyte" of `stem` "train-images", or with a dot, as some copies have.
[[nodiscard]] inline Idx read_idx(const DataDirectory& directory, const std::string& stem,
                                  Index rank) {
  const std::string end = concat("idx", rank, "-ubyte");
  return parse_idx(
      read_data_file(directory, {stem + '-' + end, stem + '.' + end}, "mnist", kMaxDataset), rank);
}

/// The images and labels of one part, which `origin` names in messages. Throws shape_mismatch or
/// bad_label.
[[nodiscard]] inline nn::Dataset make_mnist(Idx images, const Idx& labels,
                                            const std::string& origin) {
  if (images.shape != std::vector<Index>{labels.shape[0], 28, 28})
    fail(ErrorId::shape_mismatch, origin, " images of ", shape_text(images.shape), " and ",
         labels.shape[0], " labels; MNIST has one label for each image of 28x28");
  nn::Dataset data;
  data.name = "mnist";
  data.stored = {1, 28, 28};
  data.border = 2;
  data.mirrors = false;
  data.mean = {0.1307F};
  data.stddev = {0.3081F};
  data.pixels = std::move(images.values);
  data.labels.assign(labels.values.begin(), labels.values.end());
  for (Index i = 0; i < data.size(); ++i)
    if (const nn::Label label = data.label(i); label >= data.classes)
      fail(ErrorId::bad_label, origin, " label ", i, " is ", label, ", not one of 0 to ",
           data.classes - 1, "; get the file again");
  return data;
}

}  // namespace detail

struct Mnist {
  static constexpr const char* kName = "mnist";
  static constexpr std::array kOwnNames = {
      KnownName{"train-images-idx3-ubyte", "as MNIST's: write mnist:DIR"},
      KnownName{"train-images.idx3-ubyte", "as MNIST's: write mnist:DIR"},
      KnownName{"train-images-idx3-ubyte.gz", "as MNIST's: write mnist:DIR"},
  };
  static constexpr std::array kForeignNames = {
      KnownName{"raw", "which may be MNIST: write mnist: and its path"},
  };

  /// The training images (train-*ubyte) or the test images (t10k-*ubyte); a border of 2 makes 32x32
  /// of their 28x28. Throws cannot_open, bad_magic, truncated_file, bad_header, shape_mismatch or
  /// bad_label.
  [[nodiscard]] static nn::Dataset read(const DataDirectory& directory, Part part) {
    const std::string prefix = part == Part::train ? "train" : "t10k";
    detail::Idx images = detail::read_idx(directory, prefix + "-images", 3);
    detail::Idx labels = detail::read_idx(directory, prefix + "-labels", 1);
    return detail::make_mnist(std::move(images), labels,
                              concat("directory '", directory.path.string(), "': ", prefix));
  }
};

}  // namespace autoprune::io
