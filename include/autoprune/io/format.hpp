/// @file format.hpp
/// Numbers and names as text for reports: the same characters in every locale.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "autoprune/core/text.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::io {

/// 23280.456 with two decimals: "23,280.46". Not-a-number and infinities become "–".
[[nodiscard]] inline std::string format_number(double value, int decimals = 0) {
  if (!std::isfinite(value)) return "–";
  std::array<char, 400> digits{};  // the largest double has 309 digits before the point
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), std::abs(value),
                                 std::chars_format::fixed, decimals)
                       .ptr;
  std::string text(digits.data(), end);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t at = point; at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return value < 0.0 && !zero ? "-" + text : text;
}

[[nodiscard]] inline std::string format_number(Index value) {
  return format_number(static_cast<double>(value));
}

/// "1 image", "2,000 images".
[[nodiscard]] inline std::string format_count(Index count, const std::string& what) {
  return format_number(count) + " " + plural(count, what);
}

/// Four significant digits: "1,234", "12.34", "0.001234".
[[nodiscard]] inline std::string format_significant(double value) {
  if (value == 0.0 || !std::isfinite(value)) return format_number(value);
  const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return format_number(value, std::clamp(3 - magnitude, 0, 12));
}

/// A size in bits in the largest unit that leaves at least one: "37 bits", "1.25 KiB", "3.40 MiB".
[[nodiscard]] inline std::string format_bits(double bits) {
  constexpr double kKibibyte = 8.0 * 1024.0;
  if (bits < kKibibyte) return format_number(bits) + " bits";
  if (bits < kKibibyte * 1024.0) return format_number(bits / kKibibyte, 2) + " KiB";
  return format_number(bits / (kKibibyte * 1024.0), 2) + " MiB";
}

/// "93.1 s", "6 min 53 s", "53 min", "1 h 1 min".
[[nodiscard]] inline std::string format_seconds(double seconds) {
  if (!(seconds >= 120.0 && seconds <= 1e15)) return format_number(seconds, 1) + " s";
  const auto whole = static_cast<Index>(seconds + 0.5);
  if (whole < 600) return concat(whole / 60, " min ", whole % 60, " s");
  if (whole < 3600) return concat((whole + 30) / 60, " min");
  return concat(whole / 3600, " h ", whole % 3600 / 60, " min");
}

namespace detail {
[[nodiscard]] inline bool starts_character(char utf8) {
  return (static_cast<unsigned char>(utf8) & 0xC0) != 0x80;
}
}  // namespace detail

/// Characters of a UTF-8 text, as a reader counts them (combining marks aside).
[[nodiscard]] inline Index text_length(std::string_view utf8) {
  return static_cast<Index>(std::count_if(utf8.begin(), utf8.end(), detail::starts_character));
}

/// At most `limit` characters of a UTF-8 text: its end, where the names of layers and the paths of
/// files differ, behind an ellipsis for what was cut.
[[nodiscard]] inline std::string shorten(std::string_view utf8, Index limit) {
  Index excess = text_length(utf8) - limit;
  if (excess <= 0) return std::string(utf8);
  std::size_t begin = 0;
  for (++excess; begin < utf8.size(); ++begin)
    if (detail::starts_character(utf8[begin]) && excess-- == 0) break;
  return "…" + std::string(utf8.substr(begin));
}

/// `text` fit for XML and HTML, in elements and in quoted attributes. Control characters, which XML
/// can't hold, become spaces.
[[nodiscard]] inline std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace autoprune::io
