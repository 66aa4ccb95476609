// PNG and JPEG of every form: decoded as they were encoded, refused when they are damaged.
#include <zlib.h>

#include "autoprune/images.hpp"
#include "deflated.hpp"
#include "files.hpp"

using namespace autoprune;
using namespace autoprune::images;
using namespace autoprune::images::test;

namespace {

/// The largest difference of a byte.
Index difference(const Picture& a, const Picture& b) {
  REQUIRE(a.height == b.height);
  REQUIRE(a.width == b.width);
  REQUIRE(a.channels == b.channels);
  Index most = 0;
  for (std::size_t i = 0; i < a.bytes.size(); ++i)
    most = std::max<Index>(most, std::abs(int{a.bytes[i]} - int{b.bytes[i]}));
  return most;
}

std::string text(const Picture& picture) { return {picture.bytes.begin(), picture.bytes.end()}; }

/// Every cut of a file, and many of its bytes changed: a picture or an Error.
template <class Read>
void check_damage(const std::string& whole, const Read& read) {
  for (std::size_t size = 2; size < whole.size(); ++size) {
    INFO(size);
    const Error error = error_of([&] { read(whole.substr(0, size)); });
    CHECK((error.id() == ErrorId::truncated_file || error.id() == ErrorId::bad_header ||
           error.id() == ErrorId::bad_magic));
    CHECK_THAT(error.what(), Catch::Contains("picture.any"));
  }
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int change : {1, 128, 255}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      try {
        read(damaged);
      } catch (const Error& error) {
        CHECK_THAT(error.what(), Catch::Contains("picture.any"));
      }
    }
}

}  // namespace

TEST_CASE("PNG: grey and coloured pictures are what was written") {
  for (const Index channels : {1, 3}) {
    const Picture picture = random_picture(13, 17, channels, 1);
    CHECK(difference(read_picture(png_file(picture), "x"), picture) == 0);
    for (const int interlace : {PNG_INTERLACE_NONE, PNG_INTERLACE_ADAM7}) {
      const int colour = channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
      const std::string file =
          png_file(13, 17, text(picture), {.colour = colour, .interlace = interlace});
      CHECK(difference(read_png(file, "x"), picture) == 0);
    }
  }
}

TEST_CASE("PNG: alpha is left out, palettes are looked up, samples become bytes") {
  const Picture picture = random_picture(6, 5, 3, 2), grey = random_picture(6, 5, 1, 3);
  std::string with_alpha, grey_alpha, wide, bits, indices;
  Picture coloured(6, 5, 3), two(6, 8, 1);
  std::vector<png_color> palette;
  for (int i = 0; i < 30; ++i)
    palette.push_back({static_cast<png_byte>(i), static_cast<png_byte>(8 * i), 77});
  for (std::size_t p = 0; p < 30; ++p) {
    for (std::size_t c = 0; c < 3; ++c) {
      with_alpha += static_cast<char>(picture.bytes[3 * p + c]);
      wide += static_cast<char>(picture.bytes[3 * p + c]);
      wide += static_cast<char>(picture.bytes[3 * p + c]);  // x 257
    }
    with_alpha += static_cast<char>(9 * p);
    grey_alpha += static_cast<char>(grey.bytes[p]);
    grey_alpha += '\1';
    indices += static_cast<char>(29 - p);
    coloured.bytes[3 * p] = palette[29 - p].red;
    coloured.bytes[3 * p + 1] = palette[29 - p].green;
    coloured.bytes[3 * p + 2] = palette[29 - p].blue;
  }
  for (Index h = 0; h < 6; ++h) {
    bits += static_cast<char>(0b10110010);
    for (Index w = 0; w < 8; ++w) two.row(h)[w] = (0b10110010 >> (7 - w)) % 2 == 1 ? 255 : 0;
  }
  const auto check = [](const std::string& file, const Picture& expected) {
    CHECK(difference(read_png(file, "x"), expected) == 0);
  };
  check(png_file(6, 5, with_alpha, {.colour = PNG_COLOR_TYPE_RGB_ALPHA}), picture);
  check(png_file(6, 5, grey_alpha, {.colour = PNG_COLOR_TYPE_GRAY_ALPHA}), grey);
  check(png_file(6, 5, wide, {.depth = 16}), picture);
  check(png_file(6, 8, bits, {.colour = PNG_COLOR_TYPE_GRAY, .depth = 1}), two);
  const PngForm looked_up{.colour = PNG_COLOR_TYPE_PALETTE, .palette = palette};
  check(png_file(6, 5, indices, looked_up), coloured);
  PngForm see_through = looked_up;
  see_through.opacity = {0, 100, 200};
  check(png_file(6, 5, indices, see_through), coloured);
}

