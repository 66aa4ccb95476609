/// @file png.hpp
/// PNG pictures, by libpng: grey or in colour, palettes looked up, 16 bits rounded to 8, alpha left
/// out.
#pragma once

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/images/picture.hpp"

namespace autoprune::images {

namespace detail {

/// A file on its way through libpng, whose errors jump out of it; nothing that has to be destroyed
/// lives where they jump across.
class PngReader {
 public:
  PngReader(std::string_view bytes, const std::string& origin) : left_(bytes), origin_(origin) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, auto) {});
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr) throw std::bad_alloc();
    png_set_read_fn(png_, this, read);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  [[nodiscard]] Picture picture() {
    if (!header()) damaged();
    require_size(height_, width_, origin_);
    Picture out(height_, width_, channels_);
    rows_.resize(static_cast<std::size_t>(height_));
    for (Index h = 0; h < height_; ++h) rows_[static_cast<std::size_t>(h)] = out.row(h);
    if (!pixels()) damaged();
    return out;
  }

 private:
  [[noreturn]] void damaged() const {
    fail(cut_off_ ? ErrorId::truncated_file : ErrorId::bad_header, origin_,
         cut_off_ ? " is cut off" : " is a damaged PNG picture", " (", message_, "); get it again");
  }
  static void on_error(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self->message_, message, sizeof self->message_ - 1);
    png_longjmp(png, 1);
  }
  static void read(png_structp png, png_bytep to, std::size_t size) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (size > self->left_.size()) {
      self->cut_off_ = true;
      png_error(png, "the file ends");
    }
    std::memcpy(to, self->left_.data(), size);
    self->left_.remove_prefix(size);
  }

  /// Both are false after an error.
  bool header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;  // NOLINT: libpng's only way
    png_set_user_limits(png_, 1 << 20, 1 << 20);
    png_set_chunk_malloc_max(png_, 1 << 24);
    png_read_info(png_, info_);
    height_ = static_cast<Index>(png_get_image_height(png_, info_));
    width_ = static_cast<Index>(png_get_image_width(png_, info_));
    png_set_scale_16(png_);
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    channels_ = png_get_channels(png_, info_);
    return (channels_ == 1 || channels_ == 3) &&
           png_get_rowbytes(png_, info_) == static_cast<std::size_t>(width_ * channels_);
  }
  bool pixels() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;  // NOLINT
    png_read_image(png_, rows_.data());
    png_read_end(png_, nullptr);
    return true;
  }

  std::string_view left_;
  const std::string& origin_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  Index height_ = 0, width_ = 0, channels_ = 0;
  std::vector<png_bytep> rows_;
  bool cut_off_ = false;
  char message_[100] = "no picture";
};

}  // namespace detail

/// Throws truncated_file, bad_header or out_of_range, with `origin`, the file's name in messages.
[[nodiscard]] inline Picture read_png(std::string_view bytes, const std::string& origin) {
  return detail::PngReader(bytes, origin).picture();
}

}  // namespace autoprune::images
