/// @file cifar100.hpp
/// CIFAR-100 in its binary format, under its 100 fine labels.
#pragma once

#include <array>

#include "autoprune/io/cifar.hpp"

namespace autoprune::io {

struct Cifar100 {
  static constexpr const char* kName = "cifar100";
  static constexpr std::array kOwnNames = {
      KnownName{"train.bin", "as CIFAR-100's: write cifar100:DIR"},
  };
  static constexpr std::array kForeignNames = {
      KnownName{"cifar-100-binary", "which may be CIFAR-100: write cifar100: and its path"},
      KnownName{"cifar-100-python", "the Python version of CIFAR-100: get the binary version"},
  };

  /// The training images (train.bin) or the test images (test.bin). Throws cannot_open,
  /// truncated_file, bad_magic or bad_label.
  [[nodiscard]] static nn::Dataset read(const DataDirectory& directory, Part part) {
    nn::Dataset data =
        detail::empty_cifar(100, {0.5071F, 0.4865F, 0.4409F}, {0.2673F, 0.2564F, 0.2762F});
    const char* name = part == Part::train ? "train.bin" : "test.bin";
    detail::append_cifar(data, detail::read_data_file(directory, {name}, kName, kMaxDataset), 2);
    return data;
  }
};

}  // namespace autoprune::io
