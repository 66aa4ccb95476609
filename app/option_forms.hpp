/// @file option_forms.hpp
/// How the values of options are read. All numbers have one reader: it takes no part of a text, no
/// number that a type can't hold, no NaN, and nothing outside of limits.
#pragma once

#include <algorithm>
#include <autoprune/core/number.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "options.hpp"

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

inline constexpr Interval<Index> kSizes{1, kMaxCrossbarSize};
inline constexpr Interval<double> kShares{0.0, 1.0};
/// How values of a list are written.
inline constexpr const char* kWithCommas = "; several are written with commas: 1,2,4";

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

/// Words, and what they stand for.
template <class Value>
using Words = std::vector<std::pair<std::string, Value>>;

/// Words that stand for themselves.
[[nodiscard]] inline Words<std::string> same(const std::vector<std::string>& names) {
  Words<std::string> words;
  for (const std::string& name : names) words.emplace_back(name, name);
  return words;
}

/// The value of a word. Throws unknown_name with the words there are.
template <class Value>
[[nodiscard]] Value choose(const std::string& place, const std::string& word,
                           const Words<Value>& words) {
  std::vector<std::string> known;
  for (const auto& [name, value] : words) {
    if (name == word) return value;
    known.push_back(name);
  }
  fail_unknown("value of " + place, word, known);
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

/// "LOW:HIGH".
[[nodiscard]] inline hardware::StuckAt read_stuck_at(const std::string& place,
                                                     const std::string& word) {
  const std::string hint = "; write LOW:HIGH, e.g. 0.01:0.005", in = inside(place, word);
  const std::vector<std::string> parts = split_list(word, ':');
  if (parts.size() != 2)
    fail(ErrorId::bad_syntax, place, " '", word, "' holds not two shares", hint);
  return {read_number(in, parts[0], kShares, hint), read_number(in, parts[1], kShares, hint)};
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

/// A reward that make_reward() knows.
[[nodiscard]] inline std::string read_reward(const std::string&, const std::string& text) {
  (void)search::make_reward(text, 1.0);
  return text;
}

/// "keep,weight-bits=2..8,granularity=8+16,geometry=128x128/32x32/1+64x64/16x16/1". Bits without
/// choices are 2 to 8.
[[nodiscard]] inline search::SearchSpace read_space(const std::string& option,
                                                    const std::string& text) {
  search::SearchSpace space;
  space.keep = false;
  for (const std::string& word : split_list(text)) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals),
                      choices = word.substr(std::min(equals + 1, word.size()));
    std::vector<std::string> known = {"keep"};
    bool found = name == "keep";
    if (found && equals != word.size())
      fail(ErrorId::bad_syntax, option, " '", word,
           "': keep has no choices; --bounds and --least-keep limit it");
    if (found) space.keep = true;
    search::visit_variables(space, [&](const std::string& variable, auto& all, auto, Index most) {
      known.push_back(variable);
      if (variable != name) return;
      found = true;
      if (!all.empty())
        fail(ErrorId::bad_syntax, option, " has ", variable, " twice; join its choices with +");
      const std::string place = concat(option, ' ', name);
      const bool bits = variable.ends_with("-bits");
      if (choices.empty() && !bits)
        fail(ErrorId::missing_value, place, " has no choices; write ", name,
             variable == "geometry" ? "=128x128/32x32/1+64x64/16x16/1" : "=8+16+32");
      if constexpr (std::is_same_v<decltype(all), std::vector<Index>&>)
        all = read_choices(place, choices.empty() ? "2..8" : choices, {1, most});
      else
        for (const std::string& one : split_list(choices, '+'))
          all.push_back(Geometry<>::parse(one));
    });
    if (!found) fail_unknown("variable of " + option, name, known);
  }
  space.validate();
  return space;
}

}  // namespace autoprune::cli
