/// @file json.hpp
/// JSON texts, read strictly; json_field.hpp looks into what was read.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"

namespace autoprune::io {

/// JSON whose keys keep the order in which they were written.
using Json = nlohmann::ordered_json;

namespace detail {

/// nlohmann's message without its "[json.exception...] " in front.
[[nodiscard]] inline std::string json_reason(const nlohmann::json::exception& error) {
  const std::string text = error.what();
  const std::size_t end = text.find("] ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

}  // namespace detail

/// Parses a text that came from `origin` (a file's name, for messages). Throws bad_json, also for a
/// key that occurs twice in one object.
[[nodiscard]] inline Json parse_json(std::string_view text, std::string_view origin) {
  std::vector<std::set<std::string>> open_objects;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key &&
        !open_objects.back().insert(value.get<std::string>()).second)
      fail(ErrorId::bad_json, origin, ": the key ", value.dump(),
           " occurs twice; keep one of them");
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorId::bad_json, origin, ": ", detail::json_reason(error));
  }
}

/// The text of a JSON value. Throws bad_json when a string in it isn't UTF-8.
[[nodiscard]] inline std::string json_text(const Json& value, int indent = -1) {
  try {
    return value.dump(indent);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorId::bad_json, "can't be written as JSON: ", detail::json_reason(error));
  }
}

}  // namespace autoprune::io
