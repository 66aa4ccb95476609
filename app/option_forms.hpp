/// @file option_forms.hpp
/// How the values of options are read that the library has no reader for.
#pragma once

#include <autoprune/core/reading.hpp>
#include <autoprune/core/words.hpp>
#include <string>
#include <utility>
#include <vector>

#include "options.hpp"

namespace autoprune::cli {

inline constexpr Interval<Index> kSizes{1, kMaxCrossbarSize};
inline constexpr Interval<double> kShares{0.0, 1.0};
/// How values of a list are written.
inline constexpr const char* kWithCommas = "; several are written with commas: 1,2,4";

/// What `read_one(place, word)` makes of each of the words with commas between them. Throws what it
/// throws, or out_of_range.
template <class ReadOne>
[[nodiscard]] auto read_list(const std::string& option, const std::string& text,
                             const ReadOne& read_one) {
  constexpr std::size_t kMostValues = 64;
  std::vector<decltype(read_one(option, text))> values;
  const std::vector<std::string> words = split_list(text);
  if (words.size() > kMostValues)
    fail(ErrorId::out_of_range, option, " has ", words.size(), " values; at most ", kMostValues,
         " are taken");
  for (const std::string& word : words)
    values.push_back(read_one(words.size() > 1 ? inside(option, text) : option, word));
  return values;
}

/// What words stand for.
template <class Value>
using Words = std::vector<std::pair<Value, std::string>>;

/// Words that stand for themselves.
[[nodiscard]] inline Words<std::string> same(const std::vector<std::string>& names) {
  Words<std::string> words;
  for (const std::string& name : names) words.emplace_back(name, name);
  return words;
}

/// "128" or "128x64".
[[nodiscard]] inline Size read_size(const std::string& place, const std::string& word) {
  const std::string hint = "; write 128 or 128x64";
  const std::vector<std::string> parts = split_list(word, 'x');
  if (parts.size() > 2) fail(ErrorId::bad_syntax, place, " '", word, "' can't be read", hint);
  const auto size = [&](const std::string& part) {
    return read_number(parts.size() > 1 ? inside(place, word) : place, part, kSizes, hint);
  };
  return {size(parts.front()), size(parts.back())};
}

/// "LAYER:MIN:MAX"; a layer's name may hold colons.
[[nodiscard]] inline LayerBounds read_bounds(const std::string& place, const std::string& word) {
  const std::string hint = "; write LAYER:MIN:MAX, e.g. features.0:0.1:0.5",
                    in = inside(place, word);
  const std::size_t second = word.rfind(':'), first = word.substr(0, second).rfind(':');
  if (first == std::string::npos || second == std::string::npos)
    fail(ErrorId::bad_syntax, place, " '", word, "' can't be read", hint);
  return {word.substr(0, first),
          {read_number(in, word.substr(first + 1, second - first - 1), kShares, hint),
           read_number(in, word.substr(second + 1), kShares, hint)}};
}

}  // namespace autoprune::cli
