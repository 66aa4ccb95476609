/// @file numbers.hpp
/// The one reader of all numbers on the command line: it takes no part of a text, no number that a
/// type can't hold, no NaN, and nothing outside of limits.
#pragma once

#include <algorithm>
#include <autoprune/core/number.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <vector>

namespace autoprune::cli {

/// Numbers from `low` to `high`, without the end that is open.
template <class Number>
struct Interval {
  Number low, high;
  bool open_low = false, open_high = false;

  [[nodiscard]] bool holds(Number n) const {
    return (open_low ? n > low : n >= low) && (open_high ? n < high : n <= high);
  }
  /// "[1, 1024]", "(0, 1]".
  [[nodiscard]] std::string text() const {
    return concat(open_low ? '(' : '[', low, ", ", high, open_high ? ')' : ']');
  }
};

/// Values of a list at most.
inline constexpr std::size_t kMostValues = 64;

/// Where the parts of a text stand, for messages.
[[nodiscard]] inline std::string inside(const std::string& place, const std::string& text) {
  return concat(place, " '", text, "':");
}

/// The parts of a text between separators.
[[nodiscard]] inline std::vector<std::string> split_list(const std::string& text,
                                                         char separator = ',') {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// The number that the whole of `word` spells, part of what stands at `place` ("--alpha"). `form`
/// says how that is written. Throws bad_syntax or out_of_range.
template <class Number>
[[nodiscard]] Number read_number(const std::string& place, const std::string& word,
                                 const Interval<Number>& interval, const std::string& form = "") {
  const std::optional<Number> number = parse_number<Number>(word);
  if (number && interval.holds(*number)) return *number;
  fail(number ? ErrorId::out_of_range : ErrorId::bad_syntax, place, " '", word, "' is not a ",
       std::integral<Number> ? "whole number" : "number", " in ", interval.text(), form);
}

/// What `read_one(place, word)` makes of each of the words with commas between them. Throws what it
/// throws, or out_of_range.
template <class ReadOne>
[[nodiscard]] auto read_list(const std::string& option, const std::string& text,
                             const ReadOne& read_one) {
  std::vector<decltype(read_one(option, text))> values;
  const std::vector<std::string> words = split_list(text);
  if (words.size() > kMostValues)
    fail(ErrorId::out_of_range, option, " has ", words.size(), " values; at most ", kMostValues,
         " are taken");
  for (const std::string& word : words)
    values.push_back(read_one(words.size() > 1 ? inside(option, text) : option, word));
  return values;
}

}  // namespace autoprune::cli
