/// @file cifar10.hpp
/// CIFAR-10 in its binary format: records of a label byte and 3x32x32 pixel bytes.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/data_file.hpp"
#include "autoprune/io/looks_like.hpp"
#include "autoprune/nn/dataset.hpp"

namespace autoprune::io {

namespace detail {

/// Appends the images of a file. Throws truncated_file, bad_magic or bad_label.
inline void append_cifar10(nn::Dataset& data, const DataFile& file) {
  const std::string &bytes = file.bytes, path = file.path.string();
  const Index record = 1 + data.stored.size();
  const auto size = static_cast<Index>(bytes.size());
  if (size == 0 || size % record != 0)
    fail(size > 0 && looks_like(bytes) ? ErrorId::bad_magic : ErrorId::truncated_file, "file '",
         path, "' has ", size, " bytes, not a multiple of ", record,
         ": cut off, or not CIFAR-10's binary version; get it again", looks_like_text(bytes));
  for (auto at = bytes.begin(); at != bytes.end(); at += record) {
    const auto label = static_cast<std::uint8_t>(*at);
    if (label >= data.classes)
      fail(ErrorId::bad_label, "file '", path, "', image ", (at - bytes.begin()) / record,
           ": label ", int{label}, " is not one of 0 to ", data.classes - 1,
           "; the file is damaged, get it again", looks_like_text(bytes));
    data.labels.push_back(label);
    data.pixels.insert(data.pixels.end(), at + 1, at + record);
  }
}

[[nodiscard]] inline nn::Dataset empty_cifar10() {
  nn::Dataset data;
  data.name = "cifar10";
  data.stored = {3, 32, 32};
  data.mean = {0.4914F, 0.4822F, 0.4465F};
  data.stddev = {0.2470F, 0.2435F, 0.2616F};
  return data;
}

}  // namespace detail

struct Cifar10 {
  static constexpr const char* kName = "cifar10";
  static constexpr std::array kOwnNames = {
      KnownName{"data_batch_1.bin", "as CIFAR-10's: write cifar10:DIR"},
  };
  static constexpr std::array kForeignNames = {
      KnownName{"data_batch_1", "as the Python version of CIFAR-10: get the binary version"},
      KnownName{"train.bin", "as CIFAR-100's, of 100 classes: get CIFAR-10's"},
      KnownName{"train", "as the Python version of CIFAR-100: get CIFAR-10's binary one"},
      KnownName{"cifar-10-batches-bin", "which may be CIFAR-10: write cifar10: and its path"},
      KnownName{"cifar-10-batches-py", "the Python version of CIFAR-10: get the binary version"},
  };

  /// The training images (data_batch_1.bin to data_batch_5.bin, in order) or the test images
  /// (test_batch.bin). Throws cannot_open, truncated_file, bad_magic or bad_label.
  [[nodiscard]] static nn::Dataset read(const DataDirectory& directory, Part part) {
    nn::Dataset data = detail::empty_cifar10();
    const auto append = [&](const std::string& name) {
      const std::size_t most = kMaxDataset - data.pixels.size();
      detail::append_cifar10(data, detail::read_data_file(directory, {name}, kName, most));
    };
    if (part == Part::test) {
      append("test_batch.bin");
    } else {
      for (int batch = 1; batch <= 5; ++batch) append(concat("data_batch_", batch, ".bin"));
    }
    return data;
  }
};

}  // namespace autoprune::io
