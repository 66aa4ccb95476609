/// @file space_words.hpp
/// A search space as users write it.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "autoprune/core/reading.hpp"
#include "autoprune/search/action_space.hpp"

namespace autoprune::search {

/// "keep,weight-bits=2..8,granularity=8+16,geometry=128x128/32x32/1+64x64/16x16/1". Bits without
/// choices are 2 to 8.
[[nodiscard]] inline SearchSpace read_space(const std::string& option, const std::string& text) {
  SearchSpace space;
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
    if (found && space.keep) fail(ErrorId::bad_syntax, option, " has keep twice; once is enough");
    if (found) space.keep = true;
    visit_variables(space, [&](const std::string& variable, auto& all, auto, Index most) {
      known.push_back(variable);
      if (variable != name) return;
      found = true;
      if (!all.empty())
        fail(ErrorId::bad_syntax, option, " has ", variable, " twice; join its choices with +");
      const std::string place = concat(option, ' ', name);
      const bool bits = variable.ends_with("-bits");
      if (choices.empty() && (!bits || equals != word.size()))
        fail(ErrorId::missing_value, place, " has no choices; write ", name,
             bits                     ? "=2..8"
             : variable == "geometry" ? "=128x128/32x32/1+64x64/16x16/1"
                                      : "=8+16+32");
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

}  // namespace autoprune::search
