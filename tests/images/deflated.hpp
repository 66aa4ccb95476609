// What zlib packs, for tests of what unpacks it.
#pragma once

#include <zlib.h>

#include <catch2/catch.hpp>
#include <string>

namespace autoprune::images::test {

/// `window` as deflateInit2() takes it: -MAX_WBITS without a header, 16 + MAX_WBITS as gzip.
inline std::string deflated(const std::string& bytes, int window) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace autoprune::images::test
