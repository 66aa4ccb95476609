/// @file npz.hpp
/// Images and labels in an archive of NumPy's arrays (.npz), as numpy.savez writes it.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/datasets.hpp"
#include "autoprune/io/npy.hpp"
#include "autoprune/io/zip.hpp"
#include "autoprune/nn/dataset.hpp"
#include "autoprune/nn/float_images.hpp"
#include "autoprune/nn/normalisation.hpp"

namespace autoprune::io {

namespace detail {

/// Names that archives have for their four arrays: images and labels for training, and of the test.
inline constexpr std::array<std::array<std::string_view, 4>, 4> kNpzNames = {{
    {"x_train", "y_train", "x_test", "y_test"},
    {"X_train", "y_train", "X_test", "y_test"},
    {"train_images", "train_labels", "test_images", "test_labels"},
    {"train_x", "train_y", "test_x", "test_y"},
}};

/// How the numbers of an image lie.
struct NpzLayout {
  nn::Shape3 shape;
  bool channels_last = false;
};

/// Of an array [n][c][h][w], [n][h][w][c] or [n][h][w]. `wanted`, the shape that the network takes,
/// decides where it is one of the two; else the number of channels does, which is 1 or 3.
[[nodiscard]] inline NpzLayout npz_layout(const Npy& x, const std::optional<nn::Shape3>& wanted,
                                          const std::string& place) {
  const std::vector<Index>& s = x.shape;
  if (s.size() == 3) return {{1, s[1], s[2]}};
  if (s.size() != 4)
    fail(ErrorId::shape_mismatch, place, " is ", shape_text(s),
         "; images are N x channels x height x width, or without channels");
  const NpzLayout first{{s[1], s[2], s[3]}}, last{{s[3], s[1], s[2]}, true};
  const auto decided = [&](bool as_first, bool as_last) {
    return as_first != as_last || (as_first && first.shape == last.shape);
  };
  if (wanted && decided(first.shape == *wanted, last.shape == *wanted))
    return first.shape == *wanted ? first : last;
  const auto is_channels = [](Index n) { return n == 1 || n == 3; };
  if (!decided(is_channels(s[1]), is_channels(s[3])))
    fail(ErrorId::shape_mismatch, place, " is ", shape_text(s),
         ", which doesn't tell channels from rows; save it as N x channels x height x width, of a "
         "network that takes those");
  return is_channels(s[1]) ? first : last;
}

[[nodiscard]] inline std::vector<nn::Label> npz_labels(const Npy& y, Index images,
                                                       const std::string& place) {
  constexpr Index kMostClasses = 1'000'000;
  if (y.shape.empty() || y.shape[0] != images || y.size() != images)
    fail(ErrorId::shape_mismatch, place, " is ", shape_text(y.shape), " for ", images,
         " images; one label each is needed");
  if (y.is_real())
    fail(ErrorId::unsupported_type, place, " holds real numbers; labels are integers");
  std::vector<Index> labels(static_cast<std::size_t>(images));
  y.copy(0, std::span(labels));
  for (const Index label : labels)
    if (label < 0 || label >= kMostClasses)
      fail(ErrorId::bad_label, place, " holds the label ", label, ", not one of 0 to ",
           kMostClasses - 1);
  return {labels.begin(), labels.end()};
}

/// A part of an archive.
struct NpzPart {
  Npy x;
  std::vector<nn::Label> labels;
  NpzLayout layout;
};

/// Of arrays with those names. Throws empty_data, and what parse_npy() and the above throw.
[[nodiscard]] inline NpzPart npz_part(const Zip& archive, std::string_view images,
                                      std::string_view labels,
                                      const std::optional<nn::Shape3>& wanted) {
  const auto place = [&](std::string_view name) {
    return concat("array '", name, "' in ", archive.origin());
  };
  const auto array = [&](std::string_view name) {
    return parse_npy(archive.read(*archive.find(concat(name, ".npy"))), place(name));
  };
  NpzPart part;
  part.x = array(images);
  if (part.x.type != "u1" && !part.x.is_real())
    fail(ErrorId::unsupported_type, place(images), " holds numbers of type '", part.x.type,
         "'; save it as uint8, or as float32 that the network takes as it is");
  part.layout = npz_layout(part.x, wanted, place(images));
  if (part.x.size() < 1) fail(ErrorId::empty_data, place(images), " holds no images");
  part.labels = npz_labels(array(labels), part.x.shape.front(), place(labels));
  return part;
}

/// The part as `Images`: nn::Dataset or nn::FloatImages.
template <class Images>
[[nodiscard]] Images npz_images(const NpzPart& part, Index classes) {
  Images images;
  const auto channels = static_cast<std::size_t>(part.layout.shape.channels);
  images.name = "npz";
  images.classes = classes;
  images.mirrors = channels > 1;
  images.mean.assign(channels, 0.0F);
  images.stddev.assign(channels, 1.0F);
  images.stored = part.layout.shape;
  images.labels = part.labels;
  images.pixels.resize(static_cast<std::size_t>(part.x.size()));
  part.x.copy(0, std::span(images.pixels));
  if (!part.layout.channels_last) return images;
  const Index area = images.stored.height * images.stored.width;
  decltype(images.pixels) image(static_cast<std::size_t>(images.stored.size()));
  for (auto at = images.pixels.begin(); at != images.pixels.end(); at += images.stored.size()) {
    std::copy_n(at, images.stored.size(), image.begin());
    for (Index p = 0; p < area; ++p)
      for (Index c = 0; c < images.stored.channels; ++c)
        at[c * area + p] = image[static_cast<std::size_t>(p * images.stored.channels + c)];
  }
  return images;
}

}  // namespace detail

struct Npz {
  static constexpr const char* kName = "npz";

