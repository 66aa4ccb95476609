/// @file cifar.hpp
/// What CIFAR-10 and CIFAR-100 share: records of one or two label bytes and 3x32x32 pixel bytes.
#pragma once

#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/data_file.hpp"
#include "autoprune/io/looks_like.hpp"
#include "autoprune/nn/dataset.hpp"

namespace autoprune::io::detail {

/// Appends the images of a file to a data set of that many classes, each under the last of its
/// `labels` bytes. Throws truncated_file, bad_magic or bad_label.
inline void append_cifar(nn::Dataset& data, const DataFile& file, Index labels) {
  const std::string &bytes = file.bytes, path = file.path.string();
  const Index record = labels + data.stored.size();
  const auto size = static_cast<Index>(bytes.size());
  if (size == 0 || size % record != 0)
    fail(size > 0 && looks_like(bytes) ? ErrorId::bad_magic : ErrorId::truncated_file, "file '",
         path, "' has ", size, " bytes, not a multiple of ", record, ": cut off, or not CIFAR-",
         data.classes, "'s binary version; get it again", looks_like_text(bytes));
  for (auto at = bytes.begin(); at != bytes.end(); at += record) {
    const auto label = static_cast<std::uint8_t>(at[labels - 1]);
    if (label >= data.classes)
      fail(ErrorId::bad_label, "file '", path, "', image ", (at - bytes.begin()) / record,
           ": label ", int{label}, " is not one of 0 to ", data.classes - 1,
           "; the file is damaged, get it again", looks_like_text(bytes));
    data.labels.push_back(label);
    data.pixels.insert(data.pixels.end(), at + labels, at + record);
  }
}

/// A data set without images.
[[nodiscard]] inline nn::Dataset empty_cifar(Index classes, std::vector<float> mean,
                                             std::vector<float> stddev) {
  nn::Dataset data;
  data.name = concat("cifar", classes);
  data.classes = classes;
  data.stored = {3, 32, 32};
  data.mean = std::move(mean);
  data.stddev = std::move(stddev);
  return data;
}

}  // namespace autoprune::io::detail
