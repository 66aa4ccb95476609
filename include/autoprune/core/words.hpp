/// @file words.hpp
/// Enumerators as the words that users write for them, in options and in files. They stand beside
/// the enum:
///
///     [[nodiscard]] constexpr auto words_of(Spread) {
///       using enum Spread;
///       return std::to_array<Word<Spread>>({{normal, "normal"}, {log_normal, "log-normal"}});
///     }
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"

namespace autoprune {

template <class Enum>
struct Word {
  Enum value;
  const char* word;
};

/// Throws out_of_range for a number that is no enumerator.
template <class Enum>
[[nodiscard]] const char* word_of(Enum value) {
  for (const auto& [known, word] : words_of(value))
    if (known == value) return word;
  fail_enum("value that has a word", value);
}

/// The value of a word at `place` ("--signs"), of pairs of a value and a word. Throws unknown_name
/// with the words there are.
template <class Words>
[[nodiscard]] auto choose(std::string_view place, std::string_view word, const Words& words) {
  std::vector<std::string> known;
  for (const auto& [value, name] : words) {
    if (name == word) return value;
    known.emplace_back(name);
  }
  fail_unknown(concat("value of ", place), word, known);
}

/// The enumerator of a word. Throws what choose() throws.
template <class Enum>
[[nodiscard]] Enum value_of(std::string_view place, std::string_view word) {
  return choose(place, word, words_of(Enum{}));
}

}  // namespace autoprune
