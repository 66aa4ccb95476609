#include "option_forms.hpp"

#include <vector>

namespace autoprune::cli {

Size read_size(const std::string& place, const std::string& word) {
  const std::string form = "; write 128 or 128x64, several with commas";
  const std::vector<std::string> parts = split_list(word, 'x');
  if (parts.size() > 2) fail(ErrorId::bad_syntax, place, " '", word, "' can't be read", form);
  const auto size = [&](const std::string& part) {
    return read_number(parts.size() > 1 ? inside(place, word) : place, part, kSizes, form);
  };
  return {size(parts.front()), size(parts.back())};
}

hardware::StuckAt read_stuck_at(const std::string& text) {
  const std::string form = "; write LOW:HIGH, e.g. 0.01:0.005";
  const std::vector<std::string> parts = split_list(text, ':');
  if (parts.size() != 2)
    fail(ErrorId::bad_syntax, "--stuck-at '", text, "' holds not two shares", form);
  const std::string place = inside("--stuck-at", text);
  return {read_number(place, parts[0], kShares, form), read_number(place, parts[1], kShares, form)};
}

LayerBounds read_bounds(const std::string& text) {
  const std::string form = "; write LAYER:MIN:MAX, e.g. features.0:0.1:0.5";
  const std::size_t second = text.rfind(':');
  const std::size_t first = text.substr(0, second).rfind(':');
  if (first == std::string::npos || second == std::string::npos)
    fail(ErrorId::bad_syntax, "--bounds '", text, "' can't be read", form);
  const std::string place = inside("--bounds", text);
  return {text.substr(0, first),
          {read_number(place, text.substr(first + 1, second - first - 1), kShares, form),
           read_number(place, text.substr(second + 1), kShares, form)}};
}

}  // namespace autoprune::cli
