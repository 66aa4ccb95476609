/// @file option_forms.hpp
/// Values that are several numbers in one word.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "numbers.hpp"
#include "options.hpp"

namespace autoprune::cli {

inline constexpr Interval<Index> kSizes{1, 65'536};
inline constexpr Interval<double> kShares{0.0, 1.0};

/// The value of a word. Throws unknown_name with the words there are.
template <class E>
[[nodiscard]] E choose(const std::string& option, const std::string& word,
                       const std::vector<std::pair<std::string, E>>& choices) {
  std::vector<std::string> known;
  for (const auto& [name, value] : choices) {
    if (name == word) return value;
    known.push_back(name);
  }
  fail_unknown("value of " + option, word, known);
}

/// "128" or "128x64", part of what stands at `place`. Throws bad_syntax or out_of_range, as the
/// others do.
[[nodiscard]] Size read_size(const std::string& place, const std::string& word);

/// "LOW:HIGH", of --stuck-at.
[[nodiscard]] hardware::StuckAt read_stuck_at(const std::string& text);

/// "LAYER:MIN:MAX", of --bounds; a layer's name may hold colons.
[[nodiscard]] LayerBounds read_bounds(const std::string& text);

}  // namespace autoprune::cli
