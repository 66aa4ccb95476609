/// @file reading.hpp
/// Values as users write them. All numbers have one reader: it takes no part of a text, no number
/// that a type can't hold, no NaN, and nothing outside of limits.
#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune {

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

/// Where the parts of a text stand, for messages.
[[nodiscard]] inline std::string inside(const std::string& place, const std::string& text) {
  return concat(place, " '", text, "':");
}

/// The number that the whole of `word` spells, part of what stands at `place` ("--alpha"). `hint`
/// says how that is written. Throws bad_syntax or out_of_range.
template <class Number>
[[nodiscard]] Number read_number(const std::string& place, const std::string& word,
                                 const Interval<Number>& interval, const std::string& hint = "") {
  const std::optional<Number> number = parse_number<Number>(word);
  if (number && interval.holds(*number)) return *number;
  fail(number ? ErrorId::out_of_range : ErrorId::bad_syntax, place, " '", word, "' is not a ",
       std::integral<Number> ? "whole number" : "number", " in ", interval.text(), hint);
}

/// "2..8" or "4+8": whole numbers, ascending or as they are written.
[[nodiscard]] inline std::vector<Index> read_choices(const std::string& place,
                                                     const std::string& text,
                                                     const Interval<Index>& interval) {
  const std::string hint = "; write 2..8, or 2+4+8", in = inside(place, text);
  std::vector<Index> choices;
  if (const std::size_t dots = text.find(".."); dots != std::string::npos) {
    const Index low = read_number(in, text.substr(0, dots), interval, hint),
                high = read_number(in, text.substr(dots + 2), interval, hint);
    if (low > high) fail(ErrorId::out_of_range, place, " '", text, "' is a range of nothing", hint);
    if (high - low > 1000)
      fail(ErrorId::out_of_range, place, " '", text, "' has ", high - low + 1,
           " choices; at most 1000 are searched");
    for (Index n = low; n <= high; ++n) choices.push_back(n);
    return choices;
  }
  for (const std::string& word : split_list(text, '+'))
    choices.push_back(read_number(in, word, interval, hint));
  return choices;
}

}  // namespace autoprune
