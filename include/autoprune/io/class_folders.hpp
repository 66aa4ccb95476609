/// @file class_folders.hpp
/// Directories of pictures, a folder a class: DIR/train/CLASS/*.png.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::io {

/// The pictures of one part of a data set. Classes are in the order of their names' bytes, files in
/// an order that mixes classes: the first or the last of them are a sample of all.
struct ClassFolders {
  struct File {
    std::string name;
    Index folder;
  };
  std::filesystem::path directory;   ///< DIR/train
  std::vector<std::string> classes;  ///< names of folders
  std::vector<File> files;

  [[nodiscard]] std::filesystem::path path(Index file) const {
    const File& f = files[static_cast<std::size_t>(file)];
    return directory / classes[static_cast<std::size_t>(f.folder)] / f.name;
  }
};

namespace detail {

[[nodiscard]] inline bool is_picture(const std::filesystem::path& path) {
  std::string end = path.extension().string();
  std::transform(end.begin(), end.end(), end.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

/// Names of what a directory holds that `takes` takes, in order. Throws cannot_open.
template <class Takes>
[[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& directory,
                                                const Takes& takes) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (const std::string name = entry->path().filename().string();
        !name.starts_with('.') && takes(*entry))
      names.push_back(name);
  if (error)
    fail(ErrorId::cannot_open, "can't read directory '", directory.string(),
         "': ", error.message());
  std::sort(names.begin(), names.end());
  return names;
}

[[nodiscard]] inline std::vector<std::string> folders_in(const std::filesystem::path& directory) {
  return names_in(directory, [](const std::filesystem::directory_entry& entry) {
    std::error_code ignored;
    return entry.is_directory(ignored);
  });
}
[[nodiscard]] inline std::vector<std::string> pictures_in(const std::filesystem::path& directory) {
  return names_in(directory, [](const std::filesystem::directory_entry& entry) {
    return is_picture(entry.path());
  });
}

/// Whether some folder of a directory holds pictures, or a folder of its `train`.
[[nodiscard]] inline bool has_class_folders(const std::filesystem::path& directory) {
  try {
    for (const auto& in : {directory, directory / "train"})
      if (std::error_code ignored; std::filesystem::is_directory(in, ignored))
        for (const std::string& folder : folders_in(in))
          if (!pictures_in(in / folder).empty()) return true;
  } catch (const Error&) {  // what can't be read looks like nothing
  }
  return false;
}

}  // namespace detail

/// The pictures in the folders of DIR/train, or under those classes in the folders of DIR/test or
/// else DIR/val; other files are left out. `look` is what the directory seems to hold, as a part of
/// a message. Throws cannot_open, empty_data or bad_label.
[[nodiscard]] inline ClassFolders read_class_folders(const std::filesystem::path& root,
                                                     const std::vector<std::string>& parts,
                                                     const std::vector<std::string>& classes,
                                                     const std::string& look) {
  ClassFolders found;
  std::error_code ignored;
  for (const std::string& part : parts)
    if (found.directory.empty() && std::filesystem::is_directory(root / part, ignored))
      found.directory = root / part;
  if (found.directory.empty())
    fail(ErrorId::cannot_open, "no directory '", (root / parts.front()).string(), "'",
         !look.empty() ? look
         : detail::has_class_folders(root)
             ? "; the directory's own folders hold pictures: move them into train/CLASS, and some "
               "of each class into test/CLASS"
             : "; pictures are expected in train/CLASS/ and test/CLASS/");
  found.classes = classes;
  for (const std::string& folder : detail::folders_in(found.directory)) {
    auto at = std::find(found.classes.begin(), found.classes.end(), folder);
    if (at == found.classes.end()) {
      if (!classes.empty())
        fail(
            ErrorId::bad_label, "'", (found.directory / folder).string(),
            "' is of no class of the training pictures; their folders have to have the same names");
      at = found.classes.insert(found.classes.end(), folder);
    }
    for (std::string& name : detail::pictures_in(found.directory / folder))
      found.files.push_back({std::move(name), at - found.classes.begin()});
  }
  if (found.files.empty())
    fail(ErrorId::empty_data, "no pictures (.png, .jpg, .jpeg) in the folders of '",
         found.directory.string(), "'");
  std::vector<ClassFolders::File> mixed;
  for (const Index file : Random(/*seed=*/1).permutation(std::ssize(found.files)))
    mixed.push_back(std::move(found.files[static_cast<std::size_t>(file)]));
  found.files = std::move(mixed);
  return found;
}

}  // namespace autoprune::io
