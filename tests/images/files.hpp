/// @file files.hpp
/// PNG and JPEG files, encoded by libpng and libjpeg, and a directory of them that goes away.
#pragma once

#include <png.h>

#include <cstdio>
// libjpeg's header needs the one above.
#include <jpeglib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../io/helpers.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/images/picture.hpp"
#include "autoprune/io/file.hpp"

namespace autoprune::images::test {

namespace fs = std::filesystem;

using io::test::check_error;
using io::test::error_of;

/// Files of it may lie in folders.
struct Folder : io::test::TempDir {
  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((path() / name).parent_path());
    io::write_file(path() / name, bytes);
  }
};

[[nodiscard]] inline Picture random_picture(Index height, Index width, Index channels,
                                            std::uint64_t seed) {
  Random random(seed);
  Picture picture(height, width, channels);
  for (std::uint8_t& byte : picture.bytes) byte = static_cast<std::uint8_t>(random.below(256));
  return picture;
}

/// A picture without steps, which JPEG keeps nearly as it is.
[[nodiscard]] inline Picture smooth_picture(Index height, Index width, Index channels) {
  Picture picture(height, width, channels);
  for (Index h = 0; h < height; ++h)
    for (Index w = 0; w < width; ++w)
      for (Index c = 0; c < channels; ++c)
        picture.row(h)[w * channels + c] =
            static_cast<std::uint8_t>(20 + (c + 1) * 40 + 2 * h - w % 40);
  return picture;
}

/// What a PNG file is made of: rows of `depth` bits a sample, as libpng takes them.
struct PngForm {
  int colour = PNG_COLOR_TYPE_RGB;
  int depth = 8;
  int interlace = PNG_INTERLACE_NONE;
  std::vector<png_color> palette = {};
  std::vector<png_byte> opacity = {};  ///< of the palette
};
[[nodiscard]] inline std::string png_file(Index height, Index width, const std::string& samples,
                                          const PngForm& form) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  std::string bytes;
  png_set_write_fn(
      png, &bytes,
      [](png_structp to, png_bytep data, std::size_t size) {
        static_cast<std::string*>(png_get_io_ptr(to))
            ->append(reinterpret_cast<const char*>(data), size);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               form.depth, form.colour, form.interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!form.palette.empty())
    png_set_PLTE(png, info, form.palette.data(), static_cast<int>(form.palette.size()));
  if (!form.opacity.empty())
    png_set_tRNS(png, info, form.opacity.data(), static_cast<int>(form.opacity.size()), nullptr);
  png_write_info(png, info);
  std::string copy = samples;
  std::vector<png_bytep> rows;
  const std::size_t row = copy.size() / static_cast<std::size_t>(height);
  for (Index h = 0; h < height; ++h)
    rows.push_back(reinterpret_cast<png_bytep>(copy.data()) + static_cast<std::size_t>(h) * row);
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

/// The file of a grey or coloured picture.
[[nodiscard]] inline std::string png_file(const Picture& picture) {
  const std::string samples(picture.bytes.begin(), picture.bytes.end());
  return png_file(picture.height, picture.width, samples,
                  {.colour = picture.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB});
}

/// The file of a picture of 1 (grey), 3 (RGB) or 4 (CMYK) channels.
[[nodiscard]] inline std::string jpeg_file(const Picture& picture, bool progressive = false) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_height = static_cast<JDIMENSION>(picture.height);
  jpeg.image_width = static_cast<JDIMENSION>(picture.width);
  jpeg.input_components = static_cast<int>(picture.channels);
  jpeg.in_color_space = picture.channels == 1   ? JCS_GRAYSCALE
                        : picture.channels == 3 ? JCS_RGB
                                                : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<JSAMPROW>(picture.row(static_cast<Index>(jpeg.next_scanline)));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string bytes(reinterpret_cast<const char*>(memory), size);
  jpeg_destroy_compress(&jpeg);
  free(memory);
  return bytes;
}

}  // namespace autoprune::images::test