TEST_CASE("JPEG: grey, coloured and CMYK pictures are nearly what was written") {
  for (const bool progressive : {false, true})
    for (const Index channels : {1, 3}) {
      const Picture picture = smooth_picture(33, 29, channels);
      CHECK(difference(read_picture(jpeg_file(picture, progressive), "x"), picture) <= 6);
    }
  // As Adobe does, inks are written inverted: 255 is none.
  Picture inks(16, 16, 4);
  for (std::size_t p = 0; p < 256; ++p) {
    inks.bytes[4 * p] = 255;
    inks.bytes[4 * p + 1] = 128;
    inks.bytes[4 * p + 2] = 0;
    inks.bytes[4 * p + 3] = 200;
  }
  const Picture colours = read_jpeg(jpeg_file(inks), "x");
  REQUIRE(colours.channels == 3);
  CHECK(std::abs(int{colours.bytes[0]} - 200) <= 2);
  CHECK(std::abs(int{colours.bytes[1]} - 100) <= 2);
  CHECK(std::abs(int{colours.bytes[2]} - 0) <= 2);
}

TEST_CASE("damaged pictures are refused by their names") {
  const auto read = [](const std::string& bytes) {
    (void)read_picture(bytes, "file 'picture.any'");
  };
  check_damage(png_file(random_picture(9, 8, 3, 4)), read);
  check_damage(png_file(random_picture(9, 8, 1, 5)), read);
  check_damage(jpeg_file(random_picture(9, 8, 3, 6)), read);
  check_damage(jpeg_file(smooth_picture(20, 20, 1), true), read);
  check_error(error_of([&] { read(""); }), ErrorId::bad_magic, {"picture.any", "empty"});
  check_error(error_of([&] { read("GIF89a"); }), ErrorId::bad_magic, {"picture.any"});
  check_error(error_of([&] { read("PK\3\4"); }), ErrorId::bad_magic, {"zip"});
  // A picture that would fill memory: its header says a million by a million pixels.
  std::string huge = png_file(random_picture(2, 2, 1, 7));
  const auto big = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) huge[at + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  big(16, 1'000'000);
  big(20, 1'000'000);
  big(29,
      static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(huge.data() + 12), 17)));
  check_error(error_of([&] { read(huge); }), ErrorId::out_of_range, {"1000000x1000000"});
}

TEST_CASE("a picture becomes grey or coloured, as the network takes it") {
  const Picture grey = random_picture(3, 4, 1, 8), colours = random_picture(3, 4, 3, 9);
  const Picture three = in_channels(grey, 3);
  for (std::size_t i = 0; i < three.bytes.size(); ++i) CHECK(three.bytes[i] == grey.bytes[i / 3]);
  CHECK(difference(in_channels(colours, 3), colours) == 0);
  const Picture one = in_channels(colours, 1);
  for (std::size_t p = 0; p < one.bytes.size(); ++p)
    CHECK(one.bytes[p] == Approx(0.299 * colours.bytes[3 * p] + 0.587 * colours.bytes[3 * p + 1] +
                                 0.114 * colours.bytes[3 * p + 2])
                              .margin(0.51));
}

TEST_CASE("compressed bytes are unpacked, and refused when they are damaged") {
  std::string bytes;
  Random random(10);
  for (int i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(random.below(4));
  const std::string origin = "file 'x.gz'";
  const std::string packed = deflated(bytes, 16 + MAX_WBITS), raw = deflated(bytes, -MAX_WBITS);
  CHECK(unpack(packed, io::Wrapping::gzip, bytes.size(), origin) == bytes);
  CHECK(unpack(raw, io::Wrapping::none, bytes.size(), origin) == bytes);
  CHECK(unpack(deflated("", -MAX_WBITS), io::Wrapping::none, 0, origin).empty());
  const auto error = [&](const std::string& file, std::size_t most) {
    return error_of([&] { (void)unpack(file, io::Wrapping::gzip, most, origin); });
  };
  check_error(error(packed, bytes.size() - 1), ErrorId::cannot_open, {"x.gz", "2999999"});
  for (const std::size_t size : {0UL, 1UL, 5UL, 20UL, packed.size() / 2, packed.size() - 1})
    check_error(error(packed.substr(0, size), bytes.size()), ErrorId::truncated_file, {"x.gz"});
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 16);
  check_error(error(damaged, bytes.size()), ErrorId::bad_header, {"x.gz", "damaged"});
  check_error(error("no gzip file at all", 100), ErrorId::bad_header, {"x.gz"});
}
