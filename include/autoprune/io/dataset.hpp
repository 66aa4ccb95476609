/// @file dataset.hpp
/// Data sets by name: "cifar10:DIR", "npz:FILE", as the command line writes them. A new one is a
/// file beside cifar10.hpp and a line here.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/text.hpp"
#include "autoprune/io/cifar10.hpp"
#include "autoprune/io/cifar100.hpp"
#include "autoprune/io/class_folders.hpp"
#include "autoprune/io/data_file.hpp"
#include "autoprune/io/datasets.hpp"
#include "autoprune/io/mnist.hpp"
#include "autoprune/io/npz.hpp"

namespace autoprune::io {

/// How a data set is read that goes by a name. Throws cannot_open, and what the reader throws.
using ReadDatasets = Datasets (*)(const DataDirectory&, const DataOptions&);

struct DatasetEntry {
  const char *name, *place;  ///< "mnist", "DIR": written mnist:DIR
  ReadDatasets read;
  std::span<const KnownName> own;      ///< what others' directories are told apart by
  std::span<const KnownName> foreign;  ///< of versions and relatives that nobody reads
};

namespace detail {

template <class Set>
[[nodiscard]] Datasets read_parts(const DataDirectory& directory, const DataOptions& options) {
  auto train = Set::read(directory, Part::train), test = Set::read(directory, Part::test);
  if (options.normalisation.known()) {
    options.normalisation.give(train);
    options.normalisation.give(test);
  }
  return {std::move(train), std::move(test)};
}

template <class Set>
inline constexpr DatasetEntry kDataset = {Set::kName, "DIR", read_parts<Set>, Set::kOwnNames,
                                          Set::kForeignNames};

[[nodiscard]] inline Datasets read_npz(const DataDirectory& file, const DataOptions& options) {
  return Npz::read(file.path, options);
}

/// Of the component `images`.
inline std::atomic<ReadDatasets> read_pictures = nullptr;

[[nodiscard]] inline Datasets read_images(const DataDirectory& directory,
                                          const DataOptions& options) {
  if (read_pictures == nullptr)
    fail(ErrorId::missing_component,
         "images:DIR needs libpng, libjpeg and zlib, which this program was built without; install "
         "libpng-dev and libjpeg-dev and build again, or save the images as npz:FILE");
  return read_pictures.load()(directory, options);
}

}  // namespace detail

/// Called by the component `images`.
inline void register_pictures(ReadDatasets read) { detail::read_pictures = read; }

inline constexpr std::array kDatasets = {
    detail::kDataset<Cifar10>,
    detail::kDataset<Cifar100>,
    detail::kDataset<Mnist>,
    DatasetEntry{"npz", "FILE", detail::read_npz, {}, {}},
    DatasetEntry{"images", "DIR", detail::read_images, {}, {}},
};

/// "cifar10:DIR, mnist:DIR or npz:FILE": what read_dataset() takes, in words.
[[nodiscard]] inline std::string dataset_forms() {
  std::string forms;
  for (const DatasetEntry& set : kDatasets)
    forms += concat(forms.empty()               ? ""
                    : &set == &kDatasets.back() ? " or "
                                                : ", ",
                    set.name, ':', set.place);
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
  if (look.empty() && wanted.name != std::string_view("images") && has_class_folders(directory))
    look = "; the directory has folders of pictures: write images:DIR";
  return look;
}

}  // namespace detail

/// Reads both parts of "NAME:DIR". Throws bad_syntax, unknown_name, and what the readers throw.
[[nodiscard]] inline Datasets read_dataset(const std::string& spec,
                                           const DataOptions& options = {}) {
  const std::size_t colon = spec.find(':');
  if (colon == std::string::npos || colon + 1 == spec.size())
    fail(ErrorId::bad_syntax, "data '", spec, "' is not of the form NAME:PLACE; write ",
         dataset_forms());
  const std::string name = spec.substr(0, colon);
  const std::filesystem::path directory = spec.substr(colon + 1);
  std::vector<std::string> known;
  for (const DatasetEntry& set : kDatasets) {
    if (name == set.name)
      return set.read({directory, detail::directory_look(directory, set)}, options);
    known.emplace_back(set.name);
  }
  fail_unknown("data set", name, known);
}

}  // namespace autoprune::io
