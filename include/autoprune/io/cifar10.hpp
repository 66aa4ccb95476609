/// @file cifar10.hpp
/// CIFAR-10 in its binary format.
#pragma once

#include <array>

#include "autoprune/io/cifar.hpp"

namespace autoprune::io {

struct Cifar10 {
  static constexpr const char* kName = "cifar10";
  static constexpr std::array kOwnNames = {
      KnownName{"data_batch_1.bin", "as CIFAR-10's: write cifar10:DIR"},
  };
  static constexpr std::array kForeignNames = {
      KnownName{"data_batch_1", "as the Python version of CIFAR-10: get the binary version"},
      KnownName{"cifar-10-batches-bin", "which may be CIFAR-10: write cifar10: and its path"},
      KnownName{"cifar-10-batches-py", "the Python version of CIFAR-10: get the binary version"},
  };

  [[nodiscard]] static nn::Dataset empty() {
    return detail::empty_cifar(10, {0.4914F, 0.4822F, 0.4465F}, {0.2470F, 0.2435F, 0.2616F});
  }

  /// The training images (data_batch_1.bin to data_batch_5.bin, in order) or the test images
  /// (test_batch.bin). Throws cannot_open, truncated_file, bad_magic or bad_label.
  [[nodiscard]] static nn::Dataset read(const DataDirectory& directory, Part part) {
    nn::Dataset data = empty();
    const auto append = [&](const std::string& name) {
      const std::size_t most = kMaxDataset - data.pixels.size();
      detail::append_cifar(data, detail::read_data_file(directory, {name}, kName, most), 1);
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