  /// Bytes are pixels, whose mean and deviation are measured where none are known; real numbers are
  /// what the network takes. Throws cannot_open, missing_tensor, shape_mismatch, empty_data,
  /// unsupported_type, bad_label, and what Zip and parse_npy() throw.
  [[nodiscard]] static Datasets read(const std::filesystem::path& path,
                                     const DataOptions& options) {
    return read({read_file(path), concat("file '", path.string(), "'")}, options);
  }
  [[nodiscard]] static Datasets read(const Zip& archive, const DataOptions& options) {
    const auto has_all = [&](const auto& four) {
      return std::all_of(four.begin(), four.end(), [&](std::string_view name) {
        return archive.find(concat(name, ".npy")) != nullptr;
      });
    };
    const auto names = std::find_if(detail::kNpzNames.begin(), detail::kNpzNames.end(), has_all);
    if (names == detail::kNpzNames.end()) {
      std::vector<std::string> there;
      for (const Zip::Member& member : archive.members()) there.push_back(member.name);
      fail(ErrorId::missing_tensor, archive.origin(), " holds ",
           there.empty() ? "nothing" : join(there),
           "; arrays x_train, y_train, x_test and y_test are needed");
    }
    const auto& [x, y, x_test, y_test] = *names;
    const detail::NpzPart train = detail::npz_part(archive, x, y, options.shape);
    const detail::NpzPart test = detail::npz_part(archive, x_test, y_test, options.shape);
    if (train.layout.shape != test.layout.shape || train.x.is_real() != test.x.is_real())
      fail(ErrorId::shape_mismatch, archive.origin(), " holds images of ",
           shape_text(train.layout.shape), " for training and of ", shape_text(test.layout.shape),
           " of the test; both have to be alike, bytes or real numbers");
    Index classes = 2;
    for (const auto* labels : {&train.labels, &test.labels})
      classes = std::max<Index>(classes, *std::max_element(labels->begin(), labels->end()) + 1);
    return train.x.is_real() ? both<nn::FloatImages>(train, test, classes, options)
                             : both<nn::Dataset>(train, test, classes, options);
  }

 private:
  template <class Images>
  static Datasets both(const detail::NpzPart& train, const detail::NpzPart& test, Index classes,
                       const DataOptions& options) {
    Images first = detail::npz_images<Images>(train, classes);
    Images second = detail::npz_images<Images>(test, classes);
    nn::Normalisation normalisation = options.normalisation;
    if constexpr (std::derived_from<Images, nn::ByteImages>)
      if (!normalisation.known())
        normalisation = options.remembered.known() ? options.remembered : nn::measured(first);
    if (normalisation.known())
      for (nn::ImageSource* images :
           {static_cast<nn::ImageSource*>(&first), static_cast<nn::ImageSource*>(&second)})
        normalisation.give(*images);
    return {std::move(first), std::move(second)};
  }
};

}  // namespace autoprune::io
