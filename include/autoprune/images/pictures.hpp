/// @file pictures.hpp
/// The data set images:DIR: PNG and JPEG pictures in folders, one a class, read when they are asked
/// for and brought to the network's size.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/images/jpeg.hpp"
#include "autoprune/images/picture.hpp"
#include "autoprune/images/png.hpp"
#include "autoprune/images/read_ahead.hpp"
#include "autoprune/images/resize.hpp"
#include "autoprune/io/class_folders.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/looks_like.hpp"
#include "autoprune/nn/byte_images.hpp"
#include "autoprune/nn/normalisation.hpp"

namespace autoprune::images {

/// A PNG or JPEG file in memory, whatever its name ends in; `origin` names it in messages. Throws
/// bad_magic, and what read_png() and read_jpeg() throw.
[[nodiscard]] inline Picture read_picture(std::string_view bytes, const std::string& origin) {
  if (bytes.starts_with("\x89PNG")) return read_png(bytes, origin);
  if (bytes.starts_with("\xff\xd8")) return read_jpeg(bytes, origin);
  fail(ErrorId::bad_magic, origin, " is neither a PNG nor a JPEG picture",
       io::looks_like_text(bytes));
}

/// Pictures of one part of a data set, as bytes of the network's shape: scaled so that the shorter
/// side is 256/224 of the network's, bilinearly and antialiased, then the middle is cut out.
class Pictures : public nn::ByteImages {
 public:
  /// At most `cache` bytes of the pictures stay in memory. Throws out_of_range unless the shape has
  /// 1 or 3 channels.
  Pictures(io::ClassFolders files, const nn::Shape3& shape, std::size_t cache)
      : files_(std::make_unique<const io::ClassFolders>(std::move(files))) {
    name = "images";
    classes = std::ssize(files_->classes);
    stored = shape;
    if (shape.channels != 1 && shape.channels != 3)
      fail(ErrorId::out_of_range, "pictures have 1 or 3 channels, the network takes ",
           shape.channels);
    mean.assign(static_cast<std::size_t>(shape.channels), 0.0F);
    stddev.assign(static_cast<std::size_t>(shape.channels), 1.0F);
    const auto read = [from = files_.get(), shape](Index i, std::span<std::uint8_t> to) {
      read_file(*from, i, shape, to);
    };
    reader_ =
        std::make_unique<ReadAhead>(read, size(), static_cast<std::size_t>(shape.size()), cache);
  }

  [[nodiscard]] Index size() const override { return std::ssize(files_->files); }
  [[nodiscard]] nn::Label label(Index i) const override {
    return static_cast<nn::Label>(files_->files[static_cast<std::size_t>(i)].folder);
  }
  [[nodiscard]] const std::uint8_t* bytes(Index i, std::span<std::uint8_t> room) const override {
    return reader_->get(i, room);
  }
  void expect(std::span<const Index> indices) const override { reader_->expect(indices); }

  [[nodiscard]] const io::ClassFolders& files() const noexcept { return *files_; }

 private:
  static void read_file(const io::ClassFolders& files, Index i, const nn::Shape3& shape,
                        std::span<std::uint8_t> to) {
    constexpr std::size_t kMostBytes = std::size_t{1} << 28;
    const auto path = files.path(i);
    const std::string origin = concat("file '", path.string(), "'");
    const Picture picture =
        fitted(in_channels(read_picture(io::read_file(path, kMostBytes), origin), shape.channels),
               shape.height, shape.width);
    const std::uint8_t* in = picture.bytes.data();
    const Index area = shape.height * shape.width;
    for (Index p = 0; p < area; ++p)
      for (Index c = 0; c < shape.channels; ++c, ++in)
        to[static_cast<std::size_t>(c * area + p)] = *in;
  }

  std::unique_ptr<const io::ClassFolders> files_;
  std::unique_ptr<ReadAhead> reader_;
};

/// Both parts of a directory: DIR/train, and DIR/test or else DIR/val. Where the options have no
/// shape, pictures become 3x224x224; where they have no normalisation, it is measured on pictures
/// for training. Throws what read_class_folders() and Pictures throw.
[[nodiscard]] inline io::Datasets read_pictures(const io::DataDirectory& directory,
                                                const io::DataOptions& options) {
  const nn::Shape3 shape = options.shape.value_or(nn::Shape3{3, 224, 224});
  const auto part = [&](const std::vector<std::string>& names,
                        const std::vector<std::string>& classes, std::size_t cache) {
    return Pictures(io::read_class_folders(directory.path, names, classes, directory.look), shape,
                    cache);
  };
  Pictures train = part({"train"}, {}, options.cache / 4 * 3);
  Pictures test = part({"test", "val"}, train.files().classes, options.cache / 4);
  const nn::Normalisation normalisation = options.normalisation.known() ? options.normalisation
                                          : options.remembered.known()  ? options.remembered
                                                                        : nn::measured(train);
  normalisation.give(train);
  normalisation.give(test);
  return {std::move(train), std::move(test)};
}

}  // namespace autoprune::images
