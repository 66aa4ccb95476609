/// @file inflate.hpp
/// Deflated bytes, unpacked by zlib.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <string_view>

#include "autoprune/core/error.hpp"
#include "autoprune/io/inflate.hpp"

namespace autoprune::images {

/// What io::inflate() is where this component is.
[[nodiscard]] inline std::string unpack(std::string_view packed, io::Wrapping wrapping,
                                        std::size_t most, const std::string& origin) {
  struct Stream : z_stream {
    explicit Stream(int window) : z_stream{} {
      if (inflateInit2(this, window) != Z_OK) throw std::bad_alloc();
    }
    ~Stream() { inflateEnd(this); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
  };
  constexpr std::size_t kStep = std::size_t{1} << 20;
  constexpr int kGzip = 16;
  Stream stream(wrapping == io::Wrapping::gzip ? kGzip + MAX_WBITS : -MAX_WBITS);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  std::size_t left = packed.size();  // not handed to zlib yet
  std::string bytes;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    if (stream.avail_in == 0) {
      const std::size_t next = std::min<std::size_t>(left, std::numeric_limits<uInt>::max());
      stream.avail_in = static_cast<uInt>(next);
      left -= next;
    }
    const std::size_t done = bytes.size();
    bytes.resize(done + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + done);
    stream.avail_out = kStep;
    const uInt before = stream.avail_in;
    state = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(done + kStep - stream.avail_out);
    const bool stuck = state == Z_BUF_ERROR || (before == 0 && left == 0 && bytes.size() == done);
    if (state != Z_STREAM_END && stuck)
      fail(ErrorId::truncated_file, origin, " is cut off; get it again");
    if (state != Z_OK && state != Z_STREAM_END)
      fail(ErrorId::bad_header, origin, " is damaged (",
           stream.msg != nullptr ? stream.msg : "no deflated bytes", "); get it again");
    if (bytes.size() > most)
      fail(ErrorId::cannot_open, origin, " has more than ", most,
           " bytes when it is unpacked; is it the right file?");
  }
  return bytes;
}

}  // namespace autoprune::images
