/// @file jpeg.hpp
/// JPEG pictures, by libjpeg: grey or in colour. CMYK, as Adobe writes it inverted, becomes red,
/// green and blue without a colour profile. Pictures aren't turned as EXIF says.
#pragma once

#include <cstddef>
#include <cstdio>
// libjpeg's headers need both of these.
#include <jpeglib.h>

#include <jerror.h>

#include <csetjmp>
#include <cstdint>
#include <string>
#include <string_view>

#include "autoprune/images/picture.hpp"

namespace autoprune::images {

namespace detail {

/// A file on its way through libjpeg, whose errors jump out of it; nothing that has to be destroyed
/// lives where they jump across.
class JpegReader {
 public:
  JpegReader(std::string_view bytes, const std::string& origin) : bytes_(bytes), origin_(origin) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  [[nodiscard]] Picture picture() {
    if (!header()) damaged();
    const Index height = jpeg_.image_height, width = jpeg_.image_width;
    require_size(height, width, origin_);
    const Index components = jpeg_.num_components;
    if (components != 1 && components != 3 && components != 4)
      fail(ErrorId::unsupported_type, origin_, " is a JPEG picture of ", components,
           " components; save it in grey or colour");
    Picture stored(height, width, components);
    to_ = &stored;
    if (!pixels()) damaged();
    return components == 4 ? from_cmyk(stored) : stored;
  }

 private:
  [[noreturn]] void damaged() const {
    fail(cut_off_ ? ErrorId::truncated_file : ErrorId::bad_header, origin_,
         cut_off_ ? " is cut off" : " is a damaged JPEG picture", " (", message_,
         "); get it again");
  }
  [[noreturn]] static void on_error(j_common_ptr jpeg) {
    auto* self = static_cast<JpegReader*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, self->message_);
    std::longjmp(self->jump_, 1);  // NOLINT: libjpeg's only way
  }
  /// libjpeg makes up the rest of a file that is cut off or damaged, and warns; it warns of bytes
  /// that it can do without as well.
  static void on_message(j_common_ptr jpeg, int level) {
    const int what = jpeg->err->msg_code;
    if (level >= 0 || what == JWRN_EXTRANEOUS_DATA || what == JWRN_ADOBE_XFORM ||
        what == JWRN_JFIF_MAJOR)
      return;
    static_cast<JpegReader*>(jpeg->client_data)->cut_off_ = what == JWRN_JPEG_EOF;
    on_error(jpeg);
  }

  /// Both are false after an error.
  bool header() {
    if (setjmp(jump_) != 0) return false;  // NOLINT
    jpeg_create_decompress(&jpeg_);
    jpeg_.client_data = this;
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&jpeg_, TRUE);
    if (jpeg_.num_components == 3) jpeg_.out_color_space = JCS_RGB;
    if (jpeg_.num_components == 4) jpeg_.out_color_space = JCS_CMYK;
    return true;
  }
  bool pixels() {
    if (setjmp(jump_) != 0) return false;  // NOLINT
    jpeg_start_decompress(&jpeg_);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = to_->row(static_cast<Index>(jpeg_.output_scanline));
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  static Picture from_cmyk(const Picture& inverted) {
    Picture out(inverted.height, inverted.width, 3);
    const std::uint8_t* in = inverted.bytes.data();
    for (std::uint8_t* to = out.bytes.data(); to != out.bytes.data() + out.bytes.size();
         to += 3, in += 4)
      for (int c = 0; c < 3; ++c) {
        const int ink = (255 - in[c]) * in[3] + 128;  // of 255 * 255
        to[c] = static_cast<std::uint8_t>(in[3] - (((ink >> 8) + ink) >> 8));
      }
    return out;
  }

  std::string_view bytes_;
  const std::string& origin_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf jump_{};
  Picture* to_ = nullptr;
  bool cut_off_ = false;
  char message_[JMSG_LENGTH_MAX] = "no picture";
};

}  // namespace detail

/// Throws truncated_file, bad_header, unsupported_type or out_of_range, with `origin`, the file's
/// name in messages.
[[nodiscard]] inline Picture read_jpeg(std::string_view bytes, const std::string& origin) {
  return detail::JpegReader(bytes, origin).picture();
}

}  // namespace autoprune::images
