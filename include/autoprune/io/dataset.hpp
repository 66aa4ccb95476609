/// @file dataset.hpp
/// Data sets by name: "cifar10:DIR" or "mnist:DIR", as the command line writes them. A new one is a
/// file beside cifar10.hpp and a line here.
#pragma once

#include <array>
#include <concepts>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/text.hpp"
#include "autoprune/io/cifar10.hpp"
#include "autoprune/io/data_file.hpp"
#include "autoprune/io/mnist.hpp"
#include "autoprune/nn/dataset.hpp"
#include "autoprune/nn/image_source.hpp"

namespace autoprune::io {

/// Both parts of a data set, from whatever sources. Copies share them.
class Datasets {
 public:
  template <std::derived_from<nn::ImageSource> Train, std::derived_from<nn::ImageSource> Test>
  Datasets(Train train_images, Test test_images)
      : train_(std::make_shared<const Train>(std::move(train_images))),
        test_(std::make_shared<const Test>(std::move(test_images))),
        train(*train_),
        test(*test_) {}
  /// Of no images.
  Datasets() : Datasets(nn::Dataset{}, nn::Dataset{}) {}

 private:
  std::shared_ptr<const nn::ImageSource> train_, test_;

 public:
  const nn::ImageSource &train, &test;
};

struct DatasetEntry {
  const char* name;
  Datasets (*read)(const DataDirectory&);  ///< throws cannot_open, and what the reader throws
  std::span<const KnownName> own;          ///< what others' directories are told apart by
  std::span<const KnownName> foreign;      ///< of versions and relatives that nobody reads
};

namespace detail {

template <class Set>
[[nodiscard]] Datasets read_parts(const DataDirectory& directory) {
  return {Set::read(directory, Part::train), Set::read(directory, Part::test)};
}

template <class Set>
inline constexpr DatasetEntry kDataset = {Set::kName, read_parts<Set>, Set::kOwnNames,
                                          Set::kForeignNames};

}  // namespace detail

inline constexpr std::array kDatasets = {
    detail::kDataset<Cifar10>,
    detail::kDataset<Mnist>,
};

/// "cifar10:DIR or mnist:DIR": what read_dataset() takes, in words.
[[nodiscard]] inline std::string dataset_forms() {
  std::string forms;
  for (const DatasetEntry& set : kDatasets)
    forms += concat(forms.empty() ? "" : " or ", set.name, ":DIR");
  return forms;
}

namespace detail {

/// What a directory holds of other data sets than `wanted`, or of versions that nobody reads, as a
/// part of a message; empty for nothing that is known.
[[nodiscard]] inline std::string directory_look(const std::filesystem::path& directory,
                                                const DatasetEntry& wanted) {
  std::string look;
  const auto find = [&](std::span<const KnownName> names) {
    for (const KnownName& known : names)
      if (look.empty() && is_there(directory / known.name))
        look = concat("; the directory has '", known.name, "', ", known.look);
  };
  for (const DatasetEntry& set : kDatasets) {
    if (&set != &wanted) find(set.own);
    find(set.foreign);
  }
  return look;
}

}  // namespace detail

/// Reads both parts of "NAME:DIR". Throws bad_syntax, unknown_name, and what the readers throw.
[[nodiscard]] inline Datasets read_dataset(const std::string& spec) {
  const std::size_t colon = spec.find(':');
  if (colon == std::string::npos || colon + 1 == spec.size())
    fail(ErrorId::bad_syntax, "data '", spec,
         "' is not of the form NAME:DIR, e.g. cifar10:data/cifar10");
  const std::string name = spec.substr(0, colon);
  const std::filesystem::path directory = spec.substr(colon + 1);
  std::vector<std::string> known;
  for (const DatasetEntry& set : kDatasets) {
    if (name == set.name) return set.read({directory, detail::directory_look(directory, set)});
    known.emplace_back(set.name);
  }
  fail_unknown("data set", name, known);
}

}  // namespace autoprune::io
