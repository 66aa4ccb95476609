/// @file npy.hpp
/// Arrays of NumPy (.npy, versions 1 to 3 of the format): read of any numbers, written of float32.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/looks_like.hpp"

namespace autoprune::io {

static_assert(std::endian::native == std::endian::little, "arrays are read as they lie in memory");

/// An array in the bytes of its file, in C order.
struct Npy {
  std::string type;  ///< NumPy's, without the order of bytes: "f4", "u1", "i8"
  std::vector<Index> shape;
  std::string bytes;       ///< the whole file
  std::size_t offset = 0;  ///< where the numbers begin

  [[nodiscard]] Index size() const {
    Index count = 1;
    for (const Index extent : shape) count *= extent;
    return count;
  }
  [[nodiscard]] std::string_view data() const { return std::string_view(bytes).substr(offset); }

  /// Numbers `first` and on, as many as `out` holds, as numbers of its type.
  template <class Number>
  void copy(Index first, std::span<Number> out) const {
    const auto from = [&]<class Stored>(Stored) {
      const char* at = data().data() + static_cast<std::size_t>(first) * sizeof(Stored);
      for (Number& number : out) {
        Stored value;
        std::memcpy(&value, at, sizeof value);
        number = static_cast<Number>(value);
        at += sizeof value;
      }
    };
    if (type == "f4") return from(float{});
    if (type == "f8") return from(double{});
    if (type == "u1" || type == "b1") return from(std::uint8_t{});
    if (type == "i1") return from(std::int8_t{});
    if (type == "u2") return from(std::uint16_t{});
    if (type == "i2") return from(std::int16_t{});
    if (type == "u4") return from(std::uint32_t{});
    if (type == "i4") return from(std::int32_t{});
    if (type == "u8") return from(std::uint64_t{});
    from(std::int64_t{});
  }
  [[nodiscard]] bool is_real() const { return type.front() == 'f'; }
};

namespace detail {

/// The dictionary in the header of an array: {'descr': '<f4', 'fortran_order': False, 'shape': (2,
/// 3), }.
class NpyHeader {
 public:
  NpyHeader(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  /// Throws bad_header or unsupported_type.
  void read(Npy& array) {
    bool type = false, order = false, shape = false;
    expect('{');
    while (!took('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(type, true))
        array.type = read_type();
      else if (key == "fortran_order" && !std::exchange(order, true))
        read_order();
      else if (key == "shape" && !std::exchange(shape, true))
        array.shape = read_shape();
      else
        damaged();
      if (!took(',') && !next_is('}')) damaged();
    }
    if (!type || !order || !shape || text_.find_first_not_of(" \n") != text_.npos) damaged();
  }

 private:
  [[noreturn]] void damaged() const {
    fail(ErrorId::bad_header, origin_, " has a header that is no array's; save it again");
  }
  void skip() { text_.remove_prefix(std::min(text_.find_first_not_of(" \n"), text_.size())); }
  bool next_is(char c) {
    skip();
    return text_.starts_with(c);
  }
  bool took(char c) {
    const bool is = next_is(c);
    if (is) text_.remove_prefix(1);
    return is;
  }
  void expect(char c) {
    if (!took(c)) damaged();
  }
  std::string_view up_to(std::size_t end) {
    if (end == text_.npos) damaged();
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(end);
    return word;
  }
  std::string_view quoted() {
    const char quote = next_is('"') ? '"' : '\'';
    expect(quote);
    const std::string_view word = up_to(text_.find(quote));
    text_.remove_prefix(1);
    return word;
  }
  std::string read_type() {
    if (next_is('['))
      fail(ErrorId::unsupported_type, origin_, " holds records; save an array of plain numbers");
    const std::string_view type = quoted();
    constexpr std::string_view kKnown = "f4f8u1b1i1u2i2u4i4u8i8";
    const bool native = type.size() == 3 && (type[0] == '<' || type[0] == '|');
    if (!native || kKnown.find(type.substr(1)) % 2 != 0)
      fail(ErrorId::unsupported_type, origin_, " holds numbers of type '", type,
           "'; save it as little-endian float32, float64 or integers");
    return std::string(type.substr(1));
  }
  void read_order() {
    skip();
    const std::string_view order = up_to(text_.find_first_of(",}"));
    if (order.starts_with("True"))
      fail(ErrorId::unsupported_type, origin_,
           " is in Fortran's order; save numpy.ascontiguousarray() of it");
    if (!order.starts_with("False")) damaged();
  }
  std::vector<Index> read_shape() {
    std::vector<Index> shape;
    expect('(');
    while (!took(')')) {
      skip();
      const auto extent = parse_number<Index>(up_to(text_.find_first_not_of("0123456789")));
      if (!extent || shape.size() == 8) damaged();
      shape.push_back(*extent);
      if (!took(',') && !next_is(')')) damaged();
    }
    return shape;
  }

  std::string_view text_;
  const std::string& origin_;
};

}  // namespace detail

/// The array in the bytes of a file, which `origin` names in messages: "file 'x.npy'". Throws
/// bad_magic, truncated_file, bad_header, or unsupported_type for anything but little-endian
/// numbers in C order.
[[nodiscard]] inline Npy parse_npy(std::string bytes, const std::string& origin) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  if (!std::string_view(bytes).starts_with(kMagic))
    fail(ErrorId::bad_magic, origin, " is no array as numpy.save writes it (.npy)",
         looks_like_text(bytes));
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  const auto cut_off = [&] {
    fail(ErrorId::truncated_file, origin, " ends inside its header; save or get it again");
  };
  if (bytes.size() < 12) cut_off();
  const int version = byte(6);
  if (version < 1 || version > 3)
    fail(ErrorId::bad_magic, origin, " is of version ", version,
         " of NumPy's format; 1 to 3 are read");
  const std::size_t begin = version == 1 ? 10 : 12;
  std::size_t length = byte(8) + std::size_t{256} * byte(9);
  if (version > 1) length += (std::size_t{byte(10)} << 16) + (std::size_t{byte(11)} << 24);
  if (length > bytes.size() - begin) cut_off();

  Npy array;
  detail::NpyHeader(std::string_view(bytes).substr(begin, length), origin).read(array);
  array.offset = begin + length;
  Index announced = array.type.back() - '0';
  for (const Index extent : array.shape)
    if (__builtin_mul_overflow(announced, extent, &announced)) {
      announced = std::numeric_limits<Index>::max();
      break;
    }
  if (const auto held = static_cast<Index>(bytes.size() - array.offset); held != announced)
    fail(held < announced ? ErrorId::truncated_file : ErrorId::bad_header, origin, " holds ", held,
         " bytes of numbers, but its header announces ", announced, "; save or get it again");
  array.bytes = std::move(bytes);
  return array;
}

/// Throws what parse_npy() throws, and cannot_open.
[[nodiscard]] inline Npy read_npy(const std::filesystem::path& path) {
  return parse_npy(read_file(path), concat("file '", path.string(), "'"));
}

/// The file of an array of float32, which has as many numbers as its shape says.
[[nodiscard]] inline std::string npy_bytes(std::span<const Index> shape,
                                           std::span<const float> numbers) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const Index extent : shape) header += concat(extent, ",");  // a comma at the end is allowed
  header += "), }";
  header.resize(static_cast<std::size_t>(ceil_div(std::ssize(header) + 11, 64) * 64 - 11), ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(header.size() % 256);
  bytes += static_cast<char>(header.size() / 256);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
  return bytes;
}

}  // namespace autoprune::io
