/// @file text.hpp
/// Building messages, and finding the word that a user meant.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/types.hpp"

namespace autoprune {

namespace detail {

/// A piece of a message as text. Messages are put together from pieces, not streamed by a template
/// of their own each: there are hundreds of them, and every header holds some.
struct Piece {
  std::string text;

  Piece(std::string_view t) : text(t) {}
  Piece(const std::string& t) : text(t) {}
  Piece(const char* t) : text(t) {}
  Piece(char c) : text(1, c) {}
  Piece(bool b) : text(1, b ? '1' : '0') {}
  template <std::integral T>
  Piece(T number) : text(std::to_string(number)) {}
  /// Six digits, as a stream writes it in the classic locale.
  Piece(double number) : text(32, '\0') {
    char* const begin = text.data();
    text.resize(static_cast<std::size_t>(
        std::to_chars(begin, begin + text.size(), number, std::chars_format::general, 6).ptr -
        begin));
  }
};

[[nodiscard]] inline std::string concat(std::initializer_list<Piece> pieces) {
  std::string out;
  for (const Piece& piece : pieces) out += piece.text;
  return out;
}

}  // namespace detail

/// What concat() takes: texts and numbers.
template <class T>
concept Printable = std::constructible_from<detail::Piece, const T&>;

/// Texts and numbers one after another, the same in every locale.
template <Printable... Parts>
[[nodiscard]] std::string concat(const Parts&... parts) {
  return detail::concat({detail::Piece(parts)...});
}

/// Levenshtein distance: the fewest single-character edits that turn `a` into `b`.
[[nodiscard]] inline Index edit_distance(std::string_view a, std::string_view b) {
  std::vector<Index> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<Index>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Index diagonal = row[0];
    row[0] = static_cast<Index>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const Index substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

/// The candidate nearest to `word`, the first of equals, or "" when there is none. Of texts so many
/// or so long that to compare them takes long, those at the end aren't looked at.
[[nodiscard]] inline std::string nearest_word(std::string_view word,
                                              const std::vector<std::string>& candidates) {
  std::size_t steps = std::size_t{1} << 26;  // that are left
  const std::string* nearest = nullptr;
  Index least = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t needed = (word.size() + 1) * (candidate.size() + 1);
    if (needed > steps) break;
    steps -= needed;
    const Index distance = edit_distance(word, candidate);
    if (nearest == nullptr || distance < least) {
      nearest = &candidate;
      least = distance;
    }
  }
  return nearest == nullptr ? std::string{} : *nearest;
}

/// "a, b, c".
[[nodiscard]] inline std::string join(const std::vector<std::string>& words,
                                      std::string_view separator = ", ") {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

/// "image" for 1, "images" for any other count.
[[nodiscard]] inline std::string plural(Index count, std::string what) {
  return count == 1 ? what : what + (what.ends_with('s') ? "es" : "s");
}

}  // namespace autoprune
